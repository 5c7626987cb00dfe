"""Sections on regions, partners and mirror figures.

For `migration`. Main functions: `regions`, `partners`, `mirror`. Own counts and a partner's
counts stand side by side; flows with internal moves are never called external.
"""

from collections.abc import Iterator, Mapping

from qonys.briefs.composing import Composer
from qonys.briefs.flows import gapless_tail, summary_share
from qonys.core.document import (
    Block,
    Chart,
    Heading,
    Paragraph,
    Series,
    Table,
    Text,
)
from qonys.core.observations import Cell
from qonys.core.periods import parse_period
from qonys.core.provenance import Figure, derived
from qonys.observations import indicators as ind
from qonys.observations.reconcile import MIRRORS, mirror_pairs

TOP = 12


def regions(composer: Composer) -> list[Block]:
    """Where people leave from and arrive, as far as it is published."""
    blocks: list[Block] = []
    blocks += _tiles(composer)
    for measure in ("emigrants", "immigrants"):
        blocks += _region_bars(composer, measure)
    if blocks:
        blocks.insert(0, Heading(composer.word("h_regions"), 2, "regions"))
        blocks.append(Paragraph(composer.say("regions_caution"), "caution"))
    return blocks


def _units(composer: Composer, year: str) -> tuple[str, ...]:
    """The units of the country at the end of a year."""
    day = str(parse_period(year).end)
    return tuple(
        code
        for code, entry in composer.country.areas.items()
        if entry.fields.get("partitions")
        and (entry.fields.get("valid_from") or "0") <= day
        and day <= (entry.fields.get("valid_to") or "9")
    )


def _latest_complete(composer: Composer, measure: str, partner: str) -> dict[str, Figure]:
    """Figures of every unit in the last year that has them all."""
    home = composer.country.code
    cells = composer.view.cells(measure)
    years = {c.time_period for c in cells if c.ref_area != home and c.period.kind == "year"}
    for year in sorted(years, reverse=True):
        units = _units(composer, year)
        found = {unit: composer.fig(Cell(measure, unit, partner, year)) for unit in units}
        kept = {unit: figure for unit, figure in found.items() if figure}
        if units and len(kept) == len(units):
            return kept
    return {}


def _external(composer: Composer, both: Mapping[str, Figure]) -> dict[str, Figure]:
    """External balance of each unit: all flows minus internal moves of the same year."""
    result = {}
    for unit, all_flows in both.items():
        internal = _internal(composer, unit, all_flows.time_period)
        if internal is None:
            return {}
        figure = ind.difference(all_flows, internal, compared_with="net_migration_internal")
        result[unit] = composer.keep(figure)
    return result


def _internal(composer: Composer, unit: str, year: str) -> Figure | None:
    """Internal balance of a unit in a year: as printed, else the sum of its twelve months."""
    cell = Cell("net_migration_internal", unit, "INTERNAL", year)
    figure = composer.fig(cell)
    if figure:
        return figure
    months = [
        composer.fig(cell.at(time_period=f"{year}-{month:02d}")) for month in range(1, 13)
    ]
    known = [month for month in months if month]
    if len(known) < 12:
        return None
    total = ind.total(known, known[0])
    return composer.keep(
        derived(
            f"sum.{cell.measure}.{unit}.{year}",
            known[0],
            tuple(known),
            value=total.value,
            unit=total.unit,
            interval=total.interval,
            formula=total.formula,
            time_period=year,
        )
    )


def _tiles(composer: Composer) -> Iterator[Block]:
    all_flows = _latest_complete(composer, "net_migration_all_flows", "WORLD_INTERNAL")
    external = _external(composer, all_flows)
    for key, figures, shift in (("external", external, False), ("all_flows", all_flows, True)):
        if not figures:
            continue
        year = next(iter(figures.values())).time_period
        best = max(figures, key=lambda unit: figures[unit].value)
        worst = min(figures, key=lambda unit: figures[unit].value)
        parts: dict[str, Text] = {
            "best": ((composer.name(best) + " "), composer.ref(figures[best], signed=True)),
            "worst": ((composer.name(worst) + " "), composer.ref(figures[worst], signed=True)),
        }
        yield composer.paragraph(f"tiles_{key}", period=year, **parts)
        yield _tile_chart(composer, key, figures, year, shift)


