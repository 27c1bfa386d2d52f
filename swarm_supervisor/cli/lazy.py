# SPDX-License-Identifier: Apache-2.0
"""A group of commands whose modules are imported when one of them is chosen.

`swarm status` need not load the simulator's demo, the benches and the exams. `--help` of the whole
group loads all of them: it tells what each is for.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

PASSED_ON = {'allow_extra_args': True, 'ignore_unknown_options': True, 'help_option_names': []}
"""The options of a command that lives in a room of its own are read there."""


def lazy_group(commands: Mapping[str, str], passing_on: frozenset[str]) -> type[TyperGroup]:
    """A group for Typer.

    Args:
        commands: Of each name, in the order of the help: `module:attribute`, a function or an app.
        passing_on: Names of commands that take options of which this process knows nothing.
    """

    class Lazy(TyperGroup):
        """The commands by their names."""

        def list_commands(self, ctx: Any) -> list[str]:
            """All names."""
            del ctx
            return list(commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """Import a command; None where there is none of this name."""
            del ctx
            if cmd_name not in commands:
                return None
            return _load(cmd_name, commands[cmd_name], passed_on=cmd_name in passing_on)

    return Lazy


def _load(name: str, where: str, *, passed_on: bool) -> Any:
    module, _, attribute = where.partition(':')
    found = getattr(import_module(module), attribute)
    parent = typer.Typer()
    if isinstance(found, typer.Typer):
        parent.add_typer(found, name=name)
    else:
        parent.command(name, context_settings=PASSED_ON if passed_on else None)(found)
    return typer.main.get_group(parent).commands[name]
