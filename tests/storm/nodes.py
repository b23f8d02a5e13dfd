"""What happens to two of everything: nodes die, end and come back, and stores change their servers in mid-commit."""

import random
import time
from collections.abc import Callable

from tests.storm.storm import Fault
from tests.storm.world import Redundant, World
from tests.support.nodes import Node

AWAY_SECONDS = 2.0
"""Between the new primary's first change and the standby that follows it."""
_random = random.Random(3)


def killed(rounds: int) -> Fault:
    """Kill all of one node, and start it again."""

    def act(two: Redundant) -> None:
        node = _random.choice(two.nodes)
        node.kill()
        _come_back(two, node)

    return _repeated("kill -9 of a node", act, rounds)


def ended(rounds: int) -> Fault:
    """End a node as its manager does, and start it again: nobody who comes meanwhile is lost."""

    def act(two: Redundant) -> None:
        node = _random.choice(two.nodes)
        assert node.end() == 0
        _come_back(two, node)

    return _repeated("SIGTERM of a node", act, rounds)


def database_fails_over(rounds: int) -> Fault:
    """End the primary in the middle of commits; its standby takes changes, and it comes back as the standby."""

    def act(two: Redundant) -> None:
        two.postgresql.fail_over()
        time.sleep(AWAY_SECONDS)
        two.postgresql.rejoin()

    return _repeated("PostgreSQL failed over", act, rounds)


def redis_fails_over(rounds: int) -> Fault:
    """Kill the master, which may have told nobody of its last changes; Sentinels choose another."""

    def act(two: Redundant) -> None:
        old = two.redis.master
        old.kill()
        two.redis.wait_for_another(old)
        old.start()

    return _repeated("Redis failed over", act, rounds)


def _come_back(two: Redundant, node: Node) -> None:
    node.start()
    node.wait()
    two.proxy.wait_for_both()


def _repeated(name: str, act: Callable[[Redundant], None], rounds: int) -> Fault:
    def inflict(world: World) -> None:
        assert world.redundant is not None
        for _ in range(rounds):
            time.sleep(_random.uniform(0.3, 1.5))
            act(world.redundant)

    return Fault(f"{name}, {rounds} rounds", inflict)
