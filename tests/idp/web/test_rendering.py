"""Pages: strict about names, careful with what people typed, small on the wire."""

import gzip
from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import UndefinedError

from idp.web import language
from idp.web.assets import assets
from idp.web.rendering import environment, render

FIRST_VIEW_BYTES = 25 * 1024


@pytest.fixture(autouse=True)
def request_in_english() -> Iterator[None]:
    app = Flask(__name__)
    app.secret_key = "only here"
    language.install(app, secure=False)
    with app.test_request_context("/page"):
        yield


def shown(source: str, **context: object) -> str:
    return environment().from_string(source).render(context)


def test_a_name_nobody_gave_is_refused() -> None:
    with pytest.raises(UndefinedError):
        shown("{{ citizen }}")


def test_what_people_typed_is_never_markup() -> None:
    typed = '"><script>alert(1)</script>'

    page = shown(
        '{% from "components/forms.html" import field %}{% from "components/content.html" import summary_list, panel %}'
        '{{ field("email", typed, value=typed, hint=typed, error=typed) }}{{ panel(typed, typed) }}'
        '{% set change = {"href": "/x", "text": typed, "about": typed} %}'
        '{{ summary_list([{"key": typed, "value": typed, "actions": [change]}]) }}',
        typed=typed,
    )

    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 10


def test_errors_are_listed_above_the_page_and_begin_its_title() -> None:
    page = render("pages/help/help.html", errors={"email": "Enter an email address", "": "Try again"})

    assert "<title>Error: Help with signing in" in page
    assert '<a href="#email">Enter an email address</a>' in page
    assert "Try again" in page


def test_an_error_page_offers_the_way_back_only_when_there_is_one() -> None:
    nowhere = render("pages/errors/expired.html", reference="ab12")
    somewhere = render(
        "pages/errors/expired.html", service="Parking & permits", return_url="https://a.example/?x=1&y=2"
    )

    assert 'id="return"' not in nowhere
    assert "ab12" in nowhere
    assert 'href="https://a.example/?x=1&amp;y=2"' in somewhere
    assert "Go back to Parking &amp; permits" in somewhere


def test_a_page_says_its_language_and_direction() -> None:
    assert '<html lang="en" dir="ltr"' in render("pages/help/help.html")


def test_the_first_view_is_at_most_25_kilobytes() -> None:
    page = gzip.compress(render("pages/help/help.html").encode())
    linked = sum(len(assets()[name].compressed) for name in ("countersign.css", "countersign.js", "mark.svg"))

    assert len(page) + linked < FIRST_VIEW_BYTES


def test_our_mark_is_less_than_a_kilobyte() -> None:
    assert len(assets()["mark.svg"].body) < 1024


def test_nothing_of_another_brand_or_host_is_in_the_look() -> None:
    css = assets()["countersign.css"].body.decode()

    assert "GDS Transport" not in css
    assert "crown" not in css
    assert "@font-face" not in css
    assert "url(" not in css
