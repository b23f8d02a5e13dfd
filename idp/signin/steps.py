"""What a citizen must do next: one pure function, the policy of every sign-in."""

from enum import StrEnum


class Step(StrEnum):
    """What is missing before the agency can have its answer."""

    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    SELECT_ACCOUNT = "select_account"
    CONSENT = "consent"
    WRONG_CITIZEN = "wrong_citizen"
    """Nothing the citizen can do: the agency asked about somebody else."""
    ANSWER = "answer"
