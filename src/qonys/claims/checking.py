"""Check a text or a file of typed claims.

For the command line and other rooms. Main functions: `check_file`, `check_text`. Reads, judges
and puts together; the arithmetic stands in `verdicts` and `consistency`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qonys.claims.claim_files import read_claims
from qonys.claims.consistency import Own, examine
from qonys.claims.evidence import Evidence
from qonys.claims.parsing import find_claims
from qonys.claims.reading import Source, language, read_text
from qonys.claims.typed import Checked, Claim, Report, said
from qonys.claims.verdicts import judge
from qonys.core.codes import fold
from qonys.core.country import Country
from qonys.observations.reading import View

_LEAST_TITLE = 15


def check_file(path: Path, view: View) -> Report:
    """Check a press text, or a YAML file of typed claims.

    Parameters
    ----------
    path : Path
        The file.
    view : View
        The country and what was known of it.
    """
    if path.suffix.lower() in {".yaml", ".yml"}:
        claims = read_claims(path, view.country)
        source = Source(path.name, "claims", "", "")
        return _report(source, claims, view, frozenset())
    return check_text(read_text(path), view)


def check_text(source: Source, view: View) -> Report:
    """Check a press text.

    Parameters
    ----------
    source : Source
        The text as read.
    view : View
        The country and what was known of it.
    """
    claims = [
        claim.changed(text=source.text[claim.start : claim.end])
        for claim in find_claims(source.plain, view.country)
    ]
    return _report(source, claims, view, origin_of(source, view.country))


def _report(
    source: Source, claims: Sequence[Claim], view: View, origin: frozenset[str]
) -> Report:
    evidence = Evidence(view, origin)
    owns, findings, implied = examine(claims)
    by_claim = {own.claim.id: own for own in owns}
    checked = tuple(_judged(claim, evidence, by_claim.get(claim.id)) for claim in claims)
    return Report(
        source.file,
        source.form,
        source.text,
        language(source.text) if source.text else "en",
        view.country.code,
        str(view.as_of),
        tuple(sorted(origin)),
        checked,
        tuple(findings),
        tuple(implied),
    )


def _judged(claim: Claim, evidence: Evidence, own: Own | None) -> Checked:
    """The verdict by the store; where it is silent, by the text's own arithmetic."""
    checked = judge(claim, evidence)
    if own is None or checked.verdict != "cannot_check" or claim.alternatives:
        return checked
    if own.fits:
        return Checked(claim, "holds", (said("text_arithmetic"),), own.arithmetic)
    return replace(
        checked,
        verdict="contradicted",
        reasons=(said("text_arithmetic_wrong"), *checked.reasons),
        arithmetic=own.arithmetic,
    )


def origin_of(source: Source, country: Country) -> frozenset[str]:
    """Sources that are this text, and press copies of the releases it repeats.

    A text is known by its title; a release by the name of the agency that the text cites.

    Parameters
    ----------
    source : Source
        The text.
    country : Country
        Whose sources.
    """
    title, body = fold(source.title), fold(source.plain)
    itself = {
        key
        for key, entry in country.sources.items()
        if entry.kind == "press"
        and len(entry.title) >= _LEAST_TITLE
        and fold(entry.title) == title
    }
    families = {country.sources[key].repeats for key in itself} - {""}
    for entry in country.sources.values():
        agency = entry.repeats.partition(":")[0]
        if "." in agency and fold(agency) in body:
            families.add(entry.repeats)
    copies = {
        key
        for key, entry in country.sources.items()
        if entry.kind == "press" and entry.repeats in families
    }
    return frozenset(itself | copies)
