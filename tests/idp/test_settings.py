import json
from datetime import timedelta

import pytest

from idp.setting_faults import SettingsFaults
from idp.settings import load, unknown
from idp.storage.ephemeral.redis_servers import servers_of

KEY = "A" * 43


def given(tmp_path, **settings):
    sound = {
        "ISSUER": "https://id.example.org",
        "DATABASE_URL": f"sqlite:///{tmp_path}/durable.db",
        "EPHEMERAL_URL": f"sqlite:///{tmp_path}/ephemeral.db",
        "KEY_ENCRYPTION_KEY": KEY,
    }
    return {f"COUNTERSIGN_{name}": value for name, value in (sound | settings).items() if value is not None}


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    def load_with(**settings):
        for name, value in given(tmp_path, **settings).items():
            monkeypatch.setenv(name, value)
        return load()

    return load_with


@pytest.fixture
def refused(loaded):
    def faults_of(**settings):
        with pytest.raises(SettingsFaults) as error:
            loaded(**settings)
        return error.value.faults

    return faults_of


def test_four_settings_suffice(loaded):
    settings = loaded()

    assert settings.issuer == "https://id.example.org"
    assert settings.key_encryption_key == (bytes(32),)
    assert settings.test_settings_on() == []


def test_all_faults_are_reported_together_in_plain_words(monkeypatch):
    for name, value in {"ISSUER": "http://id.example.org", "JWKS_MAX_AGE": "soon", "PKCE": "never"}.items():
        monkeypatch.setenv(f"COUNTERSIGN_{name}", value)

    with pytest.raises(SettingsFaults) as error:
        load()

    faults = error.value.faults
    assert [fault.split()[0].removeprefix("COUNTERSIGN_") for fault in faults] == [
        "ISSUER",
        "DATABASE_URL",
        "EPHEMERAL_URL",
        "KEY_ENCRYPTION_KEY",
        "JWKS_MAX_AGE",
        "PKCE",
    ]
    assert "COUNTERSIGN_JWKS_MAX_AGE must be a whole number." in faults


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://h/",
        "redis+sentinel://h",
        "redis+sentinel://h,/name",
        "redis+sentinel://h/name/0/1",
        "redis+sentinel://h/name?db=1",
        "redis+sentinel://a:1,b:99999/name",
        "redis+cluster://",
        "redis+cluster://h/0",
        "redis+cluster://h:port",
        "redis+else://h",
        "redis://h:99999/0",
        "redis://[h/0",
        "memcached://h",
    ],
)
def test_a_short_lived_store_that_cannot_be_is_refused(refused, url):
    assert [fault.split()[0] for fault in refused(EPHEMERAL_URL=url)] == ["COUNTERSIGN_EPHEMERAL_URL"]


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://h/name",
        "redis+sentinel://:p%40ss@a:1,b:2,c/name/3?sentinel_password=other",
        "rediss+sentinel://user:secret@a/name",
        "redis+cluster://a,b:7001",
        "rediss+cluster://user:secret@a",
    ],
)
def test_redis_servers_that_stand_in_for_each_other_are_named_by_one_url(loaded, url):
    assert loaded(EPHEMERAL_URL=url).ephemeral_url == url
    assert servers_of(url).shards >= 1


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost@example.org",
        "https://id.example.org/",
        "https://id.example.org/idp",
        "https://id.example.org?",
        "https://id.example.org#",
        "https://id.example.org:443",
        "https://ID.example.org",
        "https://user@id.example.org",
        "https://",
        "https://id.example.org:port",
        "id.example.org",
        "ftp://localhost",
        "https://id.example.org\n",
        "",
    ],
)
def test_an_issuer_that_is_not_exactly_an_origin_is_refused(refused, issuer):
    assert [fault.split()[0] for fault in refused(ISSUER=issuer)] == ["COUNTERSIGN_ISSUER"]


@pytest.mark.parametrize("host", ["id.localhost", "localhost.example.org", "128.0.0.1", "[::2]"])
def test_http_is_refused_on_hosts_that_only_look_like_loopback(refused, host):
    assert [fault.split()[0] for fault in refused(ISSUER=f"http://{host}:8000")] == ["COUNTERSIGN_ISSUER"]


