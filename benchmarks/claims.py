"""Checking press texts of growing length: time must grow as the length does.

Texts of 50, 100 and 200 kilobytes are put together from the labelled sentences of the tests;
for each doubling the ratio of the median times is printed, which is 2 for linear time. A
megabyte of noise must come to an end.
Usage: python benchmarks/claims.py [repeats]
"""

import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from qonys.claims.checking import check_text
from qonys.claims.reading import to_source
from qonys.core.country import load_country
from qonys.observations.reading import View
from qonys.observations.store import open_store

BAR = 2.4  # of a doubling; 2 is linear, the rest is the machine's noise
SENTENCES = Path(__file__).parents[1] / "tests/cases/claims/blind.jsonl"


def texts() -> dict[int, str]:
    """Texts by their length in kilobytes."""
    pieces = [json.loads(line)["text"] for line in SENTENCES.read_text("utf-8").splitlines()]
    whole = "\n\n".join(pieces)
    return {
        size: (whole * (1 + size * 1000 // len(whole)))[: size * 1000]
        for size in (50, 100, 200)
    }


def main() -> int:
    """Print the ratios; 1 where one is over the bar."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    country = load_country("KAZ")
    with tempfile.TemporaryDirectory() as folder:
        view = View(open_store(Path(folder), country), country)
        sources = {size: to_source(text) for size, text in texts().items()}
        check_text(sources[50], view)
        times: dict[int, list[float]] = {size: [] for size in sources}
        for _ in range(repeats):
            for size, source in sources.items():
                begin = time.perf_counter()
                report = check_text(source, view)
                times[size].append(time.perf_counter() - begin)
        medians = {size: statistics.median(found) for size, found in times.items()}
        for size, seconds in medians.items():
            print(f"{size} kB: {seconds:.2f} s, {seconds / size * 1000:.1f} ms per kB")
        ratios = [medians[100] / medians[50], medians[200] / medians[100]]
        for size, ratio in zip((100, 200), ratios, strict=True):
            print(f"{size} kB over {size // 2} kB: {ratio:.2f} (bar {BAR})")
        print(f"{len(report.claims)} claims in the longest text")
        letters = random.Random(1)
        noise = "".join(letters.choices("абвгдefgh 1234567890 .,;:—-()%$\n", k=1_000_000))
        begin = time.perf_counter()
        check_text(to_source(noise), view)
        print(f"1 MB of noise: {time.perf_counter() - begin:.1f} s")
    return int(max(ratios) > BAR)


if __name__ == "__main__":
    sys.exit(main())
