"""What goes wrong around the service: agencies, mail, and operators who end it or start things twice."""

import signal
import subprocess
import time
from typing import BinaryIO

from tests.storm.storm import Fault
from tests.storm.world import TOLD, World, begin_to_hear
from tests.support.service import COUNTERSIGN

HANGS_SECONDS = 30.0


def agencies_dead(seconds: float) -> Fault:
    """Have agencies hang where they are told of sign-outs, then end without a word, then hear again."""

    def hang(_: BinaryIO) -> None:
        time.sleep(HANGS_SECONDS)

    def end(_: BinaryIO) -> None:
        raise OSError

    def inflict(world: World) -> None:
        for deaf in (hang, end):
            world.agency.answers[TOLD] = deaf
            time.sleep(seconds / 2)
        begin_to_hear(world.agency)

    return Fault("agencies dead", inflict)


def mail_dead(seconds: float) -> Fault:
    """Have the mail server take no letter."""

    def inflict(world: World) -> None:
        world.mail.answer_to_recipients = "451 come again"
        time.sleep(seconds)
        world.mail.answer_to_recipients = "250 ok"

    return Fault("mail dead", inflict)


def ended_and_started(rounds: int) -> Fault:
    """End the service as its manager does, under load, and start it again."""

    def inflict(world: World) -> None:
        for _ in range(rounds):
            assert world.service.stop() == 0
            world.service.start()
            time.sleep(1.0)

    return Fault(f"SIGTERM and start, {rounds} rounds", inflict)


def killed_whole(rounds: int) -> Fault:
    """Kill the process that started the others, and them, and start it again."""

    def inflict(world: World) -> None:
        for _ in range(rounds):
            process = world.service.process
            assert process is not None
            for pid in (process.pid, *world.service.web_workers()):
                subprocess.run(["kill", "-9", str(pid)], check=False)
            process.wait()
            world.service.process = None
            world.service.start()
            time.sleep(1.0)

    return Fault(f"kill -9 of everything, {rounds} rounds", inflict)


def upgraded_twice(rounds: int) -> Fault:
    """Upgrade the tables twice at once while citizens sign in, and kill one of the two half way."""

    def inflict(world: World) -> None:
        for number in range(rounds):
            both = [
                subprocess.Popen(
                    [*COUNTERSIGN, "db", "upgrade"],
                    env=world.service.env,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                for _ in range(2)
            ]
            time.sleep(0.6 + 0.3 * number)
            both[0].send_signal(signal.SIGKILL)
            both[0].wait()
            assert both[1].wait(60) == 0

    return Fault(f"db upgrade twice at once, one killed, {rounds} rounds", inflict)
