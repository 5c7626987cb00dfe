"""A checked press text as the plain data of its page.

For the command line. Main function: `to_page`. Says the sentences of `claims` in the page's
language; `annotated` draws.
"""

from qonys.briefs.annotated import AnnotatedPage, Entry
from qonys.claims.telling import kind_word
from qonys.claims.typed import Checked, Implied, Report
from qonys.claims.wording import figure_words, source_label, tell
from qonys.core.country import Country


def to_page(
    report: Report, country: Country, lang: str, claim_review: str = ""
) -> AnnotatedPage:
    """The page of a report.

    Parameters
    ----------
    report : Report
        What was found.
    country : Country
        Whose names are used.
    lang : str
        Language of the page.
    claim_review : str
        JSON-LD to embed.
    """
    return AnnotatedPage(
        lang=lang,
        title=report.file,
        as_of=report.as_of,
        country=country.name(country.code, lang),
        text=report.text,
        entries=tuple(_entry(checked, country, lang) for checked in report.claims),
        findings=tuple(
            (found.kind, tell(found.reason, lang, country), found.arithmetic, found.claims)
            for found in report.consistency
        ),
        implied=tuple(_implied(found, country, lang) for found in report.implied),
        claim_review=claim_review,
        text_lang=report.lang,
    )


def _entry(checked: Checked, country: Country, lang: str) -> Entry:
    claim = checked.claim
    sources = {}
    for row in checked.rows:
        source = country.sources[row.source]
        sources[source_label(source, row.vintage)] = source.url
    return Entry(
        id=claim.id,
        start=claim.start,
        end=claim.end,
        text=claim.text or str(claim.cell),
        kind_word=kind_word(claim, lang),
        verdict=checked.verdict,
        reasons=tuple(dict.fromkeys(tell(reason, lang, country) for reason in checked.reasons)),
        arithmetic=checked.arithmetic,
        sources=tuple(sources.items())[:6],
        releases=tuple(
            (
                f"{source_label(country.sources[r.row.source], r.row.vintage)}: "
                f"{figure_words(r.row.value, lang)}",
                r.verdict,
            )
            for r in checked.releases[:6]
        ),
        suggestion=tell(checked.suggestion, lang, country) if checked.suggestion else "",
    )


def _implied(
    found: Implied, country: Country, lang: str
) -> tuple[str, str, str, tuple[str, ...]]:
    cell = found.cell
    what = ", ".join(
        (
            country.name(cell.measure, lang, dimension="measure"),
            country.name(cell.ref_area, lang),
            *(
                []
                if cell.counterpart_area == "WORLD"
                else [country.name(cell.counterpart_area, lang)]
            ),
            cell.time_period,
        )
    )
    rounded = figure_words(found.interval, lang)
    return what, rounded, found.arithmetic, found.claims
