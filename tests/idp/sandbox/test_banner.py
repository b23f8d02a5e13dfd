"""The first thing a newcomer reads fits the terminal that they have."""

from io import StringIO
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console

from idp.sandbox import banner
from idp.sandbox.personas import PERSONAS
from idp.sandbox.sample_agencies import sample_agencies

COLUMNS = 80


def test_the_banner_breaks_no_line_of_a_narrow_terminal() -> None:
    out = StringIO()
    agencies = sample_agencies(8001, 8002)

    banner.show(
        Console(file=out, width=COLUMNS, soft_wrap=True, highlight=False),
        issuer="http://localhost:8000",
        agencies=agencies,
        outbox="http://localhost:8003",
        folder=Path(".countersign").absolute(),
    )

    lines = out.getvalue().splitlines()
    where = [line for line in lines if str(Path.cwd()) in line]
    assert [line for line in lines if cell_len(line) > COLUMNS and line not in where] == []
    for persona in PERSONAS:
        assert any(all(text in line for text in (persona.email, persona.password, persona.about)) for line in lines)
    for agency in agencies:
        assert any(agency.service in line and agency.url in line for line in lines)
