"""Every error that a service can be told has a page that explains it, in each language, whatever the case."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.errors import EXPLANATIONS, ProtocolError, error_uri
from idp.pages.agency_errors import EXPLAINED
from idp.web.language import NAMES
from tests.architecture.source import PACKAGES, modules
from tests.support.site import Site

OF_THE_FRAMEWORK = {"invalid_request", "server_error", "temporarily_unavailable"}
"""What `idp.web.errors` answers where no row was raised."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("errors")
    return Site.at(folder)


def rows(of: type[ProtocolError] = ProtocolError) -> Iterator[type[ProtocolError]]:
    for row in of.__subclasses__():
        yield row
        yield from rows(row)


def codes() -> set[str]:
    return {row.code for row in rows()} | OF_THE_FRAMEWORK


def page(site: Site, path: str, language: str = "en") -> str:
    headers = {"Accept": "text/html", "Accept-Language": language}
    answer = site.app.test_client().get(path, base_url=site.use.settings.issuer, headers=headers)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text


def test_every_row_is_known_here(site: Site) -> None:
    said = {
        code
        for path in modules(*PACKAGES)
        for code in re.findall(r'^    code = "(\w+)"$', path.read_text(), re.MULTILINE)
    }

    assert said <= codes()


def test_every_code_is_explained_and_no_other(site: Site) -> None:
    assert codes() - set(EXPLAINED) == set(), "explain it in idp/pages/agency_errors, in both languages"
    assert set(EXPLAINED) - codes() == set(), "nobody is told this any more"


@pytest.mark.parametrize("code", sorted(EXPLAINED))
def test_a_page_explains_in_each_language_and_leads_to_the_section(site: Site, code: str) -> None:
    pages = {language: page(site, EXPLANATIONS + code, language) for language in NAMES}

    assert len(set(pages.values())) == len(NAMES)
    for text in pages.values():
        assert code in text
        assert f'href="{EXPLAINED[code].address}"' in text
    assert re.fullmatch(r"https://[\w./-]+#[\w.-]+", EXPLAINED[code].address)


@pytest.mark.parametrize("code", sorted(EXPLAINED))
def test_the_address_is_one_that_rfc_6749_allows(code: str) -> None:
    assert set(error_uri("https://id.example", code)) <= set(map(chr, range(0x21, 0x7F))) - {'"', "\\"}


def test_the_list_leads_to_each(site: Site) -> None:
    listed = re.findall(rf'href="{EXPLANATIONS}(\w+)"', page(site, "/help/errors"))

    assert sorted(listed) == sorted(EXPLAINED)


@pytest.mark.parametrize("code", ["nonsense", "INVALID_GRANT", "%00", "..%2f..", "é"])
def test_what_nobody_is_told_has_no_page(site: Site, code: str) -> None:
    answer = site.app.test_client().get(EXPLANATIONS + code, base_url=site.use.settings.issuer)

    assert answer.status_code in (400, 404)
