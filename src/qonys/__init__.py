"""Qonys: an open migration observatory.

For people who live by migration figures: statisticians, analysts, officials.
Main functions: the rooms `core`, `sources`, `observations`, `briefs` and the command `qonys`.
Importing this module loads nothing heavy.
"""

__version__ = "0.1.0"
