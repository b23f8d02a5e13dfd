"""Letters in words: plain text out of `templates/emails`, in any of its languages, outside of any request."""

from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files

from babel.dates import format_datetime
from babel.support import Translations
from jinja2 import Environment, PackageLoader, StrictUndefined

from idp.notices.letters import Letter


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter as it is read. Never logged: it may hold a code."""

    subject: str = field(repr=False)
    text: str = field(repr=False)


def render(letter: Letter, *, service: str) -> Rendered:
    """Return the letter in its language; `service` is the address of this service, as links need it."""
    context = {each.name: getattr(letter, each.name) for each in fields(letter)}
    written = _environment(letter.language).get_template(f"emails/{letter.name}.txt").render(context, service=service)
    subject, _, text = written.partition("\n")
    return Rendered(subject.strip(), text.strip() + "\n")


@cache
def _environment(language: str) -> Environment:
    env = Environment(
        loader=PackageLoader("templates", ""),
        autoescape=False,  # noqa: S701 - plain text, never HTML
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    translations = Translations.load(str(files("templates").joinpath("locales")), [language])
    env.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    env.filters["datetime"] = lambda at: format_datetime(at, "d MMMM y, HH:mm 'UTC'", locale=language)
    return env
