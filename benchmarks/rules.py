"""Deciding by dated law, against openfisca-core and against kernels written by hand for Numba.

A small law is written to a temporary folder: one visa with six conditions, a dated threshold,
in force from 17 November 2024. The same rule is written for openfisca-core (PyPI) as its
countries do it: a person, a variable a fact (of a month, or for ever), a variable a condition
and ``eligible`` (of a day), a dated parameter. A single case is built from a dict by
``SimulationBuilder.build_from_entities``; a population by ``build_default_simulation`` and
``set_input``; then ``eligible`` is calculated, and the six conditions with it. OpenFisca gets
what is cheapest for it: no households, ints of its own size, codes that it encoded beforehand.
Nothing is missing in what both decide, because OpenFisca knows no missing value; decisions and
failed conditions must agree on every person before anything is timed.

All figures are ratios of CPU time, each the best of several rounds in which the programs take
turns in this process. Only the table that does not fit in memory runs in a process of its own,
first, so that its peak of memory does not start from ours.
Usage: python benchmarks/rules.py [--huge] [--people N]   (--huge: 50 million people on disk)
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qonys.rules.answers import answer
from qonys.rules.columns import UNKNOWN, encoded
from qonys.rules.deciding import Engine
from qonys.rules.law import Law
from qonys.rules.people import open_people
from qonys.rules.programs import Snapshot
from qonys.rules.reading import read_law
from qonys.rules.tables import write_decisions
from qonys.rules.vector import VectorEngine

#: At least so many times as fast as OpenFisca, at most so many times as slow as by hand, GiB.
DECISION, ANSWER, MILLION, BY_HAND, MEMORY = 30, 5, 20, 2.0, 2.0
RULE, ON, LEAST, PEOPLE, SEED = "VISA", date(2025, 6, 15), 3000, 1_000_000, 20241117
CODES = ("clean", "not_clean", "none")
CONDITIONS = ("income", "source", "tax", "record", "insurance", "invitation")
MONTHLY = ("income_usd", "income_foreign")
USED = ("openfisca-core", "numba", "numpy", "pyarrow", "duckdb", "ibis-framework")
FILES = {
    "acts.yaml": """
