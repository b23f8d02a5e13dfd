"""Why a new password is refused, in words."""

from flask_babel import gettext as _

from idp.authentication.password_rules import Unfit


def why(reason: Unfit) -> str:
    """Return the sentence."""
    sentences = {
        Unfit.UNUSABLE: _("Enter a password of at most 256 characters"),
        Unfit.SHORT: _("Your password must have at least 8 characters"),
        Unfit.SHORT_ALONE: _("Your password must have at least 15 characters, or 8 with a code app"),
        Unfit.COMMON: _(
            "That password is one of the first that strangers would try. Choose another, for example four words."
        ),
        Unfit.BREACHED: _(
            "That password is in lists stolen from other websites, so strangers will try it. "
            "Choose another, for example four words."
        ),
        Unfit.OWN: _("Your password must not be made of your own name or email address"),
    }
    return str(sentences[reason])
