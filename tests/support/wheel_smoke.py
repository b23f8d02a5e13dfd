"""Build the wheel, install it with the locked dependencies in an empty environment, and serve from an empty folder.

An editable install finds templates, translations and migrations that a wheel may have left out; this does not.
Run with `python -m tests.support.wheel_smoke`; ends non-zero at the first thing that fails.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from base64 import urlsafe_b64encode
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.server import free_port

ROOT = Path(__file__).parents[2]
START_WITHIN_SECONDS = 30.0


def main() -> None:
    """Build, install, prepare, serve, ask."""
    with tempfile.TemporaryDirectory(prefix="countersign-wheel-") as name:
        folder = Path(name)
        countersign = _install(folder, _build(folder))
        port, empty = free_port(), folder / "empty"
        empty.mkdir()
        env = _environment(folder, port)
        for arguments in (["--help"], ["--version"], ["db", "upgrade"], ["doctor"]):
            _run([countersign, *arguments], env=env, cwd=empty, may_warn=arguments == ["doctor"])
        _serve([countersign, "serve", "--port", str(port), "--workers", "1"], env, empty, f"http://localhost:{port}")
        left = sorted(path.name for path in empty.iterdir())
        assert not left, f"serving left files in the working folder: {left}"
    sys.stdout.write("The wheel serves from an empty folder.\n")


def _build(folder: Path) -> Path:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    _run(build, env=dict(os.environ), cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _install(folder: Path, wheel: Path) -> str:
    venv.create(folder / "venv", with_pip=False)
    python = str(folder / "venv/bin/python")
    install = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python", python]
    _run([*install, "--require-hashes", "-r", str(ROOT / "requirements.lock")], env=dict(os.environ), cwd=folder)
    _run([*install, "--no-deps", str(wheel)], env=dict(os.environ), cwd=folder)
    return str(folder / "venv/bin/countersign")


def _environment(folder: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return kept | {
        "COUNTERSIGN_ISSUER": f"http://localhost:{port}",
        "COUNTERSIGN_DATABASE_URL": f"sqlite:///{folder}/durable.db",
        "COUNTERSIGN_EPHEMERAL_URL": f"sqlite:///{folder}/ephemeral.db",
        "COUNTERSIGN_KEY_ENCRYPTION_KEY": urlsafe_b64encode(os.urandom(32)).decode(),
    }


def _serve(command: list[str], env: dict[str, str], cwd: Path, base_url: str) -> None:
    process = subprocess.Popen(command, env=env, cwd=cwd)
    try:
        _wait(f"{base_url}/healthz", process)
        _wait(f"{base_url}/readyz", process)
        discovery = json.loads(_get(f"{base_url}/.well-known/openid-configuration"))
        assert discovery["issuer"] == base_url
        assert json.loads(_get(discovery["jwks_uri"]))["keys"]
    finally:
        process.terminate()
        assert process.wait(40) == 0, "serve did not end cleanly"


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_WITHIN_SECONDS
    while True:
        try:
            _get(url)
        except URLError:
            assert process.poll() is None, "serve ended before it answered"
            assert time.monotonic() < until, f"{url} did not answer 200 in time"
            time.sleep(0.1)
        else:
            return


def _get(url: str) -> bytes:
    with urlopen(url, timeout=5) as answer:
        body: bytes = answer.read()
        return body


def _run(command: list[str], *, env: dict[str, str], cwd: Path, may_warn: bool = False) -> None:
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in ((0, 1) if may_warn else (0,)), (
        f"{command} ended {done.returncode}:\n{done.stdout}{done.stderr}"
    )
    assert "Traceback" not in done.stderr, done.stderr


if __name__ == "__main__":
    main()
