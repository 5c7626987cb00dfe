"""One folder per provider or format: `source.toml` says what it is, `read.py` reads it.

For the `observations` room and the command line. Main functions: `registry.detect`,
`registry.stage`, `registry.read_source_card`, `pull.pull`. A reader turns a file into the
temporary table `staged` or reports every fault of the file at once; it stores nothing.
"""

from qonys.sources.registry import SourceCard, detect, read_source_card, readers

__all__ = ["SourceCard", "detect", "read_source_card", "readers"]
