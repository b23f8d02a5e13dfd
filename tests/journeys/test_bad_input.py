"""Bad input on every route there is, on both pairs of stores: refused, never a fault of ours, never sent elsewhere.

Routes come from the application itself, so a new one is tried without being named here.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from werkzeug.routing import Rule

from idp.web.bounds import JSON, TAKES_JSON
from tests.support.pair import CONFIDENTIAL, PUBLIC, SECRET, both
from tests.support.raw import FORM, Answer, Raw, send
from tests.support.site import ASKED, Browser, Site, hidden_fields

__all__ = ["both"]

LONG_ID = "A" * 43
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "HEAD", "OPTIONS")
STRANGE = {
    "Authorization": (
        "Basic",
        "Basic \u00ff\u00fe",
        "Basic " + "A" * 9_000,
        "Bearer " + "a.b.c" * 900,
        "Bearer \u00e9",
        "\u00ff",
    ),
    "Cookie": ("\u00ff=\u00fe", "__Host-session=" + "A" * 9_000, "__Host-form=%00; __Host-return-\u00e9=1", "=;=;;="),
    "Accept-Language": ("\u00ff;q=\u00e9", "a," * 4_000, "en;q=1e999"),
    "Accept": ("text/html;q=nan", "\u00ff/\u00ff", "*/*," * 4_000),
    "Accept-Encoding": ("gzip;q=nan", "gzip;q=" + "9" * 5_000, "\u00ff"),
    "If-None-Match": ('W/"', '"' * 5_000, "\u00ff"),
    "Range": ("bytes=9-1", "bytes=" + "0-1," * 3_000, "\u00ff"),
    "Sec-Fetch-Site": ("\u00ff", "same-origin, cross-site"),
    "User-Agent": ("\u00ff" * 5_000,),
    "X-Forwarded-For": ("\u00ff", "1,,2", "A" * 9_000),
    "X-Forwarded-Host": ("evil.example",),
    "X-CSRFToken": ("\u00ff", "a.b.c"),
    "Origin": ("null", "\u00ff", "https://evil.example\\@id.example"),
}
"""As WSGI gives them: each character one byte."""


def b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def jwt(header: str, claims: str) -> str:
    return f"{b64(header)}.{b64(claims)}.{b64('signature')}"


VALUES = {
    "nothing": "",
    "spaces": " \t ",
    "arabic digits": "\u0661\u0662\u0663\u0664\u0665\u0666",
    "mathematical digits": "\U0001d7d9" * 6,
    "negative": "-1",
    "many digits": "9" * 1_900,
    "overflowing number": "1e999",
    "not a number": "NaN",
    "list": "[1]",
    "object": '{"a": 1}',
    "open brackets": "[" * 4_000,
    "nested objects": '{"a":' * 1_300,
    "infinite claim": '{"id_token": {"email": {"value": 1e999}}}',
    "surrogate claim": '{"id_token": {"acr": {"value": "\\ud800"}}}',
    "NUL claim": '{"userinfo": {"name": {"values": ["\\u0000"]}}}',
    "huge claim": '{"userinfo": {"name": {"value": ' + "9" * 3_000 + "}}}",
    "repeated member": '{"userinfo": {}, "userinfo": {"email": null}}',
    "line breaks": "a\r\nSet-Cookie: a=b\r\n\r\n<script>",
    "control": "\x1b[31m\x7f\x01",
    "direction": "\u202e\u2066\ufeff",
    "replacement": "\ufffd\uffff\U0010ffff",
    "long": "a" * 9_000,
    "traversal": "../../../../etc/passwd",
    "statement": "' OR 1=1; DROP TABLE citizens --",
    "template": "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "other site": "https://evil.example/",
    "other site by slashes": "//evil.example",
    "script": "javascript:alert(1)",
    "address": "ada@example.org\r\nBcc: eve@example.org",
    "address of none": '"@"@[::1]',
    "unsigned": jwt('{"alg":"none"}', '{"iss":"https://id.example","sub":"rp"}'),
    "no JSON in it": jwt("alg", "\ufffd"),
    "bomb in the header": jwt('{"alg":' * 600, "{}"),
    "bomb in the claims": jwt('{"alg":"ES256","kid":"x","typ":"at+jwt"}', "[" * 3_000),
    "claims of no object": jwt('{"alg":"ES256"}', "[]"),
    "strange assertion": jwt(
        '{"alg":"ES256","kid":{}}', '{"sub":"web","iss":"web","aud":[[]],"exp":1e999,"iat":[],"jti":{}}'
    ),
    "three dots": "...",
}
TYPED = (
    "nothing",
    "spaces",
    "arabic digits",
    "many digits",
    "object",
    "nested objects",
    "line breaks",
    "control",
    "direction",
    "long",
    "template",
    "address",
    "other site",
)
"""What a citizen's own page may be sent; the others mean something to agencies' endpoints alone."""
FIELDS = """
    email password code credential given_name family_name decision citizen skip name client_id client_secret
    client_assertion client_assertion_type grant_type redirect_uri code_verifier refresh_token scope token
    token_type_hint access_token response_type response_mode state nonce code_challenge code_challenge_method prompt
    max_age acr_values login_hint ui_locales claims id_token_hint post_logout_redirect_uri logout_hint request
    request_uri registration lang because another user_code device_code unknown
