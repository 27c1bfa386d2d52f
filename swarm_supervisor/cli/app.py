# SPDX-License-Identifier: Apache-2.0
"""All subcommands of `swarm`, and one place where an error becomes one sentence."""

import sys

import typer

from swarm_config.errors import ConfigError
from swarm_supervisor.cli.lazy import lazy_group
from swarm_vault.errors import VaultError

_CLI = 'swarm_supervisor.cli'
COMMANDS = {
    'demo': f'{_CLI}.demo:demo',
    'up': f'{_CLI}.up:up',
    'status': f'{_CLI}.operator:status',
    'watch': f'{_CLI}.operator:watch',
    'stop': f'{_CLI}.operator:stop',
    'freeze': f'{_CLI}.freeze:freeze',
    'revoke': f'{_CLI}.operator:revoke',
    'votes': f'{_CLI}.operator:votes',
    'escalations': f'{_CLI}.operator:escalations',
    'resolve': f'{_CLI}.operator:resolve',
    'mediations': f'{_CLI}.mediations:mediations',
    'pending': f'{_CLI}.laws:pending',
    'approve': f'{_CLI}.laws:approve',
    'deny': f'{_CLI}.laws:deny',
    'budget': f'{_CLI}.laws:budget',
    'doctor': f'{_CLI}.doctor:doctor',
    'mission': f'{_CLI}.operator:mission',
    'plan': f'{_CLI}.plan:app',
    'agent': f'{_CLI}.agent:app',
    'memory': f'{_CLI}.memory:app',
    'people': f'{_CLI}.people:app',
    'codex': f'{_CLI}.codex:app',
    'playbook': f'{_CLI}.playbook:app',
    'tier': f'{_CLI}.laws:tier',
    'operators': f'{_CLI}.laws:operators',
    'audit': 'swarm_vault.cli:app',
    'bench': f'{_CLI}.bench:app',
}
"""Where each command lies; it is imported when it is chosen."""
app = typer.Typer(
    name='swarm',
    cls=lazy_group(COMMANDS, frozenset({'freeze'})),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help='Mission command for ROS 2 fleets: run a fleet, give it orders, watch it, audit it.',
)


@app.callback()
def _commands() -> None:
    """Mission command for ROS 2 fleets: run a fleet, give it orders, watch it, audit it."""


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