@pytest.mark.parametrize("issuer", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000"])
def test_http_is_accepted_on_loopback_only(loaded, issuer):
    assert loaded(ISSUER=issuer).issuer == issuer


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PKCE", "optional-for-confidential"),
        ("FETCH_ALLOW", "127.0.0.1:8001"),
        ("EXTRA_CA", __file__),
        ("KEY_PREPUBLISH", "20m"),
        ("REGISTRATION", "open"),
    ],
)
def test_a_public_issuer_refuses_test_settings_unless_they_are_allowed(loaded, refused, name, value):
    (fault,) = refused(**{name: value})
    allowed = loaded(**{name: value}, TEST_SETTINGS="allow")

    assert fault.startswith(f"COUNTERSIGN_{name} is a test setting")
    assert allowed.test_settings_on() == [f"COUNTERSIGN_{name}"]


def test_a_proxy_may_be_named_in_production(loaded):
    assert loaded(TRUSTED_PROXIES="10.0.0.0/8").test_settings_on() == []


def test_guarded_registration_is_for_production(loaded):
    assert loaded().registration == "closed"
    assert loaded(REGISTRATION="guarded").test_settings_on() == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "must name a file of JSON"),
        ("{}", "must hold a JSON list"),
        ('[{"jwks": {"keys": []}}]', "has an authority without an issuer"),
        ('[{"issuer": "a", "jwks": {"keys": []}}]', "has an authority whose jwks must be"),
        ('[{"issuer": "a", "jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}]', "holds a private or shared key"),
    ],
)
def test_authorities_that_cannot_be_used_stop_the_start(refused, tmp_path, text, fault):
    (tmp_path / "authorities.json").write_text(text)

    (said,) = refused(SOFTWARE_AUTHORITIES=str(tmp_path / "authorities.json"))

    assert said.startswith("COUNTERSIGN_SOFTWARE_AUTHORITIES ")
    assert fault in said


def test_a_key_is_never_prepublished_for_less_than_caches_and_workers_need(loaded, refused):
    shortest = loaded(ISSUER="http://localhost", JWKS_MAX_AGE="5", KEY_PREPUBLISH="15s")

    assert shortest.key_prepublish == timedelta(seconds=15)
    assert refused(ISSUER="http://localhost", JWKS_MAX_AGE="5", KEY_PREPUBLISH="14s")


def test_faults_never_repeat_a_secret(refused):
    faults = refused(KEY_ENCRYPTION_KEY="hunter2hunter2", DATABASE_URL="postgres://us:hunter2@db/x")

    assert "hunter2" not in "".join(faults)


def test_secrets_stay_out_of_the_repr(loaded):
    settings = loaded(DATABASE_URL="postgresql+psycopg://us:hunter2@db/x")

    assert "hunter2" not in repr(settings)
    assert "x00" not in repr(settings)


def test_a_key_encryption_key_may_have_predecessors(loaded):
    newest_first = loaded(KEY_ENCRYPTION_KEY=f"{'_' * 42}8,{KEY}").key_encryption_key

    assert newest_first == (b"\xff" * 32, bytes(32))


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "A" * 42 + "+", f"{KEY},", "A" * 43 + "=="])
def test_a_key_encryption_key_of_another_form_is_refused(refused, key):
    assert len(refused(KEY_ENCRYPTION_KEY=key)) == 1


def test_both_stores_in_one_file_are_refused(refused, tmp_path):
    assert len(refused(EPHEMERAL_URL=f"sqlite:///{tmp_path}/durable.db")) == 1


def test_a_mistyped_variable_is_named():
    assert unknown({"COUNTERSIGN_ISUER": "x", "COUNTERSIGN_ISSUER": "y", "PATH": "z"}) == ["COUNTERSIGN_ISUER"]


def test_the_settings_command_shows_no_secret(tmp_path, cli):
    secret = "postgresql+psycopg://us:hunter2@db/x"

    shown = cli("settings", "--json", env=given(tmp_path, DATABASE_URL=secret))

    rows = {row["variable"]: row["value"] for row in json.loads(shown.stdout)}
    assert rows["COUNTERSIGN_DATABASE_URL"] == "(set)"
    assert "hunter2" not in shown.stdout


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[" * 50, '[{"type": "t"}]', '[{"type": "t", "words": {"en": "T"}, "fields": []}]', "\0"]
)
def test_a_file_of_authorization_details_that_cannot_be_used_stops_the_start(loaded, tmp_path, text):
    file = tmp_path / "types.json"
    file.write_text(text)

    with pytest.raises(SettingsFaults, match="DETAILS_TYPES names a file that cannot be used"):
        loaded(AUTHORIZATION_DETAILS_TYPES=str(file))
    with pytest.raises(SettingsFaults, match="must name a file that can be read"):
        loaded(AUTHORIZATION_DETAILS_TYPES=str(tmp_path / "none.json"))
