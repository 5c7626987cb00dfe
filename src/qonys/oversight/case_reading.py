"""What is read of a case: by each role its part, and by the client in plain words.

For `case_store`, the client's desk and the pages. Main functions: `view`, `client_notice`. The
client's texts stand in `texts/`, in English, Russian and Kazakh. A notice of a case of which
the law forbids to tell the reason reads like one whose signs have no words for clients.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

from qonys.core.errors import DataError, Fault
from qonys.oversight.case_clocks import Clocks
from qonys.oversight.case_roles import READS
from qonys.oversight.cases import FREE, Case, Hold, to_plain

LANGUAGES = ("en", "ru", "kk")
_SHOWN_HOLDS = ("question", "transaction", "limit", "channel", "account")


def view(case: Case, role: str, now: datetime) -> dict[str, Any]:
    """The part of a case that a role reads, as plain data.

    Parameters
    ----------
    case : Case
        The case.
    role : str
        One of `case_roles.ROLES`.
    now : datetime
        The moment at which holds and clocks are looked at.
    """
    data: dict[str, Any] = to_plain(case)
    del data["salt"]
    data["overdue"] = case.overdue(now)
    for told, hold in zip(data["holds"], case.holds, strict=True):
        told["state"] = hold.state(now)
    reads = READS.get(role)
    if reads is None:
        return data
    if role == "client_desk":
        for_client = [one for one in data["evidence"] if one["about"] == "client"]
        told_why = [one for one in data["reasons"] if one["client"] and not case.silent]
        data |= {"evidence": for_client, "reasons": told_why}
        data["holds"] = [hold for hold in data["holds"] if hold["start"] is not None]
    return {name: _parts(data[name], reads[name]) for name in data if name in reads}


def _parts(value: Any, parts: tuple[str, ...]) -> Any:
    """The named parts of each entry of a field."""
    if not parts:
        return value
    return [{name: one[name] for name in one if name in parts} for one in value]


@lru_cache(maxsize=3)
def words(lang: str) -> Mapping[str, str]:
    """All texts of a language by key.

    Parameters
    ----------
    lang : str
        ``en``, ``ru`` or ``kk``.

    Raises
    ------
    DataError
        When there is no such language.
    """
    if lang not in LANGUAGES:
        way_out = f"Languages: {', '.join(LANGUAGES)}."
        raise DataError(Fault("no such language", "lang", value=lang, way_out=way_out))
    path = files("qonys.oversight") / "texts" / f"{lang}.toml"
    return {key: str(text) for key, text in tomllib.loads(path.read_text("utf-8")).items()}


def client_notice(case: Case, lang: str, now: datetime, clocks: Clocks) -> str:
    """What a client is told: why, what still works, how to object and by when it is answered.

    Parameters
    ----------
    case : Case
        The case.
    lang : str
        ``en``, ``ru`` or ``kk``.
    now : datetime
        The moment.
    clocks : Clocks
        Of the country.
    """
    texts = words(lang)
    holds = [hold for hold in case.live_holds(now) if hold.grade in _SHOWN_HOLDS]
    blocks = [
        [texts["client_title"].format(case=case.id)],
        [texts[_status_key(case)]],
        [texts["client_head_why"], *_why(case, lang)],
        [texts["client_head_holds"], *_stops(holds, lang, clocks)],
        [texts["client_head_works"], *_works(holds, texts)],
        [texts["client_head_object"], *_object(case, lang, now, clocks)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _status_key(case: Case) -> str:
    if case.status in ("decided", "closed"):
        outcome = "confirmed" if case.outcome == "confirmed" else "cleared"
        return f"client_status_{case.status}_{outcome}"
    return f"client_status_{case.status}"


def _why(case: Case, lang: str) -> list[str]:
    """The reasons that may be told, or a sentence that fits every case."""
    told = [reason.client.get(lang, "") for reason in case.reasons]
    told = [] if case.silent else [f"- {text}" for text in told if text]
    return told or [words(lang)["client_why_general"]]


def _stops(holds: list[Hold], lang: str, clocks: Clocks) -> list[str]:
    """What is stopped, and until when."""
    texts = words(lang)
    if not holds:
        return [texts["client_hold_none"]]
    lines = [
        "- "
        + texts[f"client_hold_{hold.grade}"].format(
            scope=hold.scope, until=_moment(hold.until, lang, clocks)
        )
        for hold in holds
    ]
    return [*lines, texts["client_hold_ends"]]


def _works(holds: list[Hold], texts: Mapping[str, str]) -> list[str]:
    """What goes on."""
    lines = [texts["client_works_always"]]
    if all(hold.grade in FREE for hold in holds):
        return [texts["client_works_all"], *lines]
    if not any(hold.grade == "account" for hold in holds):
        lines.append(texts["client_works_rest"])
    return lines


def _object(case: Case, lang: str, now: datetime, clocks: Clocks) -> list[str]:
    """How to object, and by when it is answered."""
    texts = words(lang)
    if case.status == "appealed" and case.clock is not None:
        due = _moment(case.clock.until, lang, clocks)
        return [texts["client_object_running"].format(until=due), texts["client_object_who"]]
    if not case.against or case.status in ("granted", "reversed"):
        return [texts["client_object_ask"].format(case=case.id)]
    due = _moment(clocks.end("appeal", now).until, lang, clocks)
    return [
        texts["client_object_how"].format(case=case.id),
        texts["client_object_by"].format(until=due),
        texts["client_object_who"],
    ]


def _moment(moment: datetime | None, lang: str, clocks: Clocks) -> str:
    """The last day of a term, or its last minute, in words and local time."""
    if moment is None:
        return ""
    from qonys.rules.wording import day_words

    local = moment.astimezone(clocks.zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        last = (local - timedelta(seconds=1)).date()
        return day_words(last, lang).removesuffix(".")  # the sentence ends after it
    return f"{day_words(local.date(), lang)}, {local:%H:%M}"
