"""The real `countersign serve`, started as a process on a free port; the same command line operators use.

`service` is one running installation for the whole test session, once on each pair of stores; `start_service`
starts one of a test's own, to be killed, stopped or set differently. A failing test shows what they logged.
"""

import json
import os
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from idp.assembly import prepare
from idp.cli import main
from idp.settings import load
from tests.support import server
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer

COUNTERSIGN = (sys.executable, "-m", "idp.cli")
START_WITHIN = 90.0
END_WITHIN = 40.0
REDIS_DATABASES = 16
ROOT = Path(__file__).parents[2]

_running: list["Service"] = []


@dataclass(frozen=True, slots=True)
class StorePair:
    """Where one installation keeps its state."""

    database_url: str
    ephemeral_url: str


@dataclass(slots=True)
class Service:
    """A running installation: where it answers, how to command it, how to hurt it."""

    port: int
    env: dict[str, str]
    log: Path
    workers: int = 1
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    _read_up_to: int = field(default=0)
    _stopping: bool = field(default=False)

    @property
    def base_url(self) -> str:
        """Return the address to call; it is the issuer too, unless a test set another."""
        return f"http://localhost:{self.port}"

    def settings(self) -> dict[str, str]:
        """Return its settings by field name, as `idp.settings.load` takes them."""
        prefix = "COUNTERSIGN_"
        return {name.removeprefix(prefix).lower(): self.env[name] for name in self.env if name.startswith(prefix)}

    def cli(self, *arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `countersign <arguments>` on this installation; with `check`, an exit code but 0 fails the test.

        It runs inside the test process: a process of its own would spend two seconds on imports.
        """
        given = CliRunner().invoke(main, arguments, input=stdin, env=self.env)
        if isinstance(given.exception, Exception):
            raise given.exception
        if check and given.exit_code != 0:
            pytest.fail(f"countersign {' '.join(arguments)} ended with {given.exit_code}:\n{given.output}")
        return subprocess.CompletedProcess(arguments, given.exit_code, given.stdout, given.stderr)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `countersign <arguments>` as a process of its own, as operators do."""
        return subprocess.run(
            [*COUNTERSIGN, *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=ROOT,
            check=False,
        )

    def cli_json(self, *arguments: str, stdin: Any = None, check: bool = True) -> Any:
        """Run a command with `--json`, giving it `stdin` as JSON, and return the JSON it prints."""
        text = None if stdin is None else json.dumps(stdin)
        return json.loads(self.cli(*arguments, "--json", stdin=text, check=check).stdout)

    def start(self) -> None:
        """Start serving and wait until it is ready."""
        with self.log.open("ab") as out:
            command = [*COUNTERSIGN, "serve", "--port", str(self.port), "--workers", str(self.workers), *self.options]
            self.process = server.start(command, log=out, user=None, ended_by=signal.SIGTERM, env=self.env)
        self.wait_until_ready()

    def wait_until_ready(self, within: float = START_WITHIN) -> None:
        """Return once /readyz answers 200 and every worker listens: one alone would leave nobody if it is killed."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            if self.process is not None and self.process.poll() is not None:
                pytest.fail(f"serve ended with {self.process.returncode}:\n{self.log.read_text()[-6000:]}")
            if self._is_ready():
                return
            time.sleep(0.05)
        pytest.fail(f"serve was not ready within {within} s:\n{self.log.read_text()[-6000:]}")

    def begin_to_stop(self) -> None:
        """Send SIGTERM, once."""
        if self.process is not None and not self._stopping:
            self._stopping = True
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """End it as a service manager does, and return the exit code."""
        if self.process is None:
            return 0
        self.begin_to_stop()
        try:
            return self.process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"serve did not end within {END_WITHIN} s of SIGTERM:\n{self.log.read_text()[-6000:]}")
        finally:
            self.process, self._stopping = None, False

    def web_workers(self) -> list[int]:
        """Return the process ids of the web workers (not of the background worker)."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"\0worker\0" not in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def new_log(self) -> str:
        """Return what was logged since this was last called."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        fresh, self._read_up_to = text[self._read_up_to :], len(text)
        return fresh

    def _is_ready(self) -> bool:
        try:
            answered = requests.get(f"{self.base_url}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False
        return answered and self._listening() >= self.workers

    def _listening(self) -> int:
        """Return how many sockets listen on its port; each worker has its own. As in proc(5), `/proc/net/tcp`."""
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        return sum(row[1].endswith(f":{self.port:04X}") and row[3] == "0A" for row in rows)


NewStorePair = Callable[[], StorePair]
StartService = Callable[..., Service]


def environment(pair: StorePair, port: int, settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with the four settings that suffice, and `settings` (without the prefix) over them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    ours = {
        "ISSUER": f"http://localhost:{port}",
        "DATABASE_URL": pair.database_url,
        "EPHEMERAL_URL": pair.ephemeral_url,
        "KEY_ENCRYPTION_KEY": urlsafe_b64encode(os.urandom(32)).decode(),
        **settings,
    }
    return kept | {f"COUNTERSIGN_{name}": value for name, value in ours.items()}


@contextmanager
def serving(
    pair: StorePair,
    folder: Path,
    *,
    workers: int = 2,
    background: bool = True,
    upgraded: bool = True,
    started: bool = True,
    **settings: str,
) -> Iterator[Service]:
    """Prepare the stores, serve until the block ends, and end cleanly; leave `upgraded` or `started` to the test."""
    port = server.free_port()
    service = Service(
        port=port,
        env=environment(pair, port, settings),
        log=folder / f"serve-{port}.log",
        workers=workers,
        options=() if background else ("--no-worker",),
    )
    _running.append(service)
    try:
        if upgraded:
            prepare(load(**service.settings()))
        if started:
            service.start()
        yield service
    finally:
        service.stop()
        _running.remove(service)


@pytest.fixture(scope="session", params=["sqlite+file", "postgresql+redis"])
def new_store_pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewStorePair]:
    """Give an empty pair of stores of each supported kind to every caller; nobody else flushes or drops them."""
    if request.param == "sqlite+file":
        yield lambda: _files(tmp_path_factory.mktemp("stores"))
        return
    postgresql: PostgreSQL = request.getfixturevalue("postgresql")
    redis = RedisServer()
    numbers = count()
    yield lambda: StorePair(
        postgresql.url(postgresql.create()), f"redis://127.0.0.1:{redis.port}/{next(numbers) % REDIS_DATABASES}"
    )
    redis.end()


def _files(folder: Path) -> StorePair:
    return StorePair(f"sqlite:///{folder}/durable.db", f"sqlite:///{folder}/ephemeral.db")


@pytest.fixture(scope="session")
def service(new_store_pair: NewStorePair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One installation for the whole session, with two workers; tests leave it running and add what they need."""
    with serving(new_store_pair(), tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def start_service(new_store_pair: NewStorePair, tmp_path: Path) -> Iterator[StartService]:
    """Start installations of a test's own: `start_service(workers=2, JWKS_MAX_AGE="5")`, or on a given `pair`."""
    with ExitStack() as stack:

        def start(pair: StorePair | None = None, **options: Any) -> Service:
            return stack.enter_context(serving(pair or new_store_pair(), tmp_path, **options))

        yield start


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `countersign <arguments>` with nothing set but `env`, in an empty folder."""

    def run(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
        return subprocess.run(
            [*COUNTERSIGN, *arguments],
            env=kept | {"PYTHONPATH": str(ROOT)} | dict(env),
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            check=False,
        )

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what running services logged during a test that failed."""
    report = yield
    if report.when == "call":
        for running in _running:
            text = running.new_log()
            if report.failed:
                report.sections.append((f"log of {running.base_url}", text[-10_000:]))
    return report
