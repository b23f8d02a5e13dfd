# Needs Python >= 3.11, make and git; everything else is set up by the first target you call.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := keys federation idp templates tests

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench flood storm growth rolling restore soak capacity lint types floors dependencies smoke advisories lock messages assets packages

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

run: $(READY) ## Set up and start the sandbox: provider, sample agencies, personas
	@$(BIN)/countersign sandbox

test: $(READY) packages ## Set up and run every test
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

check: lint types floors dependencies test smoke advisories ## Everything CI runs

bench: $(READY) packages ## Measure beside npm oidc-provider; QUICK=1 is shorter, README=1 writes the README's table, HOW="--help" tells more
	@$(BIN)/python -m tests.load $(if $(QUICK),--quick) $(if $(README),--readme) $(HOW)

flood: $(READY) packages ## Bring more than one worker can do, and see it bend; QUICK=1 and README=1 as for bench
	@$(BIN)/python -m tests.load.flood $(if $(QUICK),--quick) $(if $(README),--readme)

storm: $(READY) packages ## Kill, cut, fill and freeze real processes under load, and prove what held; 20 minutes, as root; HOW="--only Redis"
	@$(BIN)/python -m tests.storm $(HOW)

growth: $(READY) packages ## Measure while a country grows to 10 million rows, and purge it; about ten minutes; README=1, HOW="--citizens N ..."
	@$(BIN)/python -m tests.load.growth $(if $(README),--readme) $(HOW)

rolling: $(READY) packages ## Two nodes to the next release and back, while citizens sign in; under a minute
	@$(BIN)/python -m tests.load.rolling

soak: $(READY) packages ## Serve an ordinary day on, and see whether anything grows; half an hour; QUICK=1 and README=1 as for bench
	@$(BIN)/python -m tests.load.soak $(if $(QUICK),--quick) $(if $(README),--readme) $(HOW)

capacity: $(READY) packages ## Work out what a population takes, for docker/capacity.md; MEASURE=1 takes the figures anew
	@$(BIN)/python -m tests.load.capacity $(if $(MEASURE),--measure) $(HOW)

restore: $(READY) packages ## Back a country up, destroy it and have it back, timed, while citizens sign in; README=1, HOW="--citizens N"
	@$(BIN)/python -m tests.load.restore $(if $(README),--readme) $(HOW)

setup: $(READY) ## Create .venv and install what the lock names

lint: $(READY) ## Formatting and lint
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)

types: $(READY) ## Static types, strict
	@$(BIN)/mypy

floors: $(READY) ## Who may import whom
	@$(BIN)/lint-imports --no-logo

dependencies: $(READY) ## Every import declared, every dependency used
	@$(BIN)/deptry .

smoke: $(READY) ## Build the wheel and run it from an empty folder
	@$(BIN)/python -m tests.support.wheel_smoke

advisories: $(READY) ## Known vulnerabilities of what the lock names (advice; it cannot see everything)
	@$(BIN)/pip-audit --progress-spinner off --disable-pip --require-hashes -r requirements.lock || echo "pip-audit found something or could not ask; read it above."

lock: $(READY) ## Resolve the dependencies again and write both locks
	@$(BIN)/uv lock --quiet --upgrade
	@$(BIN)/uv export --quiet --frozen --all-extras --no-default-groups --no-emit-project --no-annotate --no-header --format requirements-txt -o requirements.lock
	@$(BIN)/uv export --quiet --frozen --all-extras --all-groups --no-emit-project --no-annotate --no-header --format requirements-txt -o requirements-dev.lock

messages: $(READY) ## Gather every sentence and compile the translations
	@$(BIN)/pybabel -q extract -F templates/locales/babel.toml -k lazy_gettext --no-location --sort-output --ignore-dirs "node_modules .*" -o templates/locales/messages.pot .
	@$(BIN)/pybabel -q update -i templates/locales/messages.pot -d templates/locales --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@rm templates/locales/messages.pot
	@$(BIN)/pybabel -q compile -d templates/locales

assets: ## Build the stylesheet and the script again (needs node)
	@npm --prefix templates ci --silent --no-audit --no-fund
	@npm --prefix templates run --silent build

packages: ## Install what the tests need from the operating system, or say what is missing
	@tests/support/packages.sh

$(READY): requirements-dev.lock pyproject.toml
	@echo "Setting up $(VENV) (a minute at most; once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ { on = 1; print; next } /^[^ ]/ { on = 0 } on' requirements-dev.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