"""
ALSO_ASKED = ("claims", "max_age", "prompt", "acr_values", "id_token_hint", "ui_locales", "response_mode", "request")
JSON_BOMBS = (b"[" * 30_000, b'{"a":' * 10_000, b'"' + b"\\u0000" * 9_000 + b'"', b"{}", b"\xff\xfe")


def routes(site: Site) -> list[Rule]:
    return sorted(site.app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ())))


def paths(rule: Rule, value: str = LONG_ID) -> str:
    return re.sub(r"<[^>]+>", value, rule.rule)


def methods(rule: Rule) -> list[str]:
    return [method for method in ("GET", "POST", "DELETE") if method in (rule.methods or ())]


UNFIT_TEXT = {
    "NUL": "x=%00",
    "no UTF-8": "x=%FF",
    "surrogate": "x=%ED%A0%80",
    "overlong": "x=%C0%AF",
    "NUL in a name": "%00=x",
    "no UTF-8 in a name": "%FF=x",
    "twice": "client_id=rp&client_id=rp",
    "twice by another spelling": "client_id=rp&client%5Fid=rp",
}
UNFIT_BODIES = {"raw bytes": b"x=\xff\xfe", "raw NUL": b"x=\0", "65 KB": b"x=" + b"a" * 65_536}
UNFIT_KINDS = ("application/json", "text/plain", "multipart/form-data; boundary=x", "", "\u00ff", FORM + "x")


def unfit(rule: Rule) -> Iterator[tuple[str, Raw]]:
    """Requests that no endpoint should have to think about."""
    path = paths(rule)
    for method in methods(rule):
        yield "query of 16 KB", Raw(method=method, target=f"{path}?x=" + "a" * 16_384)
        for name, text in UNFIT_TEXT.items():
            yield f"{name} in the query", Raw(method=method, target=f"{path}?{text}")
        yield from unfit_bodies(method, path)
    for method in set(METHODS) - _ALLOWED[rule.rule]:
        yield f"the method {method}", Raw(method=method, target=path)
    if "<" in rule.rule:
        for name in ("%00", "%FF", "%ED%A0%80"):
            yield f"{name} in the path", Raw(method=methods(rule)[0], target=paths(rule, name))


def unfit_bodies(method: str, path: str) -> Iterator[tuple[str, Raw]]:
    bodies = UNFIT_BODIES | ({name: text.encode() for name, text in UNFIT_TEXT.items()} if method == "POST" else {})
    for name, octets in bodies.items():
        for more in ({}, {"Transfer-Encoding": "chunked"}):
            headers = {"Content-Type": FORM} | more
            yield f"{name} with {method}", Raw(method=method, target=path, body=octets, headers=headers)
    for kind, bomb in [(kind, b"{}") for kind in UNFIT_KINDS] + [(UNFIT_KINDS[0], bomb) for bomb in JSON_BOMBS]:
        headers = {"Content-Type": kind}
        yield f"{kind or 'nothing'} with {method}", Raw(method=method, target=path, body=bomb, headers=headers)


_ALLOWED: dict[str, set[str]] = {}
"""The methods of all routes of one path."""


@pytest.fixture(autouse=True, scope="module")
def _know_methods(both: list[Site]) -> None:
    for rule in routes(both[0]):
        _ALLOWED.setdefault(rule.rule, set()).update(rule.methods or ())


def check_answer(answer: Answer, what: str) -> None:
    """What holds for every answer there is."""
    assert answer.status < 500, what
    for name in ("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Strict-Transport-Security"):
        assert name in answer.headers, (what, name)
    if answer.status >= 300 and answer.status != 304:
        assert answer.headers["Cache-Control"] == "no-store", what
    for word in (b"Traceback", b"sqlalchemy", b"psycopg", b"sqlite3", b'evil.example">', b"<script>"):
        assert word not in answer.body, (what, word)
    assert "\n" not in "".join(answer.headers.values()), what
    if answer.location:
        stays = re.match(r"/(?![/\\])", answer.location)
        known = [
            uri for party in (PUBLIC, CONFIDENTIAL) for uri in (*party.redirect_uris, *party.post_logout_redirect_uris)
        ]
        assert stays or answer.location.partition("?")[0] in known, (what, answer.location)


def check_alike(both: list[Site], request: Raw, what: str) -> Answer:
    first, second = (send(site, request) for site in both)
    for answer in (first, second):
        check_answer(answer, what)
    assert first.verdict == second.verdict, what
    return first


def test_no_route_looks_at_what_is_unfit(both: list[Site]) -> None:
    for rule in routes(both[0]):
        for name, request in unfit(rule):
            what = f"{name}: {rule.rule}"

            answer = check_alike(both, request, what)

            assert 400 <= answer.status < 500, (what, answer.verdict)


@pytest.mark.parametrize("turn", range(max(map(len, STRANGE.values()))))
def test_no_header_brings_a_route_down(both: list[Site], turn: int) -> None:
    headers = {name: values[turn % len(values)] for name, values in STRANGE.items()}
    for rule in routes(both[0]):
        check_alike(both, Raw(target=paths(rule), headers=headers), f"{turn} on {rule.rule}")


@pytest.mark.parametrize("length", ["65", "1000", "-1", "\u0661", "0x10", "1e3", "99999999999999999999"])
def test_a_part_of_a_form_is_not_taken_for_the_whole(both: list[Site], length: str) -> None:
    body = b"client_id=web&decision=allow&token=x"
    for rule in routes(both[0]):
        if "POST" in methods(rule):
            kind = JSON if rule.endpoint.partition(".")[0] in TAKES_JSON else FORM
            headers = {"Content-Type": kind, "Content-Length": length}
            request = Raw(method="POST", target=paths(rule), body=body, headers=headers)

            answer = check_alike(both, request, f"{length} at {rule.rule}")

            if length in ("65", "1000"):
                assert answer.status == 400, (rule.rule, answer.verdict)


def test_no_name_in_a_path_leads_elsewhere(both: list[Site]) -> None:
    names = ("..", ".", "%2e%2e%2f%2e%2e", "..%5c", "%0d%0aLocation:%20https:%2f%2fevil.example", "%F0%9D%9F%99" * 43)
    for rule in routes(both[0]):
        for name in (*names, "a" * 5_000, "%E2%80%AE", "%20", "{}", "%3Cscript%3E", "%22%3E%3Cb%3E", "-" * 43):
            for method in methods(rule):
                check_alike(both, Raw(method=method, target=paths(rule, name)), f"{name[:40]} in {rule.rule}")


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "/%5Cevil.example", "///evil.example/%2e%2e", "/%2F/evil.example"]
)
def test_a_page_nobody_made_links_to_no_other_site(both: list[Site], path: str) -> None:
    answer = check_alike(both, Raw(target=path), path)

    assert answer.status == 404
    assert re.findall(rb'href="(?!/[A-Za-z0-9%?]|#)[^"]*evil[^"]*"', answer.body) == []


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "id.example.evil.example",
        "id.example:444",
        "ID.EXAMPLE",
        "",
        "id.example,evil.example",
        "\u00ff",
    ],
)
def test_another_host_is_served_nothing_but_health(both: list[Site], host: str) -> None:
    for rule in routes(both[0]):
        answer = check_alike(both, Raw(target=paths(rule), headers={"Host": host}), rule.rule)

        assert answer.status == 421 or rule.rule in ("/healthz", "/readyz", "/metrics"), rule.rule


class Desk:
    """A citizen signed in in one browser, and an interaction of theirs, to reach what lies behind the first checks."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.citizen = site.add_citizen("ada@example.org")
        self.begin()

    def begin(self) -> None:
        """Come with a fresh interaction, and keep a token for its forms."""
        self.browser: Browser = self.site.browser()
        self.browser.sign_in(self.citizen)
        self.interaction_id = self.browser.begin({"prompt": "consent"})
        page = self.browser.get(f"/consent/{self.interaction_id}")
        self.token = hidden_fields(page.text)["csrf_token"]

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send the fields to a page of an interaction that waits; begin another if this one went on."""
        sent = {name: value for name, value in fields.items() if len(value) < 2_000} | {"csrf_token": self.token}
        answer = send(self.site, Raw.form(path.replace(LONG_ID, self.interaction_id), sent), self.browser)
        if answer.status != 422:
            self.begin()
        return answer


@pytest.fixture(scope="module")
def desks(both: list[Site]) -> list[Desk]:
    return [Desk(site) for site in both]


def test_no_value_in_a_field_brings_a_page_down(desks: list[Desk]) -> None:
    pages = [rule for rule in routes(desks[0].site) if "<" in rule.rule and "POST" in methods(rule)]
    for rule in pages:
        for name in TYPED:
            value, what = VALUES[name], f"{name} in {rule.rule}"

            first, second = (desk.post(paths(rule), dict.fromkeys(FIELDS.split(), value)) for desk in desks)

            for answer in (first, second):
                check_answer(answer, what)
            assert first.verdict == second.verdict, what


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token", "client_credentials", "password", ""])
def test_no_value_in_a_token_request_passes(both: list[Site], grant_type: str) -> None:
    proof = {"client_id": "web", "client_secret": SECRET, "grant_type": grant_type}
    for name, value in VALUES.items():
        fields = dict.fromkeys(("code", "redirect_uri", "code_verifier", "refresh_token", "scope"), value)

        answer = check_alike(both, Raw.form("/token", fields | proof, Accept="*/*"), f"{name} as {grant_type}")

        silent = grant_type == "client_credentials" and value == ""
        assert (answer.status == 200) is silent, (name, answer.verdict)


@pytest.mark.parametrize("path", ["/introspect", "/revoke", "/userinfo", "/token"])
def test_no_value_is_taken_for_a_token_or_a_proof(both: list[Site], path: str) -> None:
    proof = {"client_id": "web", "client_secret": SECRET}
    assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    for name, value in VALUES.items():
        for fields in (
            proof | {"token": value, "token_type_hint": value, "access_token": value},
            {"client_assertion": value, "client_assertion_type": assertion, "token": "x"},
            {"client_id": value, "client_secret": value, "token": "x"},
        ):
            answer = check_alike(both, Raw.form(path, fields), f"{name} at {path}")

            if answer.status == 200:
                assert answer.body in (b"", b'{"active":false}\n'), (name, answer.body)


@pytest.mark.parametrize(
    "changed",
    [*sorted(ASKED), *ALSO_ASKED],
)
def test_no_value_in_an_authorization_request_leads_elsewhere(both: list[Site], changed: str) -> None:
    for name, value in VALUES.items():
        asked = Raw.form("", ASKED | {changed: value}).body.decode()
        for request in (
            Raw(target=f"/authorize?{asked}"),
            Raw(method="POST", target="/authorize", body=asked.encode(), headers={"Content-Type": FORM}),
        ):
            answer = check_alike(both, request, f"{name} as {changed}")

            if changed in ("client_id", "redirect_uri"):
                assert answer.status in (400, 414), (name, answer.verdict)


def test_no_value_sends_anybody_elsewhere_after_signing_out(both: list[Site]) -> None:
    for name, value in VALUES.items():
        for fields in (
            dict.fromkeys(FIELDS.split(), value),
            {"client_id": "rp", "post_logout_redirect_uri": value, "state": value},
        ):
            check_alike(both, Raw.form("/logout", fields), f"{name} at /logout")


def test_a_passkeys_answer_may_be_anything(desks: list[Desk]) -> None:
    client_data = b64(json.dumps({"challenge": "AA", "type": []}))
    whole: list[Any] = [[], {}, {"id": {}}, {"response": []}, {"response": {"clientDataJSON": "\ud800"}}]
    handles: list[Any] = [7, "\ud800", [], "A" * 1_000]
    whole += [{"id": 1, "response": {"clientDataJSON": client_data, "userHandle": handle}} for handle in handles]
    for answer in whole:
        path, fields = f"/sign-in/{LONG_ID}/passkey", {"credential": json.dumps(answer)}

        first, second = (desk.post(path, fields) for desk in desks)

        assert (first.status, first.verdict) == (422, second.verdict), answer
