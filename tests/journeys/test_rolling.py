"""The next release takes over node by node, and gives back, while citizens sign in."""

from pathlib import Path

from tests.support import next_release
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer
from tests.support.rolling import installed
from tests.support.service import StorePair


def test_no_sign_in_fails_while_a_node_changes_its_release(
    postgresql: PostgreSQL, redis_server: RedisServer, tmp_path: Path
) -> None:
    pair = StorePair(postgresql.url(postgresql.create()), redis_server.url)
    release = next_release.release(tmp_path)
    with installed(pair, tmp_path) as here, here.crowd.asking():
        here.upgrade(release)
        here.roll(here.nodes[0], tree=release)

    assert here.crowd.failed == []
    assert here.crowd.done > 0
