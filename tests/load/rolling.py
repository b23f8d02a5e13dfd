"""`make rolling`: from this release to the next and back, node by node, while citizens sign in; none may fail.

Order of calls: two nodes of this release serve behind HAProxy; the next release's tables are made; each node is ended
and started as the next release, then each as this one again. All the while a crowd signs in, and every answer counts.
"""

import json
import tempfile
from pathlib import Path
from time import monotonic

from tests.load.report import OUTPUT, ROOT, say
from tests.support import next_release
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer
from tests.support.rolling import installed
from tests.support.service import StorePair


def main() -> None:
    """Roll, and tell."""
    database, redis = PostgreSQL(), RedisServer()
    with tempfile.TemporaryDirectory(prefix="countersign-rolling-") as name:
        folder, began, steps = Path(name), monotonic(), []
        release = next_release.release(folder)
        say("Starting two nodes")
        with installed(StorePair(database.url(database.create()), redis.url), folder) as here, here.crowd.asking():

            def told(what: str) -> None:
                steps.append(
                    {
                        "at": round(monotonic() - began, 1),
                        "what": what,
                        "sign_ins": here.crowd.done,
                        "failed": len(here.crowd.failed),
                    }
                )
                say(f"{steps[-1]['at']:6} s  {what}: {here.crowd.done} sign-ins, {len(here.crowd.failed)} failed")

            told("the crowd has come")
            here.upgrade(release)
            told("the next release's tables are there")
            for tree, called in ((release, "the next release"), (next_release.ROOT, "this release again")):
                for node, of in zip(here.nodes, ("one", "two"), strict=True):
                    here.roll(node, tree=tree)
                    told(f"node {of} is {called}")
    database.end()
    redis.end()
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "rolling.json").write_text(json.dumps({"steps": steps, "failures": here.crowd.failed}, indent=1))
    say(f"All of it: {(OUTPUT / 'rolling.json').relative_to(ROOT)}")
    if here.crowd.failed:
        raise SystemExit("\n".join(["Sign-ins failed:", *here.crowd.failed[:20]]))


if __name__ == "__main__":
    main()
