"""A rule as plain data: what stands where, since when, on which source.

For the command line's JSON and other programs. Main function: `described`.
"""

from datetime import date

from qonys.rules.law import Condition, FactType, Info, Law, Reading, Rule, Version, within
from qonys.rules.wording import condition_text, question_text, version_text


def described(law: Law, rule: Rule, day: date, lang: str) -> dict[str, object]:
    """A rule as it stands on a day, as plain data for JSON.

    Parameters
    ----------
    law : Law
        The law.
    rule : Rule
        The rule.
    day : date
        The day.
    lang : str
        Language of the texts.
    """
    applied = rule.applied(day)
    return {
        "rule": rule.id,
        "on": day.isoformat(),
        "kind": rule.kind,
        "title": law.say(f"{rule.id}.title", lang, rule.title),
        "says": law.say(f"{rule.id}.says", lang, rule.says),
        "state": rule.shown_state(day),
        "before": rule.before,
        "after": rule.after,
        "versions": [_version(law, rule, item, lang) for item in rule.versions],
        "meanings": [
            {
                "says": law.say(item.key, lang, item.says),
                "seen": item.seen.isoformat(),
                "to": _iso(item.end),
                "citations": [cite.plain() for cite in item.cites],
            }
            for item in rule.meanings
        ],
        "conditions": [_condition(law, rule, item, day, lang) for item in applied.conditions],
        "parameters": _parameters(law, rule, day, lang),
        "facts": {slot.name: _fact(law, rule, slot.name, lang) for slot in applied.slots()},
        "info": [
            _info(law, item, lang) for item in rule.info if within(day, item.start, item.end)
        ],
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _version(law: Law, rule: Rule, item: Version, lang: str) -> dict[str, object]:
    return {
        "from": item.start.isoformat(),
        "to": _iso(item.end),
        "state": item.state,
        "says": version_text(law, rule, item, lang),
        "confidence": item.confidence,
        "adopted": _iso(item.adopted),
        "published": _iso(item.published),
        "disputes": [
            _reading(law, f"{rule.id}.version", other, lang) for other in item.readings
        ],
        "citations": [cite.plain() for cite in item.cites],
    }


def _reading(law: Law, owner: str, item: Reading, lang: str) -> dict[str, object]:
    return {
        "id": item.id,
        "says": law.say(f"{owner}.{item.id}", lang, item.says),
        "from": _iso(item.start),
        "to": _iso(item.end),
        "citations": [cite.plain() for cite in item.cites],
    }


def _condition(
    law: Law, rule: Rule, item: Condition, day: date, lang: str
) -> dict[str, object]:
    owner = f"{rule.id}.{item.id}"
    return {
        "id": item.id,
        "name": item.name,
        "role": item.role,
        "expression": item.text,
        "says": condition_text(law, rule, item, lang),
        "from": _iso(item.start),
        "to": _iso(item.end),
        "confidence": item.confidence,
        "exemptions": [
            {"id": other.id, "says": law.say(f"{owner}.{other.id}", lang, other.says)}
            for other in item.exemptions
            if within(day, other.start, other.end)
        ],
        "disputes": [_reading(law, owner, other, lang) for other in item.readings],
        "citations": [cite.plain() for cite in item.cites],
    }


def _parameters(law: Law, rule: Rule, day: date, lang: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in rule.parameters():
        parameter = law.parameters[name]
        spell = parameter.spell(day)
        value = spell.value if spell else None
        found[name] = {
            "says": law.say(f"parameter.{name}", lang, parameter.says),
            "value": sorted(value) if isinstance(value, frozenset) else value,
            "unit": parameter.unit,
            "from": _iso(spell.start) if spell else None,
            "to": _iso(spell.end) if spell else None,
            "citations": [cite.plain() for cite in parameter.cites.get(spell.start, ())]
            if spell
            else [],
        }
    return found


def _fact(law: Law, rule: Rule, name: str, lang: str) -> dict[str, object]:
    kind = law.fact(name, rule)
    assert isinstance(kind, FactType)
    return {
        "type": kind.kind,
        "unit": kind.unit,
        "codes": list(kind.codes),
        "question": question_text(law, rule, name, lang),
    }


def _info(law: Law, item: Info, lang: str) -> dict[str, object]:
    return {
        "about": item.about,
        "says": law.say(item.key, lang, item.says),
        "confidence": item.confidence,
        "citations": [cite.plain() for cite in item.cites],
    }
