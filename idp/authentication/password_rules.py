"""What a new password must be (SP 800-63B-4 section 3.1.1.2): long, and not what anybody would try first.

No rule about kinds of characters, and no expiry. Length and the citizen's own words are judged on the whole
password; how guessable it is, on its beginning.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from zxcvbn_rs_py import zxcvbn

from idp.authentication.breached_passwords import BreachedPasswords
from idp.authentication.passwords import UnpreparedPassword, prepare

ALONE = 15
"""Characters of a password that is the only factor."""
BESIDE_ANOTHER = 8
"""Characters of a password that has a second factor."""
_SERVICE = ("countersign",)
_FEWEST_GUESSES_ALONE = 8.0
_FEWEST_GUESSES = 6.0
"""Powers of ten, as zxcvbn estimates them."""
_ESTIMATED = 32
"""Characters given to zxcvbn: its time grows faster than the text, and a password is no weaker than its beginning."""
_SHORTEST_WORD = 3
_WORDS = re.compile(r"[\W_]+")


class Unfit(StrEnum):
    """Why a password is refused; pages turn it into a sentence."""

    UNUSABLE = "unusable"
    """Empty, over 256 characters, or with a control character."""
    SHORT = "short"
    SHORT_ALONE = "short_alone"
    """Long enough beside a second factor, but there is none."""
    COMMON = "common"
    BREACHED = "breached"
    """Stolen elsewhere, so that strangers have it in their lists."""
    OWN = "own"
    """Made of the citizen's own name or address, or of ours."""


class UnfitPassword(ValueError):
    """The citizen must choose another one."""

    def __init__(self, why: Unfit) -> None:
        super().__init__(why.value)
        self.why = why


def check(password: str, *, second_factor: bool, own: Iterable[str], breached: BreachedPasswords) -> bool:
    """Raise `UnfitPassword`, or return whether this password may stand alone.

    Raises `FilterUnreadable` where breached passwords should be known and are not. `own` is what a stranger who
    knows the citizen would try: names, the address. Hold one of the hashing places around this: the estimate takes
    as long as a hash.
    """
    try:
        prepared = prepare(password)
    except UnpreparedPassword as error:
        raise UnfitPassword(Unfit.UNUSABLE) from error
    if len(prepared) < BESIDE_ANOTHER:
        raise UnfitPassword(Unfit.SHORT)
    if not second_factor and len(prepared) < ALONE:
        raise UnfitPassword(Unfit.SHORT_ALONE)
    words = own_words(own)
    if _is_made_of(prepared, words):
        raise UnfitPassword(Unfit.OWN)
    guesses = zxcvbn(prepared[:_ESTIMATED], sorted(words)).guesses_log10
    if guesses < (_FEWEST_GUESSES if second_factor else _FEWEST_GUESSES_ALONE):
        raise UnfitPassword(Unfit.COMMON)
    if breached.holds(password):
        raise UnfitPassword(Unfit.BREACHED)
    return len(prepared) >= ALONE and guesses >= _FEWEST_GUESSES_ALONE


def own_words(own: Iterable[str]) -> set[str]:
    """Return the words of these texts, folded, with the service's own name."""
    texts = [text.casefold() for text in own]
    words = {word for text in texts for word in _WORDS.split(text)} | set(texts) | set(_SERVICE)
    return {word for word in words if len(word) >= _SHORTEST_WORD}


def _is_made_of(prepared: str, words: set[str]) -> bool:
    """Say whether nothing but digits and signs is left when the words are taken out, the longest first."""
    left = prepared.casefold()
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "")
    return left != prepared.casefold() and not any(character.isalpha() for character in left)
