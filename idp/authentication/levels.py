"""Authenticator assurance: what a set of proofs is worth (SP 800-63B-4 section 2, RFC 8176)."""

from collections.abc import Collection

AAL1, AAL2, AAL3 = LEVELS = ("aal1", "aal2", "aal3")
"""Weakest first."""
REACHABLE = (AAL1, AAL2)
"""What a citizen can prove here. AAL3 wants a key that cannot leave its device, and only attestation shows that."""

PASSWORD = "pwd"
ONE_TIME_CODE = "otp"
"""A TOTP or a printed backup code."""
DEVICE_BOUND_PASSKEY = "hwk"
SYNCED_PASSKEY = "swk"
USER_VERIFIED = "user"
"""The passkey's device asked for a PIN, face or finger."""
SEVERAL_FACTORS = "mfa"


def level_of(amr: Collection[str]) -> str:
    """Return the level these methods reach together; never round up.

    A passkey whose device verified the person is two factors in one. It stops at aal2 even if it says
    that its key is bound to the device: no attestation is checked, so that is its own word.
    """
    passkey = bool({DEVICE_BOUND_PASSKEY, SYNCED_PASSKEY} & set(amr))
    if passkey and (USER_VERIFIED in amr or PASSWORD in amr):
        return AAL2
    if PASSWORD in amr and ONE_TIME_CODE in amr:
        return AAL2
    return AAL1


def at_least(have: str, want: str) -> bool:
    """Say whether one level satisfies another; a level we do not know satisfies nothing and is satisfied by nothing."""
    if have not in LEVELS or want not in LEVELS:
        return False
    return LEVELS.index(have) >= LEVELS.index(want)


def combined(*methods: str) -> tuple[str, ...]:
    """Return the `amr` of these methods, each once, with `mfa` when they make more than one factor."""
    amr = tuple(dict.fromkeys(method for method in methods if method != SEVERAL_FACTORS))
    return amr if level_of(amr) == AAL1 else (*amr, SEVERAL_FACTORS)
