"""The trail: what was changed, left out, moved or cut off is found at its entry."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonys.core.errors import DataError
from qonys.oversight.audit import (
    GENESIS,
    canonical,
    digest,
    follow,
    moment_text,
    read_line,
    read_trail,
    require_head,
    verify,
)


def trail(count=8):
    entries, head = [], GENESIS
    for seq in range(count):
        entry = follow(
            seq,
            head,
            at=f"2026-03-02T09:00:{seq:02d}Z",
            actor="anna",
            role="analyst",
            action="note",
            case="C000001",
            what={"version": seq + 1, "sign": "тест ә"},
        )
        entries.append(entry)
        head = entry.hash
    return entries


def lines(entries):
    return [entry.line for entry in entries]


def test_a_whole_trail_holds():
    entries = trail()
    verdict = verify(lines(entries), last=(8, entries[-1].hash))
    assert verdict.holds
    assert (verdict.entries, verdict.head) == (8, entries[-1].hash)
    assert verify([]).head == GENESIS


def test_the_hash_is_of_the_one_before_and_the_canonical_entry():
    first, second = trail(2)
    told = json.loads(second.line)
    body = {name: told[name] for name in told if name not in ("hash", "previous")}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    by_hand = hashlib.sha256(f"{first.hash}\n{text}".encode()).hexdigest()
    assert second.hash == by_hand == digest(first.hash, body)
    assert read_line(second.line) == second


@given(st.integers(0, 7), st.data())
def test_a_changed_byte_is_found_at_its_entry(at, data):
    whole = lines(trail())
    byte = data.draw(st.integers(0, len(whole[at]) - 1))
    other = data.draw(st.characters(max_codepoint=0x24F).filter(lambda c: c != whole[at][byte]))
    whole[at] = whole[at][:byte] + other + whole[at][byte + 1 :]
    verdict = verify(whole)
    assert verdict.broken is not None
    assert verdict.broken.place == at + 1
    assert verdict.entries == at


@pytest.mark.parametrize(
    ("change", "place", "kind"),
    [
        (lambda one: one[:3] + one[4:], 4, "gap"),
        (lambda one: [*one[:2], one[3], one[2], *one[4:]], 3, "gap"),
        (lambda one: [*one[:4], one[3], *one[4:]], 5, "order"),
        (lambda one: one[1:], 1, "gap"),
        (lambda one: [*one[:5], "", *one[5:]], 6, "changed"),
        (lambda one: [*one[:5], one[5].replace(",", ", ", 1), *one[6:]], 6, "changed"),
        (lambda one: [*one[:5], '{"seq":' + "[" * 100_000, *one[6:]], 6, "changed"),
    ],
)
def test_gaps_doubles_and_swaps_are_found_where_they_are(change, place, kind):
    broken = verify(change(lines(trail()))).broken
    assert broken is not None
    assert (broken.place, broken.kind) == (place, kind)


def test_an_entry_rewritten_with_its_hash_breaks_the_next():
    entries = trail()
    old = entries[3]
    entries[3] = follow(
        3,
        old.previous,
        at=old.at,
        actor="zoe",
        role=old.role,
        action=old.action,
        case=old.case,
        what=old.what,
    )
    broken = verify(lines(entries)).broken
    assert broken is not None
    assert (broken.place, broken.kind) == (5, "link")


def test_a_cut_end_is_found_by_a_head_noted_earlier():
    entries = trail()
    head = entries[5].hash
    assert verify(lines(entries), head).holds
    assert verify(lines(entries[:6]), head).holds
    assert verify(lines(entries[:5])).holds  # nothing tells, without a head
    broken = verify(lines(entries[:5]), head).broken
    assert broken is not None
    assert (broken.place, broken.kind) == (6, "cut")
    remembered = verify(lines(entries[:5]), last=(8, entries[-1].hash)).broken
    assert remembered is not None
    assert "remembers 8 entries, and 5" in remembered.problem


def test_a_trail_rewritten_to_its_end_is_found_by_a_head_noted_earlier():
    head = trail()[5].hash
    other = replace(trail(1)[0], actor="zoe")
    assert not verify([other.line]).holds
    rewritten = [follow(0, GENESIS, at="", actor="zoe", role="", action="", what={})]
    assert verify(lines(rewritten)).holds
    assert not verify(lines(rewritten), head).holds


def test_an_exported_file_is_checked_by_itself(tmp_path):
    path = tmp_path / "trail.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines(trail())), encoding="ascii")
    assert verify(read_trail(path)).entries == 8
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"\n") + 30] = 0xFF
    path.write_bytes(raw)
    broken = verify(read_trail(path)).broken
    assert broken is not None
    assert broken.place == 2


@pytest.mark.parametrize("text", ["[]", "{}", '{"seq": 1}', "NaN", "{", "null", '"x"'])
def test_what_is_no_entry_is_none(text):
    assert read_line(text) is None


def test_heads_are_checked_before_they_are_sought():
    assert require_head(" " + "AB" * 32 + "\n") == "ab" * 32
    assert require_head("") == ""
    with pytest.raises(DataError, match="not a head"):
        require_head("abc")


def test_moments_are_utc_to_the_second():
    local = datetime(2026, 3, 2, 9, 0, 0, 999, tzinfo=timezone(timedelta(hours=5)))
    assert moment_text(local) == "2026-03-02T04:00:00Z"
    assert moment_text(datetime(2026, 3, 2, tzinfo=UTC)) < moment_text(local)
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"share": float("nan")})
