"""What one release says that another does not.

For analysts on the day of a release. Main functions: `diff_vintages`, `last_changes`.
Compares cell by cell; judges nothing.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from qonys.core.country import Country
from qonys.core.errors import DataError, Fault
from qonys.core.observations import Cell, Observation
from qonys.observations.reading import Query, View, read
from qonys.observations.store import Store

RELEASE_DAYS = 62


@dataclass(frozen=True)
class Change:
    """One cell in two releases.

    Parameters
    ----------
    cell : str
        The cell.
    before, after : float or None
        Values; none where the release lacks the cell.
    unit : str
        Unit of both.
    change : str
        ``added``, ``absent`` (the new release lacks it), ``revised``, ``same`` or
        ``within rounding``.
    sources : tuple of str
        ``SOURCE@RELEASE`` of both.
    """

    cell: str
    before: float | None
    after: float | None
    unit: str
    change: str
    sources: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return asdict(self)


def diff_vintages(
    store: Store, country: Country, old: str, new: str, *, same: bool = False
) -> tuple[Change, ...]:
    """Cells that differ between two releases.

    Parameters
    ----------
    store : Store
        The store.
    country : Country
        Whose rows.
    old, new : str
        Releases as days or ``SOURCE@DAY``.
    same : bool
        Whether to list equal cells too.

    Raises
    ------
    DataError
        When a release is not in the store.
    """
    sides = []
    faults = []
    for vintage in (old, new):
        rows = list(read(store, country, Query(vintage=vintage)))
        if not rows:
            faults.append(
                Fault("no such release", value=vintage, way_out="See `qonys data vintages`.")
            )
        sides.append({row.cell: row for row in rows})
    if faults:
        raise DataError(faults)
    before, after = sides
    cells = sorted({*before, *after}, key=str)
    changes = (_change(cell, before.get(cell), after.get(cell)) for cell in cells)
    return tuple(change for change in changes if same or change.change != "same")


def _change(cell: Cell, old: Observation | None, new: Observation | None) -> Change:
    if old is None or new is None:
        kind = "added" if old is None else "absent"
    elif old.value == new.value:
        kind = "same"
    elif old.interval.overlaps(new.interval):
        kind = "within rounding"
    else:
        kind = "revised"
    present = [row for row in (old, new) if row]
    return Change(
        str(cell),
        old.value if old else None,
        new.value if new else None,
        present[-1].unit,
        kind,
        tuple(f"{row.source}@{row.vintage}" for row in present),
    )


def last_changes(view: View, measures: Iterable[str]) -> tuple[date | None, tuple[Change, ...]]:
    """Cells whose preferred value is new, or other than before, since the newest release.

    Parameters
    ----------
    view : View
        What is known. Its newest release is the latest day by which a row became public, among
        rows whose release day is known to within two months.
    measures : Iterable of str
        Measures to look at.

    Returns
    -------
    day : date or None
        The day of the newest release; none when no row tells.
    changes : tuple of Change
        Ordered by cell.
    """
    fresh = [
        (cell, rows[0])
        for measure in measures
        for cell, rows in view.cells(measure).items()
        if rows[0].certainty == "known" and _is_release(rows[0])
    ]
    days = [row.released_to for _, row in fresh if row.released_to]
    if not days:
        return None, ()
    newest = [(cell, row) for cell, row in fresh if row.released_to == max(days)]
    begins = min(row.released_from for _, row in newest if row.released_from)
    earlier = View(view.store, view.country, begins - timedelta(days=1))
    changes = []
    for cell, new in newest:
        known = [row for row in earlier.rows(cell) if row.certainty == "known"]
        old = known[0] if known else None
        if old is None or (old.id != new.id and old.value != new.value):
            changes.append(_change(cell, old, new))
    return max(days), tuple(sorted(changes, key=lambda change: change.cell))


def _is_release(row: Observation) -> bool:
    """Whether the day on which a row became public is known to within two months."""
    first, last = row.released_from, row.released_to
    return first is not None and last is not None and (last - first).days <= RELEASE_DAYS
