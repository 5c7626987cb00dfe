"""A report as JSON and as ClaimReview.

For the command line and the page. Main functions: `as_json`, `claim_review`. Says things in a
language; decides nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

from qonys.claims.mentions import sentence_around
from qonys.claims.typed import Checked, Claim, Report
from qonys.claims.wording import tell, words
from qonys.core.country import Country
from qonys.core.intervals import Interval
from qonys.core.observations import Observation

_RATING = {"holds": 5, "compatible": 3, "contradicted": 1}


def as_json(report: Report, country: Country, lang: str = "en") -> dict[str, Any]:
    """A report as plain data, the contract of the command line.

    Parameters
    ----------
    report : Report
        The report.
    country : Country
        Whose names are used.
    lang : str
        Language of the reasons.
    """
    return {
        "claims": [_claim(checked, country, lang) for checked in report.claims],
        "consistency": [
            {
                "kind": finding.kind,
                "claims": list(finding.claims),
                "reason": tell(finding.reason, lang, country),
                "arithmetic": finding.arithmetic,
            }
            for finding in report.consistency
        ],
        "implied": [
            {
                "measure": found.cell.measure,
                "area": found.cell.ref_area,
                "counterpart": found.cell.counterpart_area,
                "period": found.cell.time_period,
                "interval": _interval(found.interval),
                "unit": found.unit,
                "claims": list(found.claims),
                "arithmetic": found.arithmetic,
            }
            for found in report.implied
        ],
        "document": {
            "file": report.file,
            "form": report.form,
            "lang": report.lang,
            "country": report.country,
            "as_of": report.as_of,
            "origin": list(report.origin),
            "text": report.text,
        },
    }


def _interval(interval: Interval | None) -> list[float | None] | None:
    if interval is None:
        return None
    ends = (interval.low, interval.high)
    return [None if end in (float("inf"), float("-inf")) else end for end in ends]


def typed_fields(claim: Claim) -> dict[str, Any]:
    """The fields of a claim that a typed claim file may hold."""
    value: float | str | None = claim.value
    if value is None:
        value = claim.sense or None
    return {
        "id": claim.id,
        "start": claim.start if claim.start >= 0 else None,
        "end": claim.end if claim.end >= 0 else None,
        "text": claim.text,
        "kind": claim.kind,
        "measure": claim.measure or None,
        "area": claim.area or None,
        "counterpart": claim.counterpart or None,
        "period": claim.period or None,
        "value": value,
        "unit": claim.unit or None,
        "interval": _interval(claim.interval),
        "sense": claim.sense or None,
        "compared_with": claim.compared_with or None,
        "breakdown": dict(claim.breakdown),
        "qualifier": claim.qualifier or None,
        "precision": claim.precision or None,
        "members": list(claim.members),
        "doubts": list(claim.doubts),
        "notes": list(claim.notes),
    }


def _claim(checked: Checked, country: Country, lang: str) -> dict[str, Any]:
    reasons = [tell(reason, lang, country) for reason in checked.reasons]
    suggestion = checked.suggestion
    return {
        **typed_fields(checked.claim),
        "verdict": checked.verdict,
        "reason": " ".join(dict.fromkeys(reasons)),
        "arithmetic": checked.arithmetic,
        "observations": [_row(row, country) for row in dict.fromkeys(checked.rows)],
        "vintages": [
            {
                "source": release.row.source,
                "vintage": release.row.vintage,
                "status": release.row.obs_status,
                "value": release.row.value,
                "verdict": release.verdict,
            }
            for release in checked.releases
        ],
        "suggestion": tell(suggestion, lang, country) if suggestion else None,
    }


def _row(row: Observation, country: Country) -> dict[str, Any]:
    return {
        "id": row.id,
        "cell": str(row.cell),
        "value": row.value,
        "unit": row.unit,
        "interval": [row.low, row.high],
        "status": row.obs_status,
        "source": row.source,
        "vintage": row.vintage,
        "url": country.sources[row.source].url,
    }


def _reviewed(report: Report, checked: Checked) -> str:
    """The words of a claim and their sentence; of a typed claim without a text its cell."""
    claim = checked.claim
    said_words = " ".join(claim.text.split())
    if not report.text or claim.start < 0:
        return said_words or str(claim.cell)
    sentence = sentence_around(report.text, claim.start, claim.end)
    return sentence if said_words == sentence else f"\u201c{said_words}\u201d: {sentence}"


def claim_review(report: Report, country: Country, lang: str = "en") -> str:
    """Decided claims as schema.org ClaimReview, JSON-LD.

    Parameters
    ----------
    report : Report
        The report.
    country : Country
        Whose names are used.
    lang : str
        Language of the reviews.
    """
    graph: list[Mapping[str, Any]] = []
    for checked in report.claims:
        if checked.verdict not in _RATING:
            continue
        graph.append(
            {
                "@type": "ClaimReview",
                "datePublished": report.as_of,
                "inLanguage": lang,
                "claimReviewed": _reviewed(report, checked),
                "author": {"@type": "Organization", "name": "Qonys"},
                "reviewBody": " ".join(tell(r, lang, country) for r in checked.reasons),
                "itemReviewed": {
                    "@type": "Claim",
                    "appearance": {"@type": "CreativeWork", "name": report.file},
                },
                "reviewRating": {
                    "@type": "Rating",
                    "ratingValue": _RATING[checked.verdict],
                    "worstRating": 1,
                    "bestRating": 5,
                    "alternateName": checked.verdict,
                },
            }
        )
    return json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False)


def kind_word(claim: Claim, lang: str) -> str:
    """What a kind of claim is called."""
    return words(lang)[f"kind_{claim.kind}"]
