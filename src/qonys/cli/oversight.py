"""`qonys oversight`: invented banks, cases with clocks and appeals, their trail."""

import click

from qonys.cli.cases import audit_group, case_group
from qonys.cli.simulate import simulate
from qonys.cli.terminal import Verb


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def oversight() -> None:
    """Look after suspicions of accounts: cases, appeals, trails, and banks to try rules on."""


oversight.add_command(simulate)
oversight.add_command(case_group)
oversight.add_command(audit_group)
