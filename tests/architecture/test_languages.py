"""Every sentence exists in every language, and a template holds no script or style of its own."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment

from idp.web.language import DEFAULT, NAMES

Sentence = str | tuple[str, ...] | list[str]
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
LOCALES = TEMPLATES / "locales"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "node_modules" not in path.parts)
TRANSLATIONS = sorted(set(NAMES) - {DEFAULT})
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
TAG = re.compile(r"<[^>]*>")
SPOKEN_ATTRIBUTE = re.compile(r"\b(?:aria-label|alt|title|placeholder)=\"[^\"{]*[A-Za-z]{2}")
PROPER_NAMES = {"Countersign"}
FORBIDDEN = {
    "a script inside": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "an event handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "unescaped words": re.compile(r"\|\s*safe\b"),
}


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> dict[Sentence, Message]:
    """Every message of the product, found as `make messages` finds them."""
    found = tmp_path_factory.mktemp("messages") / "messages.pot"
    argv = [
        "pybabel",
        "-q",
        "extract",
        "-F",
        str(LOCALES / "babel.toml"),
        "-k",
        "lazy_gettext",
        "--ignore-dirs",
        "node_modules .*",
    ]
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(TEMPLATES.parent)
        CommandLineInterface().run([*argv, "-o", str(found), "."])
    with found.open("rb") as file:
        return {message.id: message for message in read_po(file) if message.id}


def catalog(code: str) -> Catalog:
    with (LOCALES / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=code)


def words_of(text: Sentence | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_every_sentence_exists_in_each_language(code: str, sentences: dict[Sentence, Message]) -> None:
    have = {message.id for message in catalog(code) if not message.fuzzy and all(words_of(message.string))}

    missing = sorted(str(sentence) for sentence in sentences if sentence not in have)

    assert not missing, f"run `make messages`, then translate in templates/locales/{code}: {missing}"


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_a_translation_keeps_the_places_of_names_and_numbers(code: str) -> None:
    for message in catalog(code):
        expected = set(PLACEHOLDER.findall(words_of(message.id)[-1])) if message.id else set()
        for form in words_of(message.string) if message.id else ():
            assert set(PLACEHOLDER.findall(form)) <= expected, message.id
        if message.id:
            assert set(PLACEHOLDER.findall(words_of(message.string)[-1])) == expected, message.id


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_the_compiled_catalog_is_that_of_its_source(code: str) -> None:
    compiled = io.BytesIO()

    write_mo(compiled, catalog(code))

    assert compiled.getvalue() == (LOCALES / code / "LC_MESSAGES" / "messages.mo").read_bytes(), "run `make messages`"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_holds_no_words_outside_the_catalog(path: Path) -> None:
    tokens = Environment(autoescape=True).lex(path.read_text(encoding="utf-8"))
    source = " ".join(value for _line, kind, value in tokens if kind == "data")
    words = set(re.findall(r"[^\W\d_]{2,}", TAG.sub(" ", re.sub(r"&\w+;", " ", source))))

    assert not SPOKEN_ATTRIBUTE.search(source)
    assert words <= PROPER_NAMES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_holds_nothing_a_strict_policy_refuses(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(source)] == []
