"""What can go wrong in the life of a key. The argument of each says precisely what."""

from datetime import datetime, timedelta


class KeysError(Exception):
    """Anything that concerns keys."""


class InvalidSignature(KeysError):
    """A token is not one of ours: form, key, purpose, type or signature is wrong. Nothing in it may be believed."""


class CannotSign(KeysError):
    """There is no key that may sign now: none active, too old, or this node has lost sight of the store."""


class EnvelopeError(KeysError):
    """An envelope does not open: wrong key-encryption key, wrong row, or not an envelope."""


class MoveRefused(KeysError):
    """What was asked would break a rule of key life; the argument is a sentence for the operator."""


class TooEarly(MoveRefused):
    """It may be done, but not yet."""

    def __init__(self, reason: str, earliest: datetime) -> None:
        shown = earliest + timedelta(microseconds=-earliest.microsecond % 1_000_000)
        super().__init__(f"{reason} Earliest: {shown:%Y-%m-%d %H:%M:%S} UTC.")
        self.earliest = earliest


class KeysChanged(KeysError):
    """Somebody else moved a key meanwhile, so nothing was done: look again and decide anew."""
