"""The Helm chart, rendered by what Helm renders with: Go's templates and sprig, as Debian has them."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from idp.storage.ephemeral.machine import alone_in
from tests.support import server

CHART = Path(__file__).parents[2] / "docker/helm/countersign"
GOCODE = "/usr/share/gocode"
"""Where Debian keeps the sources of Go's packages."""


class Refused(Exception):
    """What Helm would say, and render nothing."""


def rendered(values: Mapping[str, Any]) -> dict[str, str]:
    """Return each file of the chart with these values over its own, by name; raise Refused where they do not pass."""
    merged = _over(yaml.safe_load((CHART / "values.yaml").read_text()), values)
    try:
        jsonschema.validate(merged, json.loads((CHART / "values.schema.json").read_text()))
    except jsonschema.ValidationError as error:
        raise Refused(error.message) from error
    chart = {name[0].upper() + name[1:]: of for name, of in yaml.safe_load((CHART / "Chart.yaml").read_text()).items()}
    given = {"Values": merged, "Chart": chart, "Release": {"Name": "id", "Namespace": "identity"}}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(given, file)
        file.flush()
        done = subprocess.run([_program(), str(CHART), file.name], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr)
    parts = done.stdout.split("\n---\n# Source: ")[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}


def objects(values: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the chart makes, by kind and name."""
    texts = [text for name, text in rendered(values).items() if name.endswith(".yaml")]
    found = [each for text in texts for each in yaml.safe_load_all(text) if each]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def _over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as Helm does: maps by their keys, everything else whole."""
    merged = dict(below)
    for name, value in above.items():
        both = isinstance(value, Mapping) and isinstance(below.get(name), dict)
        merged[name] = _over(below[name], value) if both else value
    return merged


@cache
def _program() -> str:
    """Return what renders, compiled once for all processes that test: that takes half a minute."""
    go = server.find_program("go", package="golang-go", folders=[Path("/usr/local/go/bin")])
    source = Path(__file__).with_name("helm_render.go")
    folder = Path(tempfile.gettempdir(), f"countersign-helm-{sha256(source.read_bytes()).hexdigest()[:16]}")
    folder.mkdir(mode=0o700, exist_ok=True)
    with alone_in(folder):
        if not (made := folder / "render").exists():
            env = os.environ | {"GO111MODULE": "off", "GOPATH": GOCODE, "GOFLAGS": "", "GOCACHE": str(folder / "cache")}
            subprocess.run([go, "build", "-o", str(made), str(source)], env=env, check=True)
    return str(made)
