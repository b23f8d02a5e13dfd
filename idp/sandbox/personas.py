"""Six people who do not exist. Their passwords are public: they are for trying things out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A made-up citizen of the sandbox, with all it takes to sign in as them."""

    given_name: str
    family_name: str
    birthdate: str
    """YYYY-MM-DD."""
    password: str
    about: str
    """What trying this person shows."""
    email_name: str
    locale: str = "en"
    totp_secret: str | None = None
    """Base32."""

    @property
    def email(self) -> str:
        """An address under a top-level domain that nobody can own (RFC 2606)."""
        return f"{self.email_name}@sandbox.example"

    def arguments(self) -> list[str]:
        """Return the arguments of `countersign citizens` that make this person."""
        made = ["add", "--email", self.email, "--password", self.password, "--given-name", self.given_name]
        made += ["--family-name", self.family_name, "--birthdate", self.birthdate, "--locale", self.locale, "--json"]
        return made if self.totp_secret is None else [*made, "--totp-secret", self.totp_secret]


PERSONAS = (
    Persona(
        given_name="Amina",
        family_name="Okafor",
        birthdate="1988-03-14",
        email_name="amina",
        password="copper-lantern-drifts-42",
        about="password alone",
    ),
    Persona(
        given_name="Grace",
        family_name="Lindqvist",
        birthdate="1975-11-02",
        email_name="grace",
        password="velvet-orbit-pancake-17",
        about="password and code app",
        totp_secret="MZXW6YTBOI4TQNBVGEZDGNBVGY3TQOJQ",
    ),
    Persona(
        given_name="Dewi",
        family_name="Prydderch",
        birthdate="1962-03-01",
        email_name="dewi",
        password="pebble-harbour-whistle-63",
        about="Welsh pages and letters",
        locale="cy",
    ),
    Persona(
        given_name="Zoë",
        family_name="Żółkiewska-Núñez",
        birthdate="1999-07-30",
        email_name="zoe",
        password="ginger-satellite-umbrella-8",
        about="a name with diacritics",
    ),
    Persona(
        given_name="Kofi",
        family_name="Mensah",
        birthdate="1951-12-25",
        email_name="kofi",
        password="marble-thunder-orchard-95",
        about="first of two accounts",
    ),
    Persona(
        given_name="Kofi",
        family_name="Mensah",
        birthdate="1951-12-25",
        email_name="kofi.work",
        password="saddle-glacier-biscuit-31",
        about="second one, and code app",
        totp_secret="GE4DKNBSGY3TIOJVMFRGGZDFGEZDGNBV",
    ),
)
