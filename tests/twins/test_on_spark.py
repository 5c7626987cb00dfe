"""The rules on a real Spark, against the scalar engine: the same expression, another engine.

Run by `make verify`. Spark needs Java; without it the test says so and skips.
"""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from qonys.rules.people import check_people
from qonys.rules.tables import with_decisions
from tests.twins.test_rule_twins import ENGINE, LAW, columns, drawn

pytestmark = [
    pytest.mark.slow,
    # Spark 4 says that it does not know pandas 3 yet, and closes its sockets late.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="pyspark is not installed: make verify installs it")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.ansi.enabled", "true")
        .getOrCreate()
    )
    yield ibis.pyspark.connect(session)
    session.stop()


@pytest.mark.parametrize("name", ["B12-1", "DNR", "PR", "IIN@embassy", "PR.annulment"])
def test_spark_decides_as_the_scalar_engine_does(spark: Any, name: str, tmp_path: Path) -> None:
    rule, day = LAW.rules[name], date(2025, 6, 15)
    persons = drawn(rule, day, 40)
    table = {"row": pa.array(range(len(persons))), **columns(LAW, rule, persons)}
    path = tmp_path / "people.parquet"
    pa_parquet.write_table(pa.table(table), path)
    typed = check_people(LAW, spark.read_parquet(path), day, [rule]).typed
    expression, _ = with_decisions(LAW, typed, rule, day)
    rows = expression.select("row", "failed", "unknown").to_pyarrow().to_pylist()
    found = {row["row"]: (row["failed"], row["unknown"]) for row in rows}
    for place, person in enumerate(persons):
        assert found[place] == ENGINE.decision(name, day, person).masks[:2], person
