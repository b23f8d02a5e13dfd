"""How a command gets at the running installation: the same services as the web, built from the settings."""

from idp.assembly import build
from idp.settings import load
from idp.web.services import Services


def opened() -> Services:
    """Check the settings and return the assembled services; the stores are reached at their first use."""
    return build(load())
