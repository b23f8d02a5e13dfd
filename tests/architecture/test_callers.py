"""Every blueprint says who may call it, in one place and with one of the five answers."""

import importlib
import pkgutil

import pytest
from flask import Blueprint

import idp.endpoints
import idp.pages
from idp.web import access

ANSWERS = {
    answer
    for name in ("anyone", "relying_parties_only", "token_bearers_only", "registrants_only", "citizens_only")
    if (answer := getattr(access, name, None)) is not None
}
BLUEPRINTS = sorted(
    (value.name, value)
    for package in (idp.endpoints, idp.pages)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    for value in vars(importlib.import_module(found.name)).values()
    if isinstance(value, Blueprint)
)


@pytest.mark.parametrize("blueprint", [value for _, value in BLUEPRINTS], ids=[name for name, _ in BLUEPRINTS])
def test_a_blueprint_names_its_callers(blueprint):
    hooks = blueprint.before_request_funcs.get(None, [])

    assert len([hook for hook in hooks if hook in ANSWERS]) == 1


def test_blueprints_have_names_of_their_own():
    names = [name for name, _ in BLUEPRINTS]

    assert len(names) == len(set(names))