def _tile_chart(
    composer: Composer, key: str, figures: Mapping[str, Figure], year: str, shift: bool
) -> Chart:
    areas = composer.country.areas
    points = tuple(
        composer.point(
            figure,
            composer.name(unit),
            note=areas[unit].fields.get(f"short_{composer.lang}", ""),
            row=int(areas[unit].fields["tile_row"] or 0),
            column=int(areas[unit].fields["tile_col"] or 0),
        )
        for unit, figure in figures.items()
    )
    name = composer.word(f"c_tiles_{key}").format(period=year)
    return Chart(
        "tiles",
        f"regions-{key.replace('_', '-')}",
        name,
        composer.word("c_tiles_sub"),
        composer.word("c_tiles_alt").format(
            name=name,
            plus=sum(point.y > 0 for point in points),
            minus=sum(point.y < 0 for point in points),
        ),
        (Series("net_migration_internal" if shift else "net_migration", name, points),),
        composer.word("region"),
        composer.source(*figures.values()),
    )


def _region_bars(composer: Composer, measure: str) -> Iterator[Block]:
    """The regions that the newest full year names, largest first."""
    cells = composer.view.cells(measure)
    home = composer.country.code
    named: dict[str, dict[str, Figure]] = {}
    for cell in cells:
        regional = cell.ref_area in composer.country.areas and cell.ref_area != home
        plain = cell.counterpart_area == "WORLD" and not cell.dims
        group = composer.country.areas[cell.ref_area].fields["kind"] if regional else "group"
        if plain and group != "group" and cell.period.kind == "year":
            figure = composer.fig(cell)
            if figure and figure.status != "U":
                named.setdefault(cell.time_period, {})[cell.ref_area] = figure
    years = [year for year in sorted(named, reverse=True) if len(named[year]) >= 2]
    if not years:
        return
    year = years[0]
    order = sorted(named[year].items(), key=lambda item: -item[1].value)
    nation = composer.fig(composer.cell(measure, period=year))
    top, figure = order[0]
    share = summary_share(composer, figure, nation) if nation else None
    if share:
        yield composer.paragraph(
            f"region_top_{measure}",
            period=year,
            region=composer.name(top),
            value=composer.ref(figure),
            share=composer.ref(share, 1),
        )
    units = _units(composer, year)
    note = (
        composer.say(
            "region_partial",
            named=composer.ref(
                composer.count(
                    f"named-regions.{measure}.{year}",
                    len(order),
                    "#(x)",
                    *(f for _, f in order),
                    unit="unit",
                )
            ),
            units=composer.ref(
                composer.count(
                    f"units.{year}", len(units), "#(units)", unit="unit", measure=measure
                )
            ),
        )
        if len(order) < len(units)
        else ()
    )
    points = tuple(composer.point(f, composer.name(code)) for code, f in order[:TOP])
    yield Chart(
        "bars",
        f"regions-{measure}",
        composer.word(f"c_regions_{measure}").format(period=year),
        composer.word("persons"),
        composer.word("c_bars_alt").format(
            items="; ".join(f"{point.x} {point.text}" for point in points)
        ),
        (Series(measure, composer.name(measure, "measure"), points),),
        composer.word("region"),
        (*composer.source(*(f for _, f in order)), " ", *note),
    )


def partners(composer: Composer) -> list[Block]:
    """Partner countries in both directions in the newest year, and the largest one's share."""
    newest = _partner_year(composer)
    if newest is None:
        return []
    year, left, arrived = newest
    blocks: list[Block] = [Heading(composer.word("h_partners"), 2, "partners")]
    rest = composer.country.partner_group[2]
    singles = [code for code in left if code != rest]
    main = max(singles, key=lambda code: left[code].value)
    blocks += _share_sentences(composer, main)
    blocks.append(_partner_bars(composer, year, left, arrived))
    blocks += _beyond(composer, year)
    blocks += _share_chart(composer, main)
    return blocks


