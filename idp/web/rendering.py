"""Pages out of the `templates` package: strict names, everything escaped, every sentence translatable.

Our templates see `govuk`, the components of govuk-frontend-jinja. Those rely on names that may be missing,
so they are compiled in an environment of their own; ours refuses a name nobody gave it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from gettext import NullTranslations
from types import SimpleNamespace
from typing import Any

from flask import g
from flask_babel import get_domain, ngettext, npgettext, pgettext
from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

from idp.web.assets import asset_url
from idp.web.csrf import masked_token
from idp.web.dates import day, moment
from idp.web.language import language, languages

COMPONENTS = (
    "back-link",
    "button",
    "checkboxes",
    "details",
    "error-summary",
    "input",
    "notification-banner",
    "panel",
    "password-input",
    "radios",
    "summary-list",
    "table",
    "tag",
    "warning-text",
)
ALIKE = ("button", "input", "password-input")
"""Components that look the same for everybody, as long as they are given none of `PERSONAL`."""
PERSONAL = ("value", "html", "href", "hint", "errorMessage")
MOST_ALIKE = 256
FOLDERS = ("layouts", "components", "pages")
"""Of the `templates` package, those that hold what `render` is asked for."""


def render(template: str, /, *, errors: Mapping[str, str] | None = None, **context: Any) -> str:
    """Render a page of `templates/`, such as "pages/sign_in/password.html".

    `errors` maps a field's name to what is wrong with it; the layout lists them above the page, each linked
    to its field, and the title of the tab begins with "Error: ".
    """
    g.catalogue = get_domain().get_translations()
    page = environment().get_template(template)
    return page.render(errors=errors or {}, language=language(), languages=languages(), **context)


@cache
def environment() -> Environment:
    """Return the one environment our templates are compiled in."""
    env = Environment(
        loader=PackageLoader("templates", ""),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        lambda words: _catalogue().gettext(words), ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(asset=asset_url, csrf_token=masked_token, govuk=_components())
    env.filters.update(date=day, datetime=moment)
    return env


def warm() -> None:
    """Compile every template now, so that no citizen waits for it."""
    ours = environment()
    for name in ours.list_templates(extensions=["html"]):
        if name.partition("/")[0] in FOLDERS:
            ours.get_template(name)


def _components() -> SimpleNamespace:
    """Return govuk-frontend's macros by name: `govuk.error_summary({...})`."""
    env = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    macros = SimpleNamespace()
    for name in COMPONENTS:
        module = env.get_template(f"govuk_frontend_jinja/components/{name}/macro.html").module
        camel = "govuk" + "".join(part.capitalize() for part in name.split("-"))
        component = getattr(module, camel)
        setattr(macros, name.replace("-", "_"), _once(component) if name in ALIKE else component)
    return macros


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a component is to show; what reads alike is alike."""

    words: str
    params: Mapping[str, Any] = field(compare=False)


def _once(component: Callable[[Mapping[str, Any]], str]) -> Callable[[Mapping[str, Any]], str]:
    """Let a component be rendered once for the same words: half of the time a page takes. Nobody's data is kept."""
    rendered = lru_cache(MOST_ALIKE)(lambda asked: component(asked.params))

    def show(params: Mapping[str, Any]) -> str:
        if any(params.get(name) for name in PERSONAL):
            return component(params)
        return rendered(_Asked(repr(params), params))

    return show


def _catalogue() -> NullTranslations:
    """Return the translations of the page that is rendered."""
    kept: NullTranslations | None = g.get("catalogue")
    return kept or get_domain().get_translations()
