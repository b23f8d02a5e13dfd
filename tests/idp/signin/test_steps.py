"""What a citizen must do next: never an answer while something is missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.authorization.request import AuthorizationRequest
from idp.authentication.levels import LEVELS, at_least
from idp.consent.ledger import Consent
from idp.sessions.model import Session
from idp.signin.interaction import Interaction
from idp.signin.steps import Step, Visitor, next_step

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=30)
BEGAN = NOW - timedelta(minutes=2)
ITEMS = frozenset({"scope:openid", "scope:email"})

AGREED = Consent(citizen_id="c1", client_id="rp", items=ITEMS, agreed_at=EARLIER)
OLD = Session(
    session_id="one",
    citizen_id="c1",
    created_at=EARLIER,
    authenticated_at=EARLIER,
    acr="aal1",
    amr=("pwd",),
    last_seen_at=NOW,
)
FRESH = replace(OLD, authenticated_at=NOW - timedelta(minutes=1))


def interaction(
    *, level: str = "aal1", confidence: str | None = None, done: dict[str, Any] | None = None, **asked: Any
) -> Interaction:
    request = AuthorizationRequest(
        client_id="rp", redirect_uri="https://rp.example/cb", scope=("openid", "email"), **asked
    )
    return Interaction(
        interaction_id="i",
        asked=request,
        level=level,
        confidence=confidence,
        items=ITEMS,
        began_at=BEGAN,
        authenticated_before=EARLIER,
        **(done or {}),
    )


@pytest.mark.parametrize(
    ("ahead", "step"), [(10, Step.ANSWER), (60, Step.ANSWER), (61, Step.SIGN_IN), (7200, Step.SIGN_IN)]
)
def test_a_session_from_the_future_is_none_until_clocks_may_differ_so(ahead: int, step: Step) -> None:
    later = NOW + timedelta(seconds=ahead)

    assert next_step(interaction(), visitor(replace(OLD, authenticated_at=later, last_seen_at=later)), NOW) is step


def visitor(session: Session = OLD, consent: Consent | None = AGREED, **more: Any) -> Visitor:
    return Visitor(session=session, subject="s1", consent=consent, **more)


@pytest.mark.parametrize(
    ("asked", "who", "step"),
    [
        (interaction(), None, Step.SIGN_IN),
        (interaction(), visitor(), Step.ANSWER),
        (interaction(), visitor(replace(OLD, ended_at=NOW)), Step.SIGN_IN),
        (interaction(), visitor(replace(OLD, last_seen_at=NOW - timedelta(hours=2))), Step.SIGN_IN),
        (interaction(), visitor(consent=None), Step.CONSENT),
        (interaction(), visitor(consent=replace(AGREED, items=frozenset({"scope:openid"}))), Step.CONSENT),
        (interaction(), visitor(consent=replace(AGREED, citizen_id="c2")), Step.CONSENT),
        (interaction(prompt=("none",)), visitor(), Step.ANSWER),
        (interaction(prompt=("login",)), visitor(), Step.SIGN_IN),
        (interaction(prompt=("login",)), visitor(FRESH), Step.ANSWER),
        (interaction(max_age=3600), visitor(), Step.ANSWER),
        (interaction(max_age=60), visitor(), Step.SIGN_IN),
        (interaction(max_age=0), visitor(), Step.SIGN_IN),
        (interaction(max_age=0), visitor(FRESH), Step.ANSWER),
        (interaction(prompt=("consent",)), visitor(), Step.CONSENT),
        (interaction(prompt=("consent",), done={"consented_by": "c1"}), visitor(), Step.ANSWER),
        (interaction(prompt=("consent",), done={"consented_by": "c2"}), visitor(), Step.CONSENT),
        (interaction(prompt=("consent",), done={"consented_by": "c1"}), visitor(consent=None), Step.CONSENT),
        (interaction(prompt=("select_account",)), visitor(), Step.SELECT_ACCOUNT),
        (interaction(prompt=("select_account",), done={"account_chosen": "one"}), visitor(), Step.ANSWER),
        (interaction(prompt=("select_account",), done={"account_chosen": "two"}), visitor(), Step.SELECT_ACCOUNT),
        (interaction(prompt=("select_account",)), visitor(FRESH), Step.ANSWER),
        (interaction(prompt=("login", "select_account")), visitor(), Step.SIGN_IN),
        (interaction(done={"another_wanted": True}), visitor(), Step.SIGN_IN),
        (interaction(done={"another_wanted": True}), visitor(FRESH), Step.ANSWER),
        (interaction(login_hint="b@c.example"), visitor(expected=False), Step.SELECT_ACCOUNT),
        (interaction(login_hint="b@c.example"), visitor(FRESH, expected=False), Step.ANSWER),
        (interaction(level="aal2"), visitor(), Step.STEP_UP),
        (interaction(level="aal2"), visitor(replace(OLD, acr="aal3")), Step.ANSWER),
        (interaction(level="aal2"), visitor(replace(OLD, acr="nonsense")), Step.STEP_UP),
        (interaction(level="aal2", prompt=("none",)), visitor(), Step.STEP_UP),
        (interaction(level="aal2", prompt=("none",)), visitor(consent=None), Step.CONSENT),
        (interaction(max_age=60, prompt=("none",)), visitor(), Step.SIGN_IN),
        (interaction(max_age=60, prompt=("none",)), visitor(consent=None), Step.CONSENT),
        (interaction(hinted_subject="s2", prompt=("none",)), visitor(consent=None), Step.SIGN_IN),
        (interaction(level="aal2"), visitor(consent=None), Step.STEP_UP),
        (interaction(confidence="P2"), visitor(confidence="P1"), Step.TOO_LITTLE_KNOWN),
        (interaction(confidence="P2"), visitor(consent=None, confidence="P1"), Step.CONSENT),
        (interaction(confidence="P2"), visitor(consent=None, confidence="P2"), Step.CONSENT),
        (interaction(confidence="P2", prompt=("none",)), visitor(consent=None, confidence="P1"), Step.CONSENT),
        (interaction(hinted_subject="s1"), visitor(), Step.ANSWER),
        (interaction(hinted_subject="s2"), visitor(), Step.SIGN_IN),
        (interaction(hinted_subject="s2"), visitor(FRESH), Step.WRONG_CITIZEN),
    ],
)
def test_the_policy(asked: Interaction, who: Visitor | None, step: Step) -> None:
    assert next_step(asked, who, NOW) is step


def test_an_older_session_put_in_place_of_the_one_brought_is_no_new_proof() -> None:
    asked = interaction(prompt=("login",))
    put_in_place = replace(OLD, session_id="two", authenticated_at=EARLIER + timedelta(minutes=10))

    assert next_step(asked, visitor(put_in_place), NOW) is Step.SIGN_IN
    assert next_step(replace(asked, authenticated_before=None), visitor(), NOW) is Step.SIGN_IN


def test_a_clock_a_little_behind_does_not_ask_twice() -> None:
    asked = interaction(prompt=("login",))
    behind = replace(OLD, authenticated_at=BEGAN - timedelta(seconds=3))

    assert next_step(asked, visitor(behind), NOW) is Step.ANSWER


@pytest.mark.parametrize(
    ("max_age", "minutes", "step"),
    [
        (60, 14, Step.ANSWER),
        (60, 16, Step.SIGN_IN),
        (0, 16, Step.SIGN_IN),
        (3600, 59, Step.ANSWER),
        (3600, 61, Step.SIGN_IN),
        (None, 100, Step.ANSWER),
    ],
)
def test_a_proof_made_in_the_interaction_does_not_stay_fresh_for_as_long_as_it_is_kept_open(
    max_age: int | None, minutes: int, step: Step
) -> None:
    proved_at = BEGAN + timedelta(minutes=1)
    later = proved_at + timedelta(minutes=minutes)
    session = replace(OLD, authenticated_at=proved_at, last_seen_at=later)

    assert next_step(interaction(max_age=max_age), visitor(session), later) is step


_AGES = st.integers(-10, 90).map(lambda minutes: NOW - timedelta(minutes=minutes))
_SESSIONS = st.builds(
    replace,
    st.just(OLD),
    session_id=st.sampled_from(["one", "two"]),
    citizen_id=st.sampled_from(["c1", "c2"]),
    authenticated_at=_AGES,
    last_seen_at=_AGES,
    ended_at=st.none() | _AGES,
    acr=st.sampled_from([*LEVELS, ""]),
)
_AGREED_ITEMS = st.frozensets(st.sampled_from(sorted(ITEMS)))
_CONSENTS = st.none() | st.builds(
    replace, st.just(AGREED), citizen_id=st.sampled_from(["c1", "c2"]), items=_AGREED_ITEMS
)
_VISITORS = st.builds(
    Visitor, session=_SESSIONS, subject=st.sampled_from(["s1", "s2"]), consent=_CONSENTS, expected=st.booleans()
)
_INTERACTIONS = st.builds(
    interaction,
    level=st.sampled_from(LEVELS),
    prompt=st.lists(st.sampled_from(["login", "consent", "select_account"]), unique=True).map(tuple),
    max_age=st.none() | st.integers(0, 4000),
    hinted_subject=st.sampled_from([None, "s1", "s2"]),
    done=st.fixed_dictionaries(
        {
            "account_chosen": st.sampled_from([None, "one", "two"]),
            "another_wanted": st.booleans(),
            "consented_by": st.sampled_from([None, "c1", "c2"]),
        }
    ),
)


@given(_INTERACTIONS, st.none() | _VISITORS)
def test_there_is_never_an_answer_while_something_is_missing(asked: Interaction, who: Visitor | None) -> None:
    if next_step(asked, who, NOW) is not Step.ANSWER:
        return

    assert who is not None
    session = who.session
    proved_here = session.authenticated_at != EARLIER and session.authenticated_at >= BEGAN - timedelta(seconds=10)
    assert session.ended_at is None
    assert session.last_seen_at + timedelta(hours=1) > NOW
    assert at_least(session.acr, asked.level)
    assert who.consent is not None
    assert who.consent.citizen_id == session.citizen_id
    assert who.consent.items >= ITEMS
    assert asked.asked.hinted_subject in (None, who.subject)
    assert proved_here or not ({"login"} & set(asked.prompt) or asked.another_wanted)
    age = (NOW - session.authenticated_at).total_seconds()
    assert asked.asked.max_age is None or age < max(asked.asked.max_age, 900 if proved_here else 0)
    assert "consent" not in asked.prompt or asked.consented_by == session.citizen_id
    chosen = asked.account_chosen == session.session_id
    assert proved_here or chosen or ("select_account" not in asked.prompt and who.expected)