def _partner_year(
    composer: Composer,
) -> tuple[str, dict[str, Figure], dict[str, Figure]] | None:
    """The newest year with several partner countries, and both directions in it."""
    codes = _partner_codes(composer)
    by_year: dict[str, dict[str, Figure]] = {}
    for code in codes:
        for year, figure in composer.years(composer.cell("emigrants", code)).items():
            by_year.setdefault(year, {})[code] = figure
    years = [year for year in sorted(by_year, reverse=True) if len(by_year[year]) >= 2]
    if not years:
        return None
    _, members, rest = composer.country.partner_group
    beyond = composer.fig(composer.cell("emigrants", rest, years[0])) if rest else None
    if beyond and set(by_year[years[0]]) <= set(members):
        by_year[years[0]][rest] = beyond
        codes = [*codes, rest]
    other_way = {
        code: composer.fig(composer.cell("immigrants", code, years[0])) for code in codes
    }
    arrived = {code: figure for code, figure in other_way.items() if figure}
    return years[0], by_year[years[0]], arrived


def _partner_codes(composer: Composer) -> list[str]:
    """Single countries only: groups never stand beside their members."""
    home = composer.country.code
    found = {
        cell.counterpart_area
        for measure in ("emigrants", "immigrants")
        for cell in composer.view.cells(measure)
        if cell.ref_area == home and not cell.dims
    }
    return sorted(code for code in found if composer.is_single(code))


def _share_sentences(composer: Composer, main: str) -> Iterator[Block]:
    part = composer.years(composer.cell("emigrants", main))
    whole = composer.years(composer.cell("emigrants"))
    shares = _shares(composer, part, whole)
    if not shares:
        return
    last = list(shares)[-1]
    before = parse_period(last).a_year_before().text
    if before not in shares:
        yield _main_partner(composer, main, part[last], shares[last])
        return
    yield composer.paragraph(
        "main_partner_two",
        partner=composer.name(main),
        period=last,
        value=composer.ref(part[last]),
        share=composer.ref(shares[last], 2),
        before=before,
        value_before=composer.ref(part[before]),
        share_before=composer.ref(shares[before], 2),
    )


def _shares(
    composer: Composer, part: Mapping[str, Figure], whole: Mapping[str, Figure]
) -> dict[str, Figure]:
    """Shares of a part by period, where both are known and fit."""
    return {
        text: share
        for text in part
        if text in whole and (share := summary_share(composer, part[text], whole[text]))
    }


def _main_partner(composer: Composer, main: str, value: Figure, share: Figure) -> Block:
    return composer.paragraph(
        "main_partner",
        partner=composer.name(main),
        period=value.time_period,
        value=composer.ref(value),
        share=composer.ref(share, 2),
    )


def _partner_bars(
    composer: Composer, year: str, left: Mapping[str, Figure], arrived: Mapping[str, Figure]
) -> Chart:
    weight = {
        code: sum(side[code].value for side in (left, arrived) if code in side)
        for code in {*left, *arrived}
    }
    order = sorted(weight, key=lambda code: -weight[code])[:TOP]
    series = tuple(
        Series(
            measure,
            composer.name(measure, "measure"),
            tuple(
                composer.point(side[code], composer.name(code))
                for code in order
                if code in side
            ),
        )
        for measure, side in (("emigrants", left), ("immigrants", arrived))
    )
    return Chart(
        "bars",
        "partners-chart",
        composer.word("c_partners").format(period=year),
        composer.word("persons"),
        composer.word("c_bars_alt").format(
            items="; ".join(
                f"{s.name}: " + ", ".join(f"{p.x} {p.text}" for p in s.points[:4])
                for s in series
            )
        ),
        series,
        composer.word("partner"),
        composer.source(*left.values(), *arrived.values()),
    )


def _beyond(composer: Composer, year: str) -> Iterator[Block]:
    """Countries outside the group of partners: their share."""
    rest = composer.country.partner_group[2]
    if not rest:
        return
    for measure in ("emigrants", "immigrants"):
        part = composer.fig(composer.cell(measure, rest, year))
        whole = composer.fig(composer.cell(measure, period=year))
        share = summary_share(composer, part, whole) if part and whole else None
        if part and share:
            yield composer.paragraph(
                f"beyond_{measure}",
                rest=composer.name(rest),
                period=year,
                value=composer.ref(part),
                share=composer.ref(share, 1),
            )


