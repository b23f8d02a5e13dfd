"""A log that cannot be written holds nobody up."""

import subprocess
import sys
from pathlib import Path

WRITES = """
import structlog
from idp import logs
from idp.cli.printing import say
logs.configure()
structlog.get_logger("test").info("said")
say("said")
print("went on")
"""


def test_a_full_disk_under_the_log_stops_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", WRITES], stderr=full, stdout=subprocess.PIPE, text=True, check=False
        )

    assert done.stdout == "went on\n"
