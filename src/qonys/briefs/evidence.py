"""Sections on revisions, what changed since the last release, and what is not known.

For `migration`. Main functions: `revisions`, `changes`, `gaps`. Gaps are found in the data, not
remembered: a sentence disappears when its figure arrives.
"""

from collections.abc import Callable

from qonys.briefs.balance import hidden_quarters
from qonys.briefs.composing import Composer
from qonys.core.document import Block, Bullets, Heading, Paragraph, Table, Text
from qonys.core.observations import Observation
from qonys.observations import indicators as ind
from qonys.observations.compare import Change, last_changes

HEADLINE = ("emigrants", "immigrants", "net_migration", "population")
SHOWN_CHANGES = 12


def revisions(composer: Composer) -> list[Block]:
    """Provisional and final figures of one year, side by side."""
    rows: list[tuple[Text, ...]] = []
    used = []
    for measure in HEADLINE[:3]:
        for cell, all_rows in sorted(
            composer.view.cells(measure).items(), key=lambda item: item[0].time_period
        ):
            plain = cell.counterpart_area == "WORLD" and not cell.dims
            if not plain or cell.ref_area != composer.country.code:
                continue
            first = _first_provisional(all_rows)
            final = all_rows[0]
            if first is None or final.obs_status == "P" or first.value == final.value:
                continue
            a, b = composer.row(first), composer.row(final)
            used += [a, b]
            change = composer.keep(ind.difference(b, a, compared_with=first.vintage))
            rows.append(
                (
                    (composer.name(measure, "measure"),),
                    (composer.period(cell.time_period),),
                    (composer.ref(a),),
                    (first.vintage,),
                    (composer.ref(b),),
                    (composer.ref(change, signed=True),),
                )
            )
    if not rows:
        return []
    return [
        Heading(composer.word("h_revisions"), 2, "revisions"),
        composer.paragraph("revisions_intro"),
        Table(
            composer.word("t_revisions"),
            tuple(
                composer.word(k)
                for k in (
                    "measure",
                    "period",
                    "provisional_value",
                    "released",
                    "final_value",
                    "revision",
                )
            ),
            tuple(rows),
            composer.source(*used),
            "revisions-table",
        ),
        *_two_bases(composer),
    ]


def _first_provisional(rows: tuple[Observation, ...]) -> Observation | None:
    """The exact provisional row that became public first."""
    found = [row for row in rows if row.obs_status == "P" and row.low == row.high]
    dated = [row for row in found if row.released_from]
    return min(dated, key=lambda row: str(row.released_from), default=None)


def _two_bases(composer: Composer) -> list[Block]:
    """The change of the last year on the provisional and on the final base."""
    years = list(composer.years(composer.cell("emigrants")))
    if len(years) < 2:
        return []
    last, before = years[-1], years[-2]
    bullets = []
    for measure in ("immigrants", "emigrants"):
        now = composer.fig(composer.cell(measure, period=last))
        rows = composer.view.rows(composer.cell(measure, period=before))
        first = _first_provisional(rows)
        if now is None or first is None or rows[0].obs_status == "P":
            continue
        on_first = composer.attempt(ind.percent_change, now, composer.row(first))
        on_final = composer.attempt(ind.percent_change, now, composer.row(rows[0]))
        if on_first is None or on_final is None:
            continue
        bullets.append(
            composer.say(
                "two_bases",
                measure=composer.name(measure, "measure"),
                period=composer.period(last),
                first=composer.ref(on_first, 1, signed=True),
                final=composer.ref(on_final, 1, signed=True),
                before=composer.period(before),
            )
        )
    return [composer.paragraph("two_bases_intro"), Bullets(tuple(bullets))] if bullets else []


def changes(composer: Composer) -> list[Block]:
    """What the newest release of headline figures brought."""
    newest, found = last_changes(composer.view, HEADLINE)
    if newest is None or not found:
        return []
    rows: list[tuple[Text, ...]] = []
    used = []
    cells = {
        str(cell): rows_
        for measure in HEADLINE
        for cell, rows_ in composer.view.cells(measure).items()
    }
    for change in found[:SHOWN_CHANGES]:
        row = cells[change.cell][0]
        figure = composer.row(row)
        used.append(figure)
        cell = row.cell
        place = composer.name(cell.ref_area)
        if cell.counterpart_area != "WORLD":
            place += f" – {composer.name(cell.counterpart_area)}"
        divided = composer.breakdown(figure)
        rows.append(
            (
                (composer.name(cell.measure, "measure") + (f", {divided}" if divided else ""),),
                (place,),
                (composer.period(cell.time_period),),
                _before(composer, change, cells[change.cell]),
                (composer.ref(figure),),
                (composer.word(f"change_{change.change.replace(' ', '_')}"),),
            )
        )
    every = [composer.row(cells[change.cell][0]) for change in found]
    counted = composer.count(
        "changes", len(found), "#(x)", *every, unit="row", measure="", period=newest.isoformat()
    )
    intro = composer.say(
        "changes_intro", day=composer.period(newest.isoformat()), count=composer.ref(counted)
    )
    rest = len(found) - SHOWN_CHANGES
    more: Text = ()
    if rest > 0:
        formula = f"#(x) − {SHOWN_CHANGES}"
        hidden = composer.count(
            "changes.more",
            rest,
            formula,
            counted,
            unit="row",
            measure="",
            period=newest.isoformat(),
        )
        more = composer.say("changes_more", count=composer.ref(hidden))
    return [
        Heading(composer.word("h_changes"), 2, "changes"),
        Paragraph(intro),
        Table(
            composer.word("t_changes"),
            tuple(
                composer.word(k)
                for k in ("measure", "place", "period", "before", "value", "what_changed")
            ),
            tuple(rows),
            (*composer.source(*used), " ", *more),
            "changes-table",
        ),
    ]


