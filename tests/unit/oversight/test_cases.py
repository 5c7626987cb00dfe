"""The law of states: who may do what, which clock runs, what can never happen."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from qonys.core.errors import DataError, QonysError
from qonys.oversight.case_clocks import load_clocks
from qonys.oversight.case_decisions import (
    CloseCase,
    Decide,
    FileAppeal,
    GiveFeedback,
    Reverse,
    ReviewAppeal,
)
from qonys.oversight.case_holds import ApproveHold, LiftHold, ProposeHold
from qonys.oversight.case_operations import (
    AddEvidence,
    AddNote,
    Assign,
    Opening,
    Operation,
    Step,
    TellClient,
    act,
    open_case,
)
from qonys.oversight.case_reading import LANGUAGES, client_notice, view, words
from qonys.oversight.case_roles import MAY, READS, ROLES, Actor, RefusedError
from qonys.oversight.cases import (
    ALWAYS_PAYABLE,
    GRADES,
    STATUS_CLOCKS,
    Hold,
    Reason,
    case_from,
    payable,
    to_plain,
)
from qonys.oversight.tables import KINDS

CLOCKS = load_clocks("KAZ")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA = Actor("anna", "analyst", "north")
BORIS = Actor("boris", "approver", "north")
CLEO = Actor("cleo", "reviewer", "north")
DESK = Actor("desk", "client_desk", "north")
SAUL = Actor("saul", "supervisor", "north")
SIGN = Reason("shared_device", "3 strangers", {"en": "Others used the same telephone."})
ALERT = Opening("A1", "acc-7", (SIGN,))
JUDGING = re.compile("dropp?er|дропп?ер", re.IGNORECASE)


def step(actor, at=START):
    return Step(actor, at, CLOCKS)


def opened(opening=ALERT, at=START):
    return open_case(opening, step(ANNA, at), "C000001", "salt")


def after(case, *done, at=START):
    for actor, operation in done:
        case = act(case, operation, step(actor, at))
    return case


def held(grade="account", **more):
    scope = "" if grade == "account" else "payment 17"
    propose = ProposeHold(grade, "goes on within minutes", scope, lists=("gray",), **more)
    case = after(opened(), (ANNA, Assign("anna")), (ANNA, propose))
    return after(case, (BORIS, ApproveHold(1))) if grade == "account" else case


# Holds


def test_a_hold_of_the_account_needs_another_person_with_the_role():
    case = after(opened(), (ANNA, ProposeHold("account", "goes on")))
    assert case.holds[0].state(START) == "proposed"
    assert not case.live_holds(START)
    with pytest.raises(RefusedError, match="may not approve"):
        after(case, (ANNA, ApproveHold(1)))
    with pytest.raises(RefusedError, match="who proposed a hold") as caught:
        after(case, (replace(ANNA, role="approver"), ApproveHold(1)))
    assert caught.value.why == "four_eyes"
    case = after(case, (BORIS, ApproveHold(1)))
    assert [hold.number for hold in case.live_holds(START)] == [1]
    with pytest.raises(DataError, match="hold 1 is in force, not proposed"):
        after(case, (BORIS, ApproveHold(1)))


def test_a_proposal_lapses_by_itself():
    case = after(opened(), (ANNA, ProposeHold("account", "goes on")))
    late = START + timedelta(hours=24)
    assert case.holds[0].state(late) == "lapsed"
    with pytest.raises(DataError, match="is lapsed, not proposed"):
        act(case, ApproveHold(1), step(BORIS, late))


def test_any_hold_can_be_made_to_wait_for_a_second_person():
    case = after(opened(), (ANNA, ProposeHold("limit", "x", "100", four_eyes=True)))
    assert case.holds[0].state(START) == "proposed"


def test_a_hold_ends_by_itself_without_any_job():
    case = held("transaction")
    until = case.holds[0].until
    assert until is not None
    assert case.live_holds(until - timedelta(seconds=1))
    assert not case.live_holds(until)
    assert case.holds[0].state(until) == "over"


def test_a_clock_of_law_is_not_begun_anew():
    case = held("transaction")
    until = case.holds[0].until
    case = act(
        case, ProposeHold("channel", "again", "app"), step(ANNA, START + timedelta(days=4))
    )
    assert case.holds[1].until == until
    with pytest.raises(DataError, match="the term suspension of this case ran out"):
        act(case, ProposeHold("account", "again"), step(ANNA, until))


def test_waiting_for_the_intelligence_unit_is_24_hours_and_silent():
    wait = ProposeHold("transaction", "report sent", "payment 17", clock="fiu_answer")
    case = after(opened(), (ANNA, wait))
    assert case.holds[0].until == START + timedelta(hours=24)
    assert case.silent
    with pytest.raises(DataError, match="no clock for this hold"):
        after(opened(), (ANNA, ProposeHold("account", "x", clock="fiu_answer")))


def test_what_a_hold_must_say():
    with pytest.raises(DataError, match="Grades: note, question"):
        after(opened(), (ANNA, ProposeHold("prison", "x")))
    with pytest.raises(DataError, match=r"scope: empty"):
        after(opened(), (ANNA, ProposeHold("limit", "x")))
    with pytest.raises(DataError, match="no such hold"):
        after(opened(), (ANNA, LiftHold(1, "x")))


def test_lifting_ends_a_hold_at_once():
    case = after(held(), (ANNA, LiftHold(1, "it was rent")))
    assert case.holds[0].state(START) == "lifted"
    with pytest.raises(DataError, match="is lifted: there is nothing to lift"):
        after(case, (ANNA, LiftHold(1, "again")))


@pytest.mark.parametrize("grade", GRADES)
def test_wages_pensions_benefits_stipends_and_rent_stay_payable(grade):
    hold = Hold(1, grade, "x", "x", "suspension", (), "anna", START)
    assert all(payable(hold, kind) for kind in ALWAYS_PAYABLE)
    stops = {kind for kind in KINDS if not payable(hold, kind)}
    assert stops == (set() if grade in ("note", "question") else set(KINDS) - ALWAYS_PAYABLE)
    with pytest.raises(DataError, match="no kind of payment"):
        payable(hold, "ransom")


# Decisions and appeals


def test_a_decision_against_a_client_is_another_persons():
    case = held()
    with pytest.raises(RefusedError, match="analyst may not confirm"):
        after(case, (ANNA, Decide("confirmed", "x")))
    with pytest.raises(RefusedError, match="who opened or examined"):
        after(case, (replace(ANNA, role="supervisor"), Decide("confirmed", "x")))
    vera = Actor("vera", "approver", "north")
    with pytest.raises(RefusedError, match="who opened or examined"):
        after(case, (SAUL, Assign("vera")), (vera, Decide("confirmed", "x")))
    case = after(case, (BORIS, Decide("confirmed", "the papers", lists=("black",))))
    assert (case.status, set(case.listed)) == ("decided", {"gray", "black"})


@pytest.mark.parametrize("outcome", ["unfounded", "inconclusive"])
def test_a_decision_for_a_client_frees_in_the_same_step(outcome):
    with pytest.raises(DataError, match=r"would stay on a list \('gray'\)"):
        after(held(), (ANNA, Decide(outcome, "it was rent")))
    case = after(held(), (ANNA, Decide(outcome, "it was rent", cleared=("gray",))))
    assert not case.live_holds(START)
    assert not case.listed
    with pytest.raises(DataError, match="A new alert opens a new case"):
        after(case, (ANNA, ProposeHold("account", "again")))


def test_an_appeal_is_answered_by_somebody_who_took_no_part():
    case = after(held(), (DESK, FileAppeal("It was rent.")))
    assert case.clock is not None
    assert case.clock.name == "appeal"
    for one in ("anna", "boris", "desk"):
        with pytest.raises(RefusedError, match="took no part") as caught:
            after(case, (Actor(one, "reviewer", "north"), ReviewAppeal(True, "x")))
        assert caught.value.why == "independence"
    given_to = after(opened(), (SAUL, Assign("vera")))
    given_to = after(given_to, (SAUL, ProposeHold("limit", "x", "10")))
    given_to = after(given_to, (DESK, FileAppeal("x")))
    with pytest.raises(RefusedError):
        after(given_to, (Actor("vera", "reviewer", "north"), ReviewAppeal(True, "x")))


def test_a_granted_appeal_ends_holds_then_clears_lists_and_lets_signs_rest():
    case = after(
        held(),
        (BORIS, Decide("confirmed", "the papers", lists=("black",))),
        (DESK, FileAppeal("It was rent.")),
        (CLEO, ReviewAppeal(True, "It was rent.")),
    )
    assert case.status == "granted"
    assert not case.live_holds(START)
    assert case.outcome == "unfounded"
    with pytest.raises(DataError, match="gray"):
        after(case, (CLEO, Reverse("x", ("black",), date(2026, 9, 1))))
    case = after(case, (CLEO, Reverse("x", ("black", "gray", "app"), date(2026, 9, 1))))
    assert [one.name for one in case.cleared] == ["black", "gray", "app"]
    assert not case.listed
    assert [(one.sign, one.until) for one in case.feedback] == [
        ("shared_device", date(2026, 9, 1))
    ]
    case = after(case, (ANNA, CloseCase()))
    assert (case.status, case.clock) == ("closed", None)


def test_a_refused_appeal_gives_the_case_back_with_its_old_clock():
    case = held()
    clock = case.clock
    case = after(case, (DESK, FileAppeal("x")))
    later = START + timedelta(days=2)
    case = act(case, ReviewAppeal(False, "The papers say otherwise."), step(CLEO, later))
    assert (case.status, case.clock) == ("examining", clock)
    # A second appeal needs a second reviewer.
    case = act(case, FileAppeal("y"), step(DESK, later))
    with pytest.raises(RefusedError):
        act(case, ReviewAppeal(True, "x"), step(CLEO, later))


def test_a_closed_case_can_be_appealed():
    case = after(held(), (BORIS, Decide("confirmed", "papers")), (ANNA, LiftHold(1, "over")))
    case = after(case, (ANNA, CloseCase()), (DESK, FileAppeal("x")))
    case = after(case, (CLEO, ReviewAppeal(False, "x")))
    assert (case.status, case.clock) == ("closed", None)


def test_nothing_done_is_nothing_to_appeal():
    with pytest.raises(DataError, match="nothing was done against the client"):
        after(opened(), (DESK, FileAppeal("x")))


def test_a_case_is_reversed_without_an_appeal_by_who_may_confirm():
    case = after(held(), (BORIS, Decide("confirmed", "papers")))
    back = Reverse("a mistake", ("gray",), date(2026, 9, 1))
    with pytest.raises(RefusedError, match="only after an appeal"):
        after(case, (CLEO, back))
    assert after(case, (SAUL, back)).outcome == "unfounded"


def test_a_case_with_a_hold_in_force_is_not_closed():
    case = after(held(), (BORIS, Decide("confirmed", "papers")))
    with pytest.raises(DataError, match=r"Lift them, or wait until 2026-03-10T19:00:00Z"):
        after(case, (ANNA, CloseCase()))


def test_feedback_has_an_end():
    for until in (date(2026, 3, 2), date(2027, 4, 1)):
        with pytest.raises(DataError, match="no end of a rest"):
            after(opened(), (BORIS, GiveFeedback("shared_device", until)))
    case = after(opened(), (BORIS, GiveFeedback("shared_device", date(2026, 6, 1))))
    assert case.feedback[0].until == date(2026, 6, 1)


def test_signs_that_rest_open_no_case():
    resting = frozenset({"shared_device"})
    with pytest.raises(DataError, match="every sign of this alert rests"):
        open_case(ALERT, step(ANNA), "C000001", "salt", resting)
    both = replace(ALERT, reasons=(SIGN, Reason("pass_through", "90 % out in an hour")))
    case = open_case(both, step(ANNA), "C000001", "salt", resting)
    assert [reason.sign for reason in case.reasons] == ["pass_through"]


# Clocks of states


def test_every_state_has_a_clock_or_is_closed():
    granted = after(held(), (DESK, FileAppeal("x")), (CLEO, ReviewAppeal(True, "x")))
    seen = {
        "suspicion": opened(),
        "examining": held(),
        "decided": after(held(), (BORIS, Decide("confirmed", "x"))),
        "appealed": after(held(), (DESK, FileAppeal("x"))),
        "granted": granted,
        "reversed": after(granted, (CLEO, Reverse("x", ("gray",), date(2026, 9, 1)))),
    }
    assert set(seen) == set(STATUS_CLOCKS)
    for status, case in seen.items():
        assert case.status == status
        assert case.clock is not None
        assert case.clock.name == STATUS_CLOCKS[status]
        assert not case.overdue(START)
        assert case.overdue(case.clock.until)


def test_a_clock_of_a_machine_that_is_wrong_is_told():
    with pytest.raises(DataError, match="Set this machine's clock right"):
        act(opened(), AddNote("x"), step(ANNA, START - timedelta(hours=1)))
    case = act(opened(), AddNote("x"), step(ANNA, START - timedelta(seconds=30)))
    assert case.changed == START


def test_what_a_state_does_not_allow_is_told_with_what_does():
    with pytest.raises(DataError, match=r"cannot decide while the case is suspicion"):
        after(opened(), (ANNA, Decide("unfounded", "x")))
    with pytest.raises(DataError, match=r"Possible while it is: decided, reversed"):
        after(opened(), (ANNA, CloseCase()))


# Words


@pytest.mark.parametrize("word", ["a dropper", "Дроппера", "дропер", "DROPPERS"])
def test_before_a_decision_no_text_calls_a_person_that(word):
    for operation in (
        AddNote(f"He is {word}."),
        ProposeHold("account", word),
        ProposeHold("limit", "x", word),
        AddEvidence(word, "0" * 64),
        TellClient("branch", "en", word),
        LiftHold(1, word),
    ):
        with pytest.raises(DataError, match="this is a suspicion"):
            after(held(), (ANNA, operation))
    for opening in (
        replace(ALERT, reasons=(replace(SIGN, says=word),)),
        replace(ALERT, reasons=(replace(SIGN, sign=word),)),
        replace(ALERT, reasons=(replace(SIGN, client={"en": word}),)),
        replace(ALERT, alert=word),
    ):
        with pytest.raises(DataError, match="this is a suspicion"):
            opened(opening)
    # Clients say what they want; after a decision it may be written down.
    assert after(held(), (DESK, FileAppeal(f"I am no {word}!"))).appeals
    decided = after(held(), (BORIS, Decide("confirmed", f"was {word}")))
    assert after(decided, (ANNA, AddNote(word))).notes


def test_no_text_of_ours_calls_a_person_that():
    for lang in LANGUAGES:
        assert not any(JUDGING.search(text) for text in words(lang).values())
    assert not any(JUDGING.search(name) for name in STATUS_CLOCKS)


def test_the_three_languages_have_the_same_keys_in_order():
    read = {
        lang: (files("qonys.oversight") / "texts" / f"{lang}.toml").read_text("utf-8")
        for lang in LANGUAGES
    }
    keys = {lang: list(tomllib.loads(text)) for lang, text in read.items()}
    assert set(keys["en"]) == set(keys["ru"]) == set(keys["kk"])
    for lang in LANGUAGES:
        mine = [key for key in keys[lang] if key.startswith("client_")]
        assert mine == sorted(mine)
        for key in mine:
            slots = re.findall(r"{\w+}", words(lang)[key])
            assert sorted(slots) == sorted(re.findall(r"{\w+}", words("en")[key]))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("grade", GRADES)
def test_the_notice_says_why_what_works_how_to_object_and_by_when(lang, grade):
    case = held(grade)
    text = client_notice(case, lang, START, CLOCKS)
    texts = words(lang)
    for key in ("why", "holds", "works", "object"):
        assert texts[f"client_head_{key}"] in text
    assert texts["client_works_always"] in text
    assert "C000001" in text
    assert "{" not in text
    assert "3 strangers" not in text  # for the staff
    if grade not in ("note", "question"):
        assert "10" in text  # the last day, and that of an answer
        assert texts["client_object_who"] in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_notice_of_every_state_has_words(lang):
    granted = after(held(), (DESK, FileAppeal("x")), (CLEO, ReviewAppeal(True, "x")))
    back = after(granted, (CLEO, Reverse("x", ("gray",), date(2026, 9, 1))))
    free = after(held(), (ANNA, Decide("unfounded", "x", cleared=("gray",))))
    shown = {
        client_notice(case, lang, START, CLOCKS)
        for case in (
            opened(),
            held(),
            after(held(), (BORIS, Decide("confirmed", "x"))),
            free,
            after(held(), (DESK, FileAppeal("x"))),
            granted,
            back,
            after(free, (ANNA, CloseCase())),
        )
    }
    assert len(shown) == 8
    assert not any(JUDGING.search(text) for text in shown)


def test_a_silent_case_reads_like_one_without_words_for_clients():
    plain = replace(ALERT, reasons=(replace(SIGN, client={}),))
    silent = client_notice(opened(replace(ALERT, silent=True)), "en", START, CLOCKS)
    assert silent == client_notice(opened(plain), "en", START, CLOCKS)
    assert "Others used the same telephone." in client_notice(opened(), "en", START, CLOCKS)
    case = opened(replace(ALERT, silent=True))
    with pytest.raises(DataError, match="could give the report away"):
        after(case, (DESK, TellClient("branch", "en", "we sent a report")))
    told = after(case, (DESK, TellClient("branch", "en"))).told[0]
    assert told.text == silent
    with pytest.raises(DataError, match="no such language"):
        after(case, (DESK, TellClient("branch", "de")))


# Roles


def test_a_role_that_may_not_is_told_who_may():
    operations = {
        one.action: one for one in Operation.__subclasses__() if hasattr(one, "action")
    }
    assert set(operations) | {"open", "show", "list", "overdue", "notice", "export"} == set(MAY)
    samples = [
        Assign("anna"),
        AddNote("x"),
        AddEvidence("x", "0" * 64),
        TellClient("branch", "en"),
        ProposeHold("account", "x"),
        ApproveHold(1),
        LiftHold(1, "x"),
        Decide("unfounded", "x"),
        FileAppeal("x"),
        ReviewAppeal(True, "x"),
        Reverse("x", (), date(2026, 9, 1)),
        CloseCase(),
        GiveFeedback("x", date(2026, 9, 1)),
    ]
    assert {type(one) for one in samples} == set(operations.values())
    for operation in samples:
        for role in set(ROLES) - MAY[operation.action]:
            with pytest.raises(RefusedError, match="May: "):
                after(opened(), (Actor("zoe", role, "north"), operation))


def test_another_units_case_is_not_there():
    with pytest.raises(RefusedError, match="no such case in your unit") as caught:
        after(opened(), (replace(ANNA, unit="south"), AddNote("x")))
    assert caught.value.why == "unit"


def test_an_analyst_gives_no_case_away():
    with pytest.raises(RefusedError, match="gives no case to another"):
        after(opened(), (ANNA, Assign("vera")))
    assert after(opened(), (SAUL, Assign("vera"))).assignee == "vera"


def gathered():
    """A case with everything in it that somebody must not read."""
    case = after(
        opened(replace(ALERT, evidence=(("strangers.csv", "1" * 64, "others"),))),
        (ANNA, Assign("anna")),
        (ANNA, AddNote("SECRET note")),
        (ANNA, AddEvidence("papers.pdf", "2" * 64, "client")),
        (ANNA, ProposeHold("limit", "SECRET reason", "100,000 a day")),
        (DESK, TellClient("branch", "en", "SECRET words")),
        (DESK, FileAppeal("PERSONAL words")),
    )
    return after(case, (CLEO, ReviewAppeal(False, "ANSWER")))


def test_the_clients_desk_reads_no_evidence_on_others_and_no_notes():
    data = view(gathered(), "client_desk", START)
    text = str(data)
    assert "SECRET note" not in text
    assert "SECRET reason" not in text
    assert "3 strangers" not in text
    assert [one["name"] for one in data["evidence"]] == ["papers.pdf"]
    assert data["holds"][0]["scope"] == "100,000 a day"
    assert data["appeals"][0]["answer"] == "ANSWER"
    assert data["reasons"] == [{"client": {"en": "Others used the same telephone."}}]
    assert "anna" not in text
    silent = view(replace(gathered(), silent=True), "client_desk", START)
    assert silent["reasons"] == []


def test_the_auditor_reads_who_and_when_but_nothing_personal():
    data = view(gathered(), "auditor", START)
    text = str(data)
    for personal in ("acc-7", "SECRET", "PERSONAL", "ANSWER", "3 strangers", "papers", "salt"):
        assert personal not in text
    assert data["acted"] == ["anna", "desk", "cleo"]
    assert data["holds"][0]["by"] == "anna"
    assert data["evidence"][0]["sha256"] == "1" * 64


@pytest.mark.parametrize("role", ["analyst", "approver", "reviewer", "supervisor"])
def test_those_who_decide_read_all_but_the_salt(role):
    data = view(gathered(), role, START)
    assert "salt" not in data
    assert data["notes"][0]["text"] == "SECRET note"
    assert data["holds"][0]["state"] == "in force"


def test_what_is_read_is_there():
    data = view(gathered(), "analyst", START)
    for fields in READS.values():
        assert set(fields) <= set(data)


def test_actors_and_codes_are_checked():
    with pytest.raises(DataError) as caught:
        Actor("Anna B.", "boss", "")
    assert len(caught.value.faults) == 3
    for account in ("900101300123", "KZ86125KZT5004100100", "two\nlines", " "):
        with pytest.raises(DataError):
            opened(replace(ALERT, account=account))
    with pytest.raises(DataError, match="no SHA-256"):
        after(opened(), (ANNA, AddEvidence("x", "abc")))
    with pytest.raises(DataError, match="about nobody"):
        after(opened(), (ANNA, AddEvidence("x", "0" * 64, "me")))
    with pytest.raises(DataError, match="no reason"):
        opened(replace(ALERT, reasons=()))
    for text in (" ", "x" * 10_001, "a\x00b"):
        with pytest.raises(DataError):
            after(opened(), (ANNA, AddNote(text)))


def test_a_case_survives_being_written_down():
    for case in (opened(), held(), gathered()):
        assert case_from(to_plain(case)) == case


# Whatever is done in whatever order

NAMES = ("anna", "boris", "cleo", "dina")
PEOPLE = [Actor(name, role, "north") for name in NAMES for role in ROLES]
OPERATIONS = {
    Assign: st.sampled_from([Assign(name) for name in ("anna", "boris", "cleo")]),
    AddNote: st.just(AddNote("x")),
    ProposeHold: st.builds(
        ProposeHold,
        st.sampled_from(GRADES),
        st.just("why"),
        st.just("payment 17"),
        st.sampled_from(["", "suspension", "fiu_answer"]),
        st.sampled_from([(), ("gray",), ("gray", "app")]),
        st.booleans(),
    ),
    ApproveHold: st.builds(ApproveHold, st.integers(1, 4)),
    LiftHold: st.builds(LiftHold, st.integers(1, 4), st.just("why")),
    Decide: st.builds(
        Decide,
        st.sampled_from(["confirmed", "inconclusive", "unfounded"]),
        st.just("why"),
        st.sampled_from([(), ("black",)]),
        st.sampled_from([(), ("gray", "app", "black")]),
    ),
    TellClient: st.just(TellClient("branch", "en")),
    FileAppeal: st.just(FileAppeal("no")),
    ReviewAppeal: st.builds(ReviewAppeal, st.booleans(), st.just("why")),
    Reverse: st.builds(
        Reverse,
        st.just("why"),
        st.sampled_from([(), ("gray", "app", "black")]),
        st.just(date(2026, 9, 1)),
    ),
    CloseCase: st.just(CloseCase()),
    GiveFeedback: st.just(GiveFeedback("shared_device", date(2026, 8, 1))),
}


def allowed(operation):
    """People whose role may do it, so that walks come far."""
    return [one for one in PEOPLE if one.role in MAY[operation.action]]


def require_lawful(before, case, operation, actor, now):
    """What must hold after every operation."""
    assert (case.clock is None) == (case.status == "closed")
    for hold in case.holds:
        if hold.start is None:
            assert hold.lapses is not None
            continue
        assert hold.until is not None
        assert hold.until <= CLOCKS.end(hold.clock, hold.start).until
        firsts = [one.start for one in case.holds if one.clock == hold.clock and one.start]
        assert hold.until == CLOCKS.end(hold.clock, min(firsts)).until
        assert hold.state(hold.until) in ("over", "lifted")
        if hold.grade == "account" or hold.lapses is not None:
            assert hold.approved_by not in ("", hold.by)
        assert all(payable(hold, kind) for kind in ALWAYS_PAYABLE)
    if isinstance(operation, ReviewAppeal):
        assert actor.name not in {*before.acted, before.assignee}
    if case.outcome in ("inconclusive", "unfounded"):
        assert all(hold.grade == "note" or not hold.start for hold in case.live_holds(now))
        assert case.status == "granted" or not case.listed or case.status == "appealed"
    if case.outcome == "confirmed" and case.status == "decided":
        assert case.decisions[-1].by not in (case.opener, case.assignee)
    assert case.version == before.version + 1


@settings(max_examples=250)
@given(st.data())
def test_whatever_is_done_the_law_holds(data):
    decided = after(held(), (BORIS, Decide("confirmed", "x")))
    starts = [opened(), held(), decided, after(decided, (DESK, FileAppeal("x")))]
    now, case = START, data.draw(st.sampled_from(starts))
    for _ in range(data.draw(st.integers(5, 20))):
        now += timedelta(hours=data.draw(st.sampled_from([0, 1, 12, 40])))
        # What its state allows, by a role that may, so that walks come far.
        kind = data.draw(
            st.sampled_from([one for one in OPERATIONS if case.status in one.states])
        )
        operation = data.draw(OPERATIONS[kind])
        actor = data.draw(st.sampled_from(allowed(operation)))
        try:
            following = act(case, operation, step(actor, now))
        except QonysError:
            continue
        event(f"reached {following.status}")
        require_lawful(case, following, operation, actor, now)
        case = following
