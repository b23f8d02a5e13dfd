"""Debian's Apache with mod_auth_openidc before a web application of ours that only sees headers."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import requests

from tests.support import server

MODULES = Path("/usr/lib/apache2/modules")
NEEDED = ("mpm_event", "authz_core", "authz_user", "authn_core", "proxy", "proxy_http", "auth_openidc")
PROTECTED = "/permits"

_CONFIGURATION = """
{modules}
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/pid
DefaultRuntimeDir {folder}
ErrorLog {folder}/errors
LogLevel warn auth_openidc:info
StartServers 1
MinSpareThreads 1
MaxSpareThreads 8
KeepAlive Off
ThreadsPerChild 8
MaxRequestWorkers 8

{openid}

<Location {protected}>
    AuthType openid-connect
    Require valid-user
</Location>
ProxyPass {protected}/answer !
ProxyPass / {behind}/
"""


class Apache:
    """One server in a folder of its own, run by `www-data` when we are root."""

    def __init__(self, port: int, openid: Mapping[str, str], *, behind: str, files: Mapping[str, bytes]) -> None:
        """`openid` are the module's directives; `behind` is the application's address; `files` lie in ServerRoot."""
        assert (MODULES / "mod_auth_openidc.so").exists(), (
            "mod_auth_openidc is missing: apt-get install libapache2-mod-auth-openidc"
        )
        self.base_url = f"http://localhost:{port}"
        self._folder = Path(tempfile.mkdtemp(prefix="countersign-apache-"))
        self._user = "www-data" if os.geteuid() == 0 else None
        for name, content in files.items():
            (self._folder / name).write_bytes(content)
        configuration = _CONFIGURATION.format(
            modules="\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NEEDED),
            openid="\n".join(f"{name} {value}" for name, value in openid.items()),
            folder=self._folder,
            port=port,
            protected=PROTECTED,
            behind=behind,
        )
        (self._folder / "apache.conf").write_text(configuration)
        for path in (self._folder, *self._folder.iterdir()):
            if self._user:
                shutil.chown(path, self._user, self._user)
        self._process = self._start()

    def end(self) -> None:
        """Stop the server and remove everything."""
        server.stop(self._process, signal.SIGTERM)
        shutil.rmtree(self._folder)

    def errors(self) -> str:
        """Return what it complained about."""
        return "".join(path.read_text() for path in (self._folder / "log", self._folder / "errors") if path.exists())

    def _start(self) -> subprocess.Popen[bytes]:
        apache = server.find_program("apache2", package="apache2", folders=[Path("/usr/sbin")])
        with (self._folder / "log").open("ab") as log:
            started = server.start(
                [apache, "-f", str(self._folder / "apache.conf"), "-D", "FOREGROUND"],
                log=log,
                user=self._user,
                ended_by=signal.SIGTERM,
            )

        def answers() -> bool:
            assert started.poll() is None, self.errors()
            try:
                return requests.get(self.base_url + "/", timeout=2).status_code > 0
            except requests.RequestException:
                return False

        server.wait_until(answers, seconds=20, what="Apache answers")
        return started
