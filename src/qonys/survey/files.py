"""TOML files of the room, and choices that their writers and users name.

For the readers of the room and the command line, which must not load what computes.
"""

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from qonys.core.errors import DataError, Fault

STATISTICS = ("mean", "total", "ratio", "proportion", "quantile")
INTERVALS = ("logit", "beta", "wilson", "likelihood", "asin", "mean")
FITS = ("rake", "linear", "truncated", "logit")
FEWEST = 30  #: Answers under which a figure of a domain is not published.


def load_toml(path: Path | Traversable, name: str = "") -> dict[str, Any]:
    """What a TOML file says.

    Parameters
    ----------
    path : Path or Traversable
        The file, UTF-8 with a mark of it or without.
    name : str
        What faults call it; the name of the file where empty.

    Raises
    ------
    DataError
        Where it is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(Fault(f"not TOML: {error}", name or path.name)) from error