def _share_chart(composer: Composer, main: str) -> Iterator[Block]:
    series = []
    kept: list[Figure] = []
    for measure in ("emigrants", "immigrants"):
        whole = composer.years(composer.cell(measure))
        part = gapless_tail(composer.years(composer.cell(measure, main)))
        shares = list(_shares(composer, part, whole).values())
        if len(shares) >= 3:
            kept += shares
            series.append(
                Series(
                    measure,
                    composer.name(measure, "measure"),
                    tuple(composer.point(share, share.time_period) for share in shares),
                )
            )
    if series:
        yield Chart(
            "lines",
            "main-partner-share-chart",
            composer.word("c_share").format(partner=composer.name(main)),
            composer.word("percent"),
            composer.word("c_share_alt").format(
                partner=composer.name(main),
                items="; ".join(
                    f"{s.name}: {s.points[0].x} {s.points[0].text}, "
                    f"{s.points[-1].x} {s.points[-1].text}"
                    for s in series
                ),
            ),
            tuple(series),
            composer.word("year"),
            composer.source(*kept),
        )


def mirror(composer: Composer) -> list[Block]:
    """What the country counts and what its partners count of the same moves."""
    blocks: list[Block] = []
    sizes: dict[str, float] = {}
    for cell, rows in composer.view.cells(MIRRORS["emigrants"]).items():
        if not cell.dims and cell.period.kind == "year":
            sizes[cell.ref_area] = max(sizes.get(cell.ref_area, 0), rows[0].value)
    if not sizes:
        return []
    main = max(sizes, key=lambda code: sizes[code])
    found = mirror_pairs(composer.view, "emigrants", main)
    yearly = {t: pair for t, pair in found.items() if parse_period(t).kind == "year"}
    if not yearly:
        return []
    own = {t: composer.row(pair[0]) for t, pair in yearly.items()}
    theirs = {t: composer.row(pair[1]) for t, pair in yearly.items()}
    last = list(yearly)[-1]
    ratio = composer.attempt(ind.times, theirs[last], own[last])
    partner = composer.name(main)
    blocks += [
        Heading(composer.word("h_mirror"), 2, "mirror"),
        composer.paragraph(
            "mirror" if ratio else "mirror_plain",
            partner=partner,
            period=last,
            country=composer.name(composer.country.code),
            own=composer.ref(own[last]),
            theirs=composer.ref(theirs[last]),
            times=composer.ref(ratio, 1) if ratio else "",
        ),
        Chart(
            "lines",
            "mirror-chart",
            composer.word("c_mirror").format(partner=partner),
            composer.word("persons"),
            composer.word("c_mirror_alt").format(
                partner=partner,
                first=next(iter(own)),
                last=last,
                **{
                    f"{side}_{end}": composer.ref(figures[text]).text
                    for side, figures in (("own", own), ("theirs", theirs))
                    for end, text in (("first", next(iter(own))), ("last", last))
                },
            ),
            (
                Series(
                    "emigrants",
                    composer.word("counted_here"),
                    tuple(composer.point(f, t) for t, f in own.items()),
                ),
                Series(
                    "mirror_immigrants",
                    composer.word("counted_there").format(partner=partner),
                    tuple(composer.point(f, t) for t, f in theirs.items()),
                ),
            ),
            composer.word("year"),
            composer.source(*own.values(), *theirs.values()),
        ),
        _mirror_table(composer, sorted(sizes, key=lambda code: -sizes[code])),
        Paragraph(composer.say("mirror_caution"), "caution"),
    ]
    return blocks


def _mirror_table(composer: Composer, codes: list[str]) -> Table:
    """The newest year of each partner, both directions."""
    rows: list[tuple[Text, ...]] = []
    used: list[Figure] = []
    for code in codes:
        for measure in ("emigrants", "immigrants"):
            found = mirror_pairs(composer.view, measure, code)
            yearly = [text for text in found if parse_period(text).kind == "year"]
            if not yearly:
                continue
            own, theirs = (composer.row(row) for row in found[yearly[-1]])
            used += [own, theirs]
            rows.append(
                (
                    (composer.name(code),),
                    (composer.word(f"direction_{measure}"),),
                    (yearly[-1],),
                    (composer.ref(own),),
                    (composer.ref(theirs),),
                )
            )
    return Table(
        composer.word("t_mirror"),
        tuple(
            composer.word(key)
            for key in ("partner", "direction", "year", "counted_here", "counted_partner")
        ),
        tuple(rows),
        composer.source(*used),
        "mirror-table",
    )
