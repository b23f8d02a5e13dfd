"""The background worker never outlives what started it: a service that was started again would have two of them."""

import os
import subprocess
import sys
from pathlib import Path

from idp.cli.attendant import COMMAND
from tests.support import installation
from tests.support.service import COUNTERSIGN, StorePair, environment


def test_a_worker_whose_parent_died_before_it_could_look_ends(tmp_path: Path) -> None:
    kept = StorePair(installation.copy_to(tmp_path), f"sqlite:///{tmp_path}/ephemeral.db")
    env = environment(kept, 8000, {"KEY_ENCRYPTION_KEY": installation.KEY_ENCRYPTION_KEY})
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    orphan = subprocess.Popen([*COUNTERSIGN, *COMMAND[3:], str(gone.pid)], env=env, stderr=subprocess.DEVNULL)
    child = subprocess.Popen([*COUNTERSIGN, *COMMAND[3:], str(os.getpid())], env=env, stderr=subprocess.DEVNULL)

    assert orphan.wait(60) == 0
    assert child.poll() is None
    child.terminate()
    assert child.wait(60) == 0
