"""Pages out of the `templates` package: strict names, everything escaped, every sentence translatable.

Our templates see `govuk`, the components of govuk-frontend-jinja. Those rely on names that may be missing,
so they are compiled in an environment of their own; ours refuses a name nobody gave it.
"""

from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from flask_babel import gettext, ngettext, npgettext, pgettext
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
FOLDERS = ("layouts", "components", "pages")
"""Of the `templates` package, those that hold what `render` is asked for."""


def render(template: str, /, *, errors: Mapping[str, str] | None = None, **context: Any) -> str:
    """Render a page of `templates/`, such as "pages/sign_in/password.html".

    `errors` maps a field's name to what is wrong with it; the layout lists them above the page, each linked
    to its field, and the title of the tab begins with "Error: ".
    """
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
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
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
        setattr(macros, name.replace("-", "_"), getattr(module, camel))
    return macros
