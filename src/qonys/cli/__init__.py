"""The command `qonys`: noun, then verb.

For people at a terminal. Main function: `main`. Each command parses, calls one public
function and prints. Exit codes: 0 good, 1 findings, 2 a fault in what was given. Loads
nothing heavy for help.
"""

from qonys.cli.terminal import main

__all__ = ["main"]
