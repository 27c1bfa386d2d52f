# SPDX-License-Identifier: Apache-2.0
"""All subcommands of `swarm`, and one place where an error becomes one sentence."""

import sys

import typer

from swarm_config.errors import ConfigError
from swarm_supervisor.cli import (
    agent,
    bench,
    codex,
    demo,
    doctor,
    freeze,
    laws,
    mediations,
    memory,
    operator,
    people,
    plan,
    playbook,
    up,
)
from swarm_vault import cli as audit
from swarm_vault.errors import VaultError

app = typer.Typer(
    name='swarm',
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help='Mission command for ROS 2 fleets: run a fleet, give it orders, watch it, audit it.',
)
app.command('demo')(demo.demo)
app.command('up')(up.up)
app.add_typer(operator.mission, name='mission')
app.add_typer(plan.app, name='plan')
app.add_typer(agent.app, name='agent')
app.add_typer(memory.app, name='memory')
app.add_typer(people.app, name='people')
app.add_typer(codex.app, name='codex')
app.add_typer(playbook.app, name='playbook')
app.command('status')(operator.status)
app.command('watch')(operator.watch)
app.command('stop')(operator.stop)
app.command('freeze', context_settings=bench.PASSED_ON)(freeze.freeze)
app.command('revoke')(operator.revoke)
app.command('votes')(operator.votes)
app.command('escalations')(operator.escalations)
app.command('resolve')(operator.resolve)
app.command('mediations')(mediations.mediations)
app.command('pending')(laws.pending)
app.command('approve')(laws.approve)
app.command('deny')(laws.deny)
app.add_typer(laws.tier, name='tier')
app.command('budget')(laws.budget)
app.add_typer(laws.operators, name='operators')
app.add_typer(audit.app, name='audit')
app.add_typer(bench.app, name='bench')
app.command('doctor')(doctor.doctor)


_LONGEST_PLACE = 200


def main() -> int:
    """Run the command line; what cannot be done ends in one sentence and exit code 2."""
    try:
        app(prog_name='swarm')
    except (ConfigError, VaultError) as error:
        typer.echo(f'swarm: {error}', err=True)
        return 2
    except OSError as error:
        typer.echo(f'swarm: {_refused(error)}', err=True)
        return 2
    return 0


def _refused(error: OSError) -> str:
    """What the system refused, and what can be done where it names a file."""
    if error.filename is None:
        return str(error)
    place = str(error.filename)[:_LONGEST_PLACE]
    return f'{place!r}: {error.strerror}; name one that can be used'


if __name__ == '__main__':
    sys.exit(main())