act: {title: The act, kind: law, number: "1", adopted: 2024-10-31, url: https://example.org}
""",
    "facts.yaml": """
income_usd: {type: int, unit: USD, low: 0, high: 1_000_000_000, effort: 1, says: monthly income}
income_foreign: {type: bool, effort: 1, says: the income comes from abroad}
tax_declaration: {type: bool, effort: 2, says: a tax declaration}
criminal_record: {type: code, codes: [clean, not_clean, none], effort: 2, says: the certificate}
insurance_days: {type: int, unit: day, low: 0, high: 36_500, effort: 2, says: days insured}
requested_days: {type: int, unit: day, low: 0, high: 36_500, effort: 1, says: days asked for}
in_list: {type: bool, fixed: true, effort: 1, says: citizen of a country of the list}
invitation: {type: bool, effort: 2, says: an invitation}
""",
    "visa.yaml": """
parameters:
  least_income:
    unit: USD
    says: Monthly income that must be exceeded
    values:
      - {from: 2024-11-17, to: 2025-12-31, value: 3000, cite: {act: act, article: "2"}}
      - {from: 2026-01-01, value: 3200, cite: {act: act, article: "2"}}
rules:
  - rule: VISA
    kind: pathway
    title: A visa
    says: A visa for people who work remotely.
    before: none
    after: unknown
    versions:
      - {from: 2024-11-17, says: In force, cite: {act: act, article: "1"}}
    conditions:
      - id: income
        must: income_usd > least_income
        says: The income exceeds the threshold.
        cite: {act: act, article: "2"}
      - {id: source, must: income_foreign, says: From abroad., cite: {act: act, article: "3"}}
      - {id: tax, must: tax_declaration, says: A declaration., cite: {act: act, article: "4"}}
      - id: record
        must: criminal_record == 'clean'
        says: No criminal record.
        cite: {act: act, article: "5"}
      - id: insurance
        must: insurance_days >= requested_days
        says: Insured for the whole stay.
        cite: {act: act, article: "6"}
      - id: invitation
        must: in_list or invitation
        says: Invited, unless from a listed country.
        cite: {act: act, article: "7"}
""",
}
PARAMETER = """
description: Monthly income that must be exceeded
values:
  2024-11-17: {value: 3000}
  2026-01-01: {value: 3200}
"""
GOOD: dict[str, object] = {
    "income_usd": 3500,
    "income_foreign": True,
    "tax_declaration": True,
    "criminal_record": "clean",
    "insurance_days": 365,
    "requested_days": 180,
    "in_list": False,
    "invitation": True,
}
Columns = dict[str, Any]


def best(work: Mapping[str, Callable[[], object]], rounds: int, times: int) -> dict[str, float]:
    """The least CPU seconds of each of several works that take turns."""
    found = dict.fromkeys(work, float("inf"))
    for run in work.values():
        run()
    for _ in range(rounds):
        for name, run in work.items():
            started = time.process_time()
            for _ in range(times):
                run()
            found[name] = min(found[name], (time.process_time() - started) / times)
    return found


def told(text: str, ratio: float, bar: float, *, least: bool = True) -> bool:
    """Print a ratio and its bar, and whether it is reached."""
    reached = ratio >= bar if least else ratio <= bar
    word = "at least" if least else "at most"
    verdict = "reached" if reached else "NOT reached"
    print(f"  {text:66} {ratio:7.2f}   {word} {bar:g}: {verdict}")
    return reached


def beside(text: str, ratio: float) -> None:
    """Print a ratio that has no bar."""
    print(f"  {text:66} {ratio:7.2f}")


# --- people ---------------------------------------------------------------------------------


def make_people(rows: int, rng: np.random.Generator) -> Columns:
    """People of whom about one in five gets the visa; codes are places in `CODES`."""
    return {
        "income_usd": rng.integers(2000, 9000, rows),
        "income_foreign": rng.random(rows) < 0.9,
        "tax_declaration": rng.random(rows) < 0.8,
        "criminal_record": rng.choice(3, rows, p=[0.9, 0.05, 0.05]).astype(np.int8),
        "insurance_days": rng.integers(0, 400, rows),
        "requested_days": rng.integers(1, 366, rows),
        "in_list": rng.random(rows) < 0.5,
        "invitation": rng.random(rows) < 0.5,
    }


def in_codes(people: Columns) -> Columns:
    """The same with the codes as an Arrow dictionary, as Parquet and data frames keep them."""
    codes = pa.DictionaryArray.from_arrays(people["criminal_record"], list(CODES))
    return {**people, "criminal_record": codes}


def failed_by_numpy(people: Columns) -> np.ndarray[Any, Any]:
    """Bits of the failed conditions, the obvious way."""
    broken = [
        people["income_usd"] <= LEAST,
        ~people["income_foreign"],
        ~people["tax_declaration"],
        people["criminal_record"] != 0,
        people["insurance_days"] < people["requested_days"],
        ~people["in_list"] & ~people["invitation"],
    ]
    return sum(found.astype(np.uint8) << bit for bit, found in enumerate(broken))


# --- openfisca ------------------------------------------------------------------------------


class OpenFisca:
    """The rule in openfisca-core."""

    def __init__(self, folder: Path) -> None:
        from openfisca_core.entities import build_entity
        from openfisca_core.indexed_enums import Enum
        from openfisca_core.periods import DAY, ETERNITY, MONTH
        from openfisca_core.simulations import SimulationBuilder
        from openfisca_core.taxbenefitsystems import TaxBenefitSystem
        from openfisca_core.variables import Variable

        self.builder: Any = SimulationBuilder
        self.month, self.at = f"{ON:%Y-%m}", f"{ON}"
        self.records: Any = Enum("Records", {name: name for name in CODES})
        person = build_entity("person", "persons", "A person", is_person=True)
        self.system = TaxBenefitSystem([person])
        for name, value in GOOD.items():
            fields: dict[str, object] = {"value_type": type(value)}
            if isinstance(value, str):
                none = self.records.none
                fields = {"possible_values": self.records, "default_value": none}
                fields["value_type"] = Enum
            period = MONTH if name in MONTHLY else ETERNITY
            fields |= {"entity": person, "definition_period": period, "label": name}
            self.system.add_variable(type(name, (Variable,), fields))
        for name, formula in self._formulas().items():
            fields = {"value_type": bool, "entity": person, "definition_period": DAY}
            fields |= {"label": name, "formula_2024_11_17": formula}
            self.system.add_variable(type(name, (Variable,), fields))
        folder.mkdir()
        (folder / "least_income.yaml").write_text(PARAMETER, encoding="utf-8")
        self.system.load_parameters(str(folder))

    def _formulas(self) -> dict[str, Callable[..., Any]]:
        clean = self.records.clean

        def income(people: Any, period: Any, parameters: Any) -> Any:
            return people("income_usd", period.first_month) > parameters(period).least_income

        def source(people: Any, period: Any) -> Any:
            return people("income_foreign", period.first_month)

        def tax(people: Any, period: Any) -> Any:
            return people("tax_declaration", period)

        def record(people: Any, period: Any) -> Any:
            return people("criminal_record", period) == clean

        def insurance(people: Any, period: Any) -> Any:
            return people("insurance_days", period) >= people("requested_days", period)

        def invitation(people: Any, period: Any) -> Any:
            return people("in_list", period) + people("invitation", period)

        def eligible(people: Any, period: Any) -> Any:
            return (
                people("met_income", period)
                * people("met_source", period)
                * people("met_tax", period)
                * people("met_record", period)
                * people("met_insurance", period)
                * people("met_invitation", period)
            )

        conditions = (income, source, tax, record, insurance, invitation)
        named = zip(CONDITIONS, conditions, strict=True)
        return {**{f"met_{name}": formula for name, formula in named}, "eligible": eligible}

    def case(self, facts: Mapping[str, object]) -> dict[str, object]:
        """A person as its JSON has it."""
        values = {
            name: {self.month if name in MONTHLY else "ETERNITY": value}
            for name, value in facts.items()
        }
        return {"persons": {"person": values}}

    def one(self, case: Mapping[str, object]) -> Any:
        """Build a case and decide it."""
        simulation = self.builder().build_from_entities(self.system, case)
        simulation.calculate("eligible", self.at)
        return simulation

    def empty(self, rows: int) -> Any:
        """A population without any input."""
        return self.builder().build_default_simulation(self.system, rows)

    def filled(self, simulation: Any, columns: Columns) -> Any:
        """Set the inputs of a population and decide it."""
        for name, column in columns.items():
            period = self.month if name in MONTHLY else "ETERNITY"
            simulation.set_input(name, period, column)
        simulation.calculate("eligible", self.at)
        return simulation

    def many(self, columns: Columns) -> Any:
        """Build a population and decide it."""
        return self.filled(self.empty(len(columns["income_usd"])), columns)

    def columns(self, people: Columns, *, text: bool) -> Columns:
        """Columns in the types it keeps; codes as its own numbers, or as text."""
        columns = {
            name: column.astype(np.int32) if column.dtype == np.int64 else column
            for name, column in people.items()
        }
        codes = columns["criminal_record"]
        given = np.asarray(CODES)[codes] if text else self.records.encode(codes)
        return {**columns, "criminal_record": given}

    def failed(self, simulation: Any) -> np.ndarray[Any, Any]:
        """Bits of the failed conditions."""
        met = [simulation.calculate(f"met_{name}", self.at) for name in CONDITIONS]
        return sum((~found).astype(np.uint8) << bit for bit, found in enumerate(met))


def require_same(law: Law, theirs: OpenFisca, people: Columns, singles: int) -> None:
    """Stop unless both decide every person alike, and fail the same conditions."""
    right = failed_by_numpy(people)
    found = VectorEngine(law).decide_many(RULE, ON, in_codes(people))
    assert found.conditions == CONDITIONS
    assert (found.failed == right).all()
    assert ((found.codes == 0) == (right == 0)).all()
    assert not found.unknown.any()
    for text in (False, True):
        simulation = theirs.many(theirs.columns(people, text=text))
        assert (theirs.failed(simulation) == right).all()
        assert (simulation.calculate("eligible", theirs.at) == (right == 0)).all()
    engine = Engine(law)
    for row in range(singles):
        facts = {name: column[row].item() for name, column in people.items()}
        facts["criminal_record"] = CODES[facts["criminal_record"]]
        decision = engine.decision(RULE, ON, facts)
        simulation = theirs.one(theirs.case(facts))
        failed = int(theirs.failed(simulation)[0])
        names = tuple(name for bit, name in enumerate(CONDITIONS) if failed >> bit & 1)
        assert decision.failed == names
        yes = bool(simulation.calculate("eligible", theirs.at)[0])
        assert (decision.decision == "eligible") is yes


def one_person(law: Law, theirs: OpenFisca) -> list[bool]:
    """A decision, then the full answer, each from a plain dict that is checked anew."""
    engine = Engine(law)
    low = {**GOOD, "income_usd": 2500}
    open_ = {name: value for name, value in GOOD.items() if name != "tax_declaration"}
    reply = answer(engine, RULE, ON, low)
    assert [change.plain()["by"] for change in reply.smallest_change or ()] == [501]
    reply = answer(engine, RULE, ON, open_)
    assert reply.next_question
    assert reply.next_question.fact == "tax_declaration"
    cases = {"eligible": GOOD, "one threshold missed": low, "one fact missing": open_}
    work: dict[str, Callable[[], object]] = {}
    for name, facts in cases.items():
        case = theirs.case(facts)
        work |= {
            f"decision, {name}": lambda facts=facts: engine.decision(RULE, ON, facts),
            f"answer, {name}": lambda facts=facts: answer(engine, RULE, ON, facts),
            f"theirs, {name}": lambda case=case: theirs.one(case),
        }
    cpu = best(work, rounds=25, times=100)
    print("One person: CPU time of OpenFisca (from a dict: build, calculate) over ours")
    reached = []
    for part, bar in (("decision", DECISION), ("answer", ANSWER)):
        for name in cases:
            text = f"{part}, {name}"
            ratio = cpu[f"theirs, {name}"] / cpu[text]
            if text == "answer, eligible":
                beside(text, ratio)
            else:
                reached.append(told(text, ratio, bar))
    return reached


def million(law: Law, theirs: OpenFisca, people: Columns) -> list[bool]:
    """A million people from columns in memory, the kernel compiled beforehand."""
    engine, rounds, rows = VectorEngine(law), 9, len(people["income_usd"])
    words = np.asarray(CODES)[people["criminal_record"]]
    coded, text = in_codes(people), {**people, "criminal_record": pa.array(words)}
    numpy_text = {**people, "criminal_record": words}
    own, own_text = (theirs.columns(people, text=flag) for flag in (False, True))
    built = [theirs.empty(rows) for _ in range(rounds + 1)]
    work: dict[str, Callable[[], object]] = {
        "coded": lambda: engine.decide_many(RULE, ON, coded),
        "text": lambda: engine.decide_many(RULE, ON, text),
        "NumPy text": lambda: engine.decide_many(RULE, ON, numpy_text),
        "theirs coded": lambda: theirs.many(own),
        "theirs text": lambda: theirs.many(own_text),
        "theirs built": lambda: theirs.filled(built.pop(), own),
    }
    cpu = best(work, rounds, times=1)
    print(f"{rows:,} people: CPU time of OpenFisca (build, set inputs, calculate) over ours")
    reached = told(
        "decide_many, codes as a dictionary (Arrow; EnumArray)",
        cpu["theirs coded"] / cpu["coded"],
        MILLION,
    )
    beside("decide_many, codes as text (Arrow; NumPy)", cpu["theirs text"] / cpu["text"])
    beside("decide_many, text of NumPy for both", cpu["theirs text"] / cpu["NumPy text"])
    beside("decide_many, their people built already", cpu["theirs built"] / cpu["coded"])
    return [reached]


# --- by hand --------------------------------------------------------------------------------


def by_hand() -> tuple[Callable[..., None], Callable[..., None]]:
    """Kernels for this rule: failed bits with nothing missing, and all that ours gives."""
    import numba

    @numba.njit(nogil=True, error_model="numpy")
    def plain(income, foreign, tax, record, insured, asked, listed, invited, least, failed):
        for i in range(failed.shape[0]):
            failed[i] = (
                np.int8(income[i] <= least)
                | ((foreign[i] ^ 1) << 1)
                | ((tax[i] ^ 1) << 2)
                | (np.int8(record[i] != 0) << 3)
                | (np.int8(insured[i] < asked[i]) << 4)
                | (((listed[i] | invited[i]) ^ 1) << 5)
            )

    @numba.njit(nogil=True, error_model="numpy")
    def careful(
        income,
        foreign,
        tax,
        record,
        insured,
        asked,
        listed,
        invited,
        least,
        failed,
        unknown,
        codes,
    ):
        for i in range(failed.shape[0]):
            untold = (insured[i] == UNKNOWN) | (asked[i] == UNKNOWN)
            yes, no = (listed[i] == 1) | (invited[i] == 1), (listed[i] == 0) & (invited[i] == 0)
            f = (
                ((income[i] <= least) & (income[i] != UNKNOWN))
                | ((foreign[i] == 0) << 1)
                | ((tax[i] == 0) << 2)
                | ((record[i] > 0) << 3)
                | (((insured[i] < asked[i]) & (not untold)) << 4)
                | (no << 5)
            )
            u = (
                (income[i] == UNKNOWN)
                | ((foreign[i] < 0) << 1)
                | ((tax[i] < 0) << 2)
                | ((record[i] < 0) << 3)
                | (untold << 4)
                | ((not (yes | no)) << 5)
            )
            failed[i] = f
            unknown[i] = u
            codes[i] = 1 if f else (2 if u else 0)

    return plain, careful


def with_gaps(people: Columns) -> Columns:
    """The same people, of whom some facts are not known."""
    rng = np.random.default_rng(SEED)
    return {
        name: pa.array(column, mask=rng.random(len(column)) < 0.03)
        if isinstance(column, np.ndarray)
        else column
        for name, column in in_codes(people).items()
    }


def kernels(law: Law, people: Columns) -> list[bool]:
    """The generated kernel against kernels written by hand, over the same encoded columns."""
    engine, (plain, careful) = VectorEngine(law), by_hand()
    numbered, rows = in_codes(people), len(people["income_usd"])
    snapshot = engine.decide_many(RULE, ON, numbered).snapshot
    columns = encoded(law, snapshot, numbered)

    def hand_failed() -> Any:
        """Failed bits."""
        failed = np.empty(rows, np.uint8)
        plain(*columns.arrays, LEAST, failed)
        return failed

    def hand_all(given: list[Any]) -> tuple[Any, Any, Any]:
        """Failed bits, unknown bits and decisions."""
        failed, unknown, codes = (np.empty(rows, kind) for kind in ("u1", "u1", "i1"))
        careful(*given, LEAST, failed, unknown, codes)
        return failed, unknown, codes

    require_kernels(law, engine, snapshot, hand_all, with_gaps(people))
    assert (hand_failed() == engine.run(snapshot, columns, rows).failed).all()
    cpu = best(
        {
            "run": lambda: engine.run(snapshot, columns, rows),
            "failed by hand": hand_failed,
            "all by hand": lambda: hand_all(columns.arrays),
            "decide_many": lambda: engine.decide_many(RULE, ON, numbered),
        },
        rounds=25,
        times=10,
    )
    print(f"{rows:,} people: CPU time of ours over a Numba kernel written by hand")
    reached = told(
        "run on encoded columns, by hand only the failed bits",
        cpu["run"] / cpu["failed by hand"],
        BY_HAND,
        least=False,
    )
    beside("run, by hand all that ours gives", cpu["run"] / cpu["all by hand"])
    beside(
        "decide_many (with encoding), by hand only the failed bits",
        cpu["decide_many"] / cpu["failed by hand"],
    )
    return [reached]


def require_kernels(
    law: Law,
    engine: VectorEngine,
    snapshot: Snapshot,
    hand_all: Callable[[list[Any]], tuple[Any, Any, Any]],
    people: Columns,
) -> None:
    """Stop unless the kernel by hand gives what ours gives where facts are missing."""
    columns = encoded(law, snapshot, people)
    found = engine.run(snapshot, columns, len(columns.arrays[0]))
    ours = (found.failed, found.unknown, found.codes)
    for mine, theirs in zip(ours, hand_all(columns.arrays), strict=True):
        assert (mine == theirs).all()


# --- a table on disk ------------------------------------------------------------------------


def make_table(path: Path, rows: int) -> dict[str, int]:
    """People in Parquet, some declarations unknown; how many get which decision."""
    rng = np.random.default_rng(SEED)
    counts = dict.fromkeys(("eligible", "ineligible", "undetermined"), 0)
    writer = None
    for first in range(0, rows, PEOPLE):
        people = make_people(min(PEOPLE, rows - first), rng)
        gaps = rng.random(len(people["in_list"])) < 0.02
        broken = failed_by_numpy(people)
        sure = np.where(gaps, broken & ~np.uint8(1 << CONDITIONS.index("tax")), broken)
        counts["ineligible"] += int((sure != 0).sum())
        counts["undetermined"] += int((gaps & (sure == 0)).sum())
        counts["eligible"] += int((~gaps & (sure == 0)).sum())
        columns = in_codes(people)
        columns["criminal_record"] = columns["criminal_record"].cast(pa.string())
        columns["tax_declaration"] = pa.array(people["tax_declaration"], mask=gaps)
        group = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, group.schema)
        writer.write_table(group)
    if writer is not None:
        writer.close()
    return counts


def decide_table(law: Path, path: Path, out: Path) -> None:
    """What the process of its own does."""
    read = read_law(law, "BEN")
    rule = read.rule(RULE)
    started = time.perf_counter()
    people = open_people(read, path, ON, [rule])
    counts = write_decisions(read, people, rule, ON, out, "parquet", lambda _: None)
    print(json.dumps({"seconds": time.perf_counter() - started, "counts": counts}))


def table(folder: Path, rows: int) -> list[bool]:
    """A table on disk, decided in a process whose peak of memory is measured."""
    path, out = folder / "people.parquet", folder / "decided.parquet"
    counts = make_table(path, rows)
    command = [sys.executable, __file__, "--decide", folder / "law", path, out]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    unit = 1024 if sys.platform == "darwin" else 1
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit / 1024**2
    found = json.loads(done.stdout)
    assert {name: number for name, number in counts.items() if number} == found["counts"]
    assert pq.ParquetFile(out).metadata.num_rows == rows
    size = path.stat().st_size / 2**30
    print(f"{rows:,} people in Parquet ({size:.2f} GiB): open_people and write_decisions")
    reached = told("GiB of memory at the peak", peak, MEMORY, least=False)
    print(f"  ({rows / found['seconds']:,.0f} rows a second, by the clock on the wall)")
    return [reached]


def openfisca(folder: Path) -> OpenFisca | None:
    """The rule in OpenFisca; None where it is not installed."""
    try:
        return OpenFisca(folder / "parameters")
    except ModuleNotFoundError as error:
        if error.name != "openfisca_core":
            raise
        print("Nothing was compared with OpenFisca; install it: pip install openfisca-core")
        return None


def installed(name: str) -> str:
    """Name and version of a package."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"no {name}"


def main() -> int:
    """Run all and tell which bars are reached."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--huge", action="store_true")
    parser.add_argument("--people", type=int)
    parser.add_argument("--decide", nargs=3, type=Path)
    options = parser.parse_args()
    if options.decide:
        decide_table(*options.decide)
        return 0
    print(", ".join([f"Python {platform.python_version()}", *map(installed, USED)]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "law").mkdir()
        for file, text in FILES.items():
            (folder / "law" / file).write_text(text, encoding="utf-8")
        reached = table(folder, options.people or (50_000_000 if options.huge else 2_000_000))
        law = read_law(folder / "law", "BEN")
        people = make_people(PEOPLE, np.random.default_rng(SEED))
        reached += kernels(law, people)
        theirs = openfisca(folder)
        if theirs is None:
            return 1
        require_same(law, theirs, people, singles=1000)
        reached += million(law, theirs, people)
        reached += one_person(law, theirs)
    missed = reached.count(False)
    print(f"{len(reached)} bars, {missed} missed" if missed else f"{len(reached)} bars reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
