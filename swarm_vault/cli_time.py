# SPDX-License-Identifier: Apache-2.0
"""`swarm audit timeline|fork|diff` and `show --at`: go back to a moment and ask what if."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from swarm_vault.comparison import Compared, compare_vaults
from swarm_vault.divergence import Difference
from swarm_vault.errors import VaultError
from swarm_vault.events import clock_text, time_of
from swarm_vault.fork import Fork, fork_vault
from swarm_vault.moment import Moment, moment_of, parse_time
from swarm_vault.story import LAYERS, Step, story_of

VaultArgument = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help='Folder of the vault.')
]
JsonOption = Annotated[bool, typer.Option('--json', help='Print JSON for machines.')]
TIME_HELP = 'An ISO time (UTC if it names no zone), +12.5 s after the first event, or nanoseconds.'
_MAX_VALUE = 160


def show_moment(vault: Path, at: str, agent: str, writer: str, *, as_json: bool) -> None:
    """What every core knew and decided at a moment."""
    moment = moment_of(vault, parse_time(at, vault), agent_id=agent, writer=writer)
    if as_json:
        typer.echo(json.dumps(asdict(moment), sort_keys=True))
    else:
        _print_moment(moment)


def timeline(
    vault: VaultArgument,
    *,
    also: Annotated[
        list[Path] | None,
        typer.Option(
            '--with', exists=True, file_okay=False, help="Another vault, e.g. the supervisor's."
        ),
    ] = None,
    agent: Annotated[str, typer.Option(help='Only this robot.')] = '',
    since: Annotated[str, typer.Option(help='Not before. ' + TIME_HELP)] = '',
    until: Annotated[str, typer.Option(help='Not after. ' + TIME_HELP)] = '',
    as_json: JsonOption = False,
) -> None:
    """Tell the story: mission, plan, skill, reflex; who, why and because of what."""
    steps = story_of(
        (vault, *(also or ())),
        agent_id=agent,
        since_ns=parse_time(since, vault) if since else 0,
        until_ns=parse_time(until, vault) if until else 2**63,
    )
    if as_json:
        for step in steps:
            typer.echo(json.dumps(asdict(step), sort_keys=True))
        return
    console = Console(highlight=False, emoji=False)
    began_ns = steps[0].time_ns if steps else 0
    for step in steps:
        console.print(escape(_step_text(step, began_ns)), soft_wrap=True)


def fork(
    vault: VaultArgument,
    *,
    at: Annotated[str, typer.Option(help='From when on. ' + TIME_HELP)],
    params: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help='JSON or YAML: parameters by name.'),
    ],
    agent: Annotated[str, typer.Option(help='Whose decisions.')],
    writer: Annotated[str, typer.Option(help='Of which process, e.g. reflex.')],
    out: Annotated[
        Path | None, typer.Option(help='Write the other decisions here, a JSON line each.')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What would have been decided with other parameters, from a moment on (a counterfactual)."""
    forks = fork_vault(
        vault,
        parse_time(at, vault),
        _read_params(params),
        agent_id=agent,
        writer=writer,
    )
    if out is not None:
        out.write_text(''.join(_counterfactual_lines(forks)), encoding='utf-8')
    if as_json:
        plain = [{**asdict(f), 'outputs': len(f.outputs)} for f in forks]
        typer.echo(json.dumps({'counterfactual': True, 'forks': plain}, sort_keys=True))
        return
    for each in forks:
        _print_fork(each)


def diff(
    one: Annotated[Path, typer.Argument(exists=True, file_okay=False, help='Vault A.')],
    other: Annotated[Path, typer.Argument(exists=True, file_okay=False, help='Vault B.')],
    *,
    as_json: JsonOption = False,
) -> None:
    """Where two vaults differ; exit code 0 only if they do not."""
    compared = compare_vaults(one, other)
    same = all(found.relation == 'equal' for found in compared)
    if as_json:
        plain = {'equal': same, 'compared': [asdict(found) for found in compared]}
        typer.echo(json.dumps(plain, sort_keys=True))
    else:
        _print_compared(compared)
    raise typer.Exit(0 if same else 1)


def _read_params(path: Path) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise VaultError(f'{path}: cannot be read ({" ".join(str(error).split())})') from error
    if not isinstance(values, dict) or not values:
        raise VaultError(f'{path}: holds no parameters; expected names and values')
    return values


def _counterfactual_lines(forks: list[Fork]) -> list[str]:
    return [
        json.dumps(
            {
                'counterfactual': True,
                'core': each.core,
                'changed': each.changed,
                'frame': each.forked_at + number,
                'outputs': outputs,
            },
            sort_keys=True,
        )
        + '\n'
        for each in forks
        for number, outputs in enumerate(each.outputs)
    ]


def _print_fork(each: Fork) -> None:
    console = Console(highlight=False, emoji=False)
    decided = len(each.outputs)
    console.print(
        f'[yellow]counterfactual[/]: {each.agent_id}/{each.writer} {each.core} with other'
        f' {", ".join(each.changed)} from frame {each.forked_at} on: {each.differing} of'
        f' {decided} decisions differ',
        soft_wrap=True,
    )
    if each.first is not None:
        console.print(escape(f'  first in frame {each.first_frame}: {_said(each.first)}'))
    if each.fault:
        console.print(f'  [red]ended early[/]: {escape(each.fault)}', soft_wrap=True)


def _said(difference: Difference) -> str:
    return f'{difference.field}: {difference.recorded} became {difference.recomputed}'


def _print_compared(compared: list[Compared]) -> None:
    table = Table('what', 'relation', 'equal so far', 'first difference (A, B)')
    for found in compared:
        difference = found.difference
        text = ''
        if difference is not None:
            text = f'{difference.field}: {difference.recorded}, {difference.recomputed}'
        colour = 'green' if found.relation == 'equal' else 'yellow'
        table.add_row(
            f'{found.kind} {found.name}',
            f'[{colour}]{found.relation}[/]',
            str(found.common),
            escape(text),
        )
    Console(highlight=False, emoji=False).print(table)


def _print_moment(moment: Moment) -> None:
    console = Console(highlight=False, emoji=False)
    console.print(f'at {clock_text(moment.time_ns)}')
    for known in moment.known:
        age_s = (moment.time_ns - known.time_ns) / 1e9
        console.print(
            f'[bold]{known.agent_id}/{known.writer}[/] {known.core} frame {known.frame},'
            f' {age_s:.3f} s before'
        )
        for title, values in (('knew', known.inputs), ('decided', known.outputs)):
            for name, value in values.items():
                console.print(escape(f'  {title} {name}: {_short(value)}'), soft_wrap=True)
    for event in moment.events:
        console.print(
            escape(f'{clock_text(time_of(event))}  {event.get("id")}  {event.get("type")}'),
            soft_wrap=True,
        )


def _step_text(step: Step, began_ns: int) -> str:
    depth = tuple(LAYERS.values()).index(step.layer) if step.layer in LAYERS.values() else 0
    who = f' [{step.who}]' if step.who else ''
    why = f': {_short(step.why)}' if step.why else ''
    links = step.causes or step.follows
    word = 'because of' if step.causes else 'follows'
    because = f'  ({word} {", ".join(links)})' if links else ''
    return (
        f'{(step.time_ns - began_ns) / 1e9:9.3f} s  {"    " * depth}{step.layer}'
        f' {step.agent_id} {step.type_}{who}{why}{because}'
    )


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 3] + '...'