def _before(composer: Composer, change: Change, rows: tuple[Observation, ...]) -> Text:
    """The value that the newest release replaced."""
    old = [row for row in rows[1:] if row.value == change.before]
    return (composer.ref(composer.row(old[0])),) if old else ("–",)


def gaps(composer: Composer) -> list[Block]:
    """What the data cannot say, each found by looking."""
    checks: tuple[Callable[[Composer], Text | None], ...] = (
        _gap_register,
        _gap_months,
        _gap_newer,
        _gap_regions,
        _gap_partners,
        _gap_single_source,
        _gap_quarters,
        _gap_release_days,
    )
    items = [text for check in checks if (text := check(composer))]
    return [
        Heading(composer.word("h_gaps"), 2, "gaps"),
        composer.paragraph("gaps_intro"),
        Bullets(tuple(items)),
    ]


def _gap_register(composer: Composer) -> Text:
    mirrored = composer.view.cells("mirror_immigrants")
    return composer.say("gap_register" if mirrored else "gap_register_plain")


def _gap_months(composer: Composer) -> Text | None:
    months = composer.years(composer.cell("emigrants"), ("month",))
    return None if months else composer.say("gap_months")


def _gap_newer(composer: Composer) -> Text | None:
    """No figure for the year of the as-of day."""
    year = composer.view.as_of.year
    cells = composer.view.cells("emigrants")
    known = any((cell.period.year or 0) >= year for cell in cells)
    return None if known else composer.say("gap_newer", year=str(year))


def _gap_regions(composer: Composer) -> Text | None:
    units = {
        code
        for name in composer.country.partitions
        for code in composer.country.partition(name)
    }
    named: dict[str, set[str]] = {}
    for cell in composer.view.cells("emigrants"):
        if cell.ref_area in units and cell.period.kind == "year" and not cell.dims:
            named.setdefault(cell.time_period, set()).add(cell.ref_area)
    sets = [set(composer.country.partition(name)) for name in composer.country.partitions]
    full = [year for year, codes in named.items() if any(codes >= one for one in sets)]
    return None if full or not sets else composer.say("gap_regions")


def _gap_partners(composer: Composer) -> Text | None:
    """Whether the newest year names countries of one group only."""
    group, members, _ = composer.country.partner_group
    years: dict[str, set[str]] = {}
    for cell in composer.view.cells("emigrants"):
        single = composer.is_single(cell.counterpart_area)
        if single and cell.period.kind == "year" and cell.ref_area == composer.country.code:
            years.setdefault(cell.time_period, set()).add(cell.counterpart_area)
    if not group or not years or years[max(years)] - set(members):
        return None
    return composer.say("gap_partners", group=composer.name(group), year=max(years))


def _gap_single_source(composer: Composer) -> Text | None:
    """Statements about a part of the country that only one page of the press tells."""
    lone = [
        rows[0]
        for entry in composer.country.settings.get("statements", [])
        for measure in entry["measures"]
        for cell, rows in composer.view.cells(measure).items()
        if len(rows) == 1
        and cell.ref_area != composer.country.code
        and composer.country.sources[rows[0].source].kind == "press"
    ]
    if not lone:
        return None
    told = []
    for row in lone:
        figure = composer.row(row)
        what = composer.breakdown(figure) or composer.name(row.cell.measure, "measure")
        place = composer.name(row.cell.ref_area)
        told.append((f"{what} ({place}): ", composer.ref(figure)))
    return composer.say("gap_single_source", values=composer.listed(told))


def _gap_quarters(composer: Composer) -> Text | None:
    return composer.say("gap_quarters") if hidden_quarters(composer) else None


def _gap_release_days(composer: Composer) -> Text | None:
    rows = [
        row
        for measure in composer.country.measures
        for many in composer.view.cells(measure).values()
        for row in many
    ]
    undated = sum(row.certainty == "undated" for row in rows)
    perhaps = sum(row.certainty == "perhaps" for row in rows)
    if not undated and not perhaps:
        return None
    counts = {"total": len(rows), "undated": undated, "perhaps": perhaps}
    words = {
        name: composer.ref(composer.count(f"rows.{name}", value, f"#({name})", unit="row"))
        for name, value in counts.items()
    }
    return composer.say("gap_release_days", **words)
