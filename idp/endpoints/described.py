"""GET /openapi.json: what services may call, for their tools (OpenAPI 3.1): of the rows, those that are mounted."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, Response, current_app

from federation.authorization.resources import MOST as MOST_RESOURCES
from federation.tokens.decision import GRANT_TYPES
from idp.endpoints.operations import FORM, JSON, OPERATIONS, Operation
from idp.web import published
from idp.web.access import anyone
from idp.web.published import Document, Place
from idp.web.services import services_of

PATH = "/openapi.json"
_MADE = "countersign.described"
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_PARAMETERS = {
    "grant_type": {"type": "string", "enum": list(GRANT_TYPES)},
    "resource": {"type": "array", "items": _TEXT, "maxItems": MOST_RESOURCES},
}
"""Those that are not any text, once."""
_MOMENT = {"type": "integer", "description": "Seconds since 1970."}

bp = Blueprint("described", __name__)
bp.before_request(anyone)


@bp.get(PATH)
def description() -> Response:
    """Give the document, or 304 to whoever has it already."""
    return published.answer(_document(current_app))


def openapi(issuer: str, mounted: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the description of the operations among `mounted`: pairs of method and path, as OpenAPI writes them."""
    there, paths = set(mounted), dict[str, dict[str, Any]]()
    for row in OPERATIONS:
        if (row.method, row.path) in there:
            paths.setdefault(row.path, {})[row.method] = _operation(row)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Countersign", "version": "1", "description": "What services call. Citizens use pages."},
        "servers": [{"url": issuer}],
        "paths": paths,
        "components": {"schemas": _SCHEMAS, "securitySchemes": _SCHEMES},
    }


def mounted_in(app: Flask) -> set[tuple[str, str]]:
    """Return method and path of all that is served, as OpenAPI writes them."""
    return {
        (method.lower(), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _operation(row: Operation) -> dict[str, Any]:
    refused = {"description": "Refused.", "content": {JSON: {"schema": _named("Error")}}}
    answer: dict[str, Any] = {"description": "Done."}
    if row.answers:
        answer["content"] = {kind: {"schema": _named(name)} for kind, name in row.answers.items()}
    told: dict[str, Any] = {
        "operationId": f"{row.method} {row.path}",
        "summary": row.summary,
        "description": row.section,
        "security": _SECURITY[row.callers],
        "responses": {str(row.status): answer} | {str(status): refused for status in row.refusals},
    }
    names = [part.strip("{}") for part in row.path.split("/") if part.startswith("{")]
    if names:
        told["parameters"] = [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names]
    if row.form is not None:
        told["requestBody"] = {"content": {FORM: {"schema": _form(row.form)}}}
    if row.body is not None:
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": _named(row.body)}}}
    return told


def _form(names: Any) -> dict[str, Any]:
    schema = _object(**{name: _PARAMETERS.get(name, _TEXT) for name in names})
    return schema | {"required": [name for name, needed in names.items() if needed]}


def _object(*required: str, **members: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": members}


def _named(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _document(app: Flask) -> Document:
    made: Document | None = app.extensions.get(_MADE)
    if made is None:
        settings = services_of(app).settings
        body = json.dumps(openapi(settings.issuer, mounted_in(app)), separators=(",", ":")).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        made = app.extensions[_MADE] = Document(body, etag, settings.jwks_max_age)
    return made


_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "anyone": [],
    "client": [{"basic": []}, {}],
    "bearer": [{"bearer": []}],
    "invited": [{"bearer": []}, {}],
}
"""A client may prove itself in the form too, which OpenAPI has no word for; an invitation is not needed everywhere."""
_SCHEMES = {"basic": {"type": "http", "scheme": "basic"}, "bearer": {"type": "http", "scheme": "bearer"}}
_SCHEMAS: dict[str, Any] = {
    "Error": _object("error", "error_description", "error_uri", error=_TEXT, error_description=_TEXT, error_uri=_TEXT),
    "Metadata": _object("issuer", "jwks_uri", issuer=_TEXT, jwks_uri=_TEXT, signed_metadata=_TEXT),
    "ProtectedResource": _object("resource", "authorization_servers", resource=_TEXT),
    "Keys": _object("keys", keys={"type": "array", "items": _object("kty", "kid", "alg", "use")}),
    "Pushed": _object("request_uri", "expires_in", request_uri=_TEXT, expires_in={"type": "integer"}),
    "Device": _object(
        "device_code",
        "user_code",
        "verification_uri",
        "expires_in",
        device_code=_TEXT,
        user_code=_TEXT,
        verification_uri=_TEXT,
        verification_uri_complete=_TEXT,
        expires_in={"type": "integer"},
        interval={"type": "integer"},
    ),
    "Tokens": _object(
        "access_token",
        "token_type",
        "expires_in",
        access_token=_TEXT,
        token_type=_TEXT,
        expires_in={"type": "integer"},
        scope=_TEXT,
        id_token=_TEXT,
        refresh_token=_TEXT,
    ),
    "Citizen": _object("sub", sub=_TEXT),
    "Jwt": _TEXT,
    "Meaning": _object("active", active={"type": "boolean"}, sub=_TEXT, scope=_TEXT, exp=_MOMENT, iat=_MOMENT),
    "Grant": _object("scopes", scopes={"type": "array"}, claims=_TEXTS, created_at=_MOMENT, expires_at=_MOMENT),
    "Subject": _object("sub_id", sub_id=_object("format", format=_TEXT)),
    "Service": _object(redirect_uris=_TEXTS, client_name=_TEXT, token_endpoint_auth_method=_TEXT),
    "Registered": _object("client_id", client_id=_TEXT, registration_access_token=_TEXT),
}

PLACES = {PATH: Place("described.description", _document)}
