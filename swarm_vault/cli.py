# SPDX-License-Identifier: Apache-2.0
"""`swarm audit`: judge, read and re-execute a vault's record."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from swarm_vault.audit import Audit, audit_vaults
from swarm_vault.cli_data import archive, check, export, journal, prove, query, retain
from swarm_vault.cli_raw import is_sensor_bag, show_what_if
from swarm_vault.cli_time import TIME_HELP, diff, fork, show_moment, timeline
from swarm_vault.cli_words import InWords
from swarm_vault.events import Follower, Query, causes_of, clock_text, read_events, time_of
from swarm_vault.keys import Trust, load_trust
from swarm_vault.lines import Kind
from swarm_vault.noted import NotedHead, heads_to_note, parse_noted
from swarm_vault.replay import replay_bag, replay_vault
from swarm_vault.replay_report import ReplayReport
from swarm_vault.verify import CLEAN, NOT_TRUSTWORTHY, VaultVerdict, Verdict, verify_vault

_FOLLOW_S = 0.25
_MOST_REASONS = 20
_UNITS_S = {'s': 1.0, 'm': 60.0, 'h': 3600.0, 'd': 86400.0}

app = typer.Typer(
    cls=InWords,
    no_args_is_help=True,
    help='Judge, read and re-execute the record. Exit codes: 0 clean, 3 recovered with a stated'
    ' loss, 1 not trustworthy.',
)

VaultArgument = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help='Folder of the vault.')
]
JsonOption = Annotated[bool, typer.Option('--json', help='Print JSON for machines.')]


@app.command()
def verify(
    vault: VaultArgument,
    *,
    as_json: JsonOption = False,
    trust: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help='Vault whose public keys count; give one that the robots cannot write.',
        ),
    ] = None,
    witness: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Another machine's vault: its copies and countersigned heads count too.",
        ),
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar='LOG:LINES:ROOT',
            help='A head that you noted, as `swarm audit heads` prints it; repeatable.',
        ),
    ] = None,
    replay: Annotated[
        bool, typer.Option(help='Re-execute the decisions as well, for the third verdict.')
    ] = True,
) -> None:
    """Three verdicts: the chains, what witnesses saw of them, and re-execution.

    Torn by a crash is told apart from tampered.
    """
    keys = load_trust(trust) if trust else None
    noted = [parse_noted(text) for text in head or ()]
    if replay:
        audit = _audit_with_progress(vault, keys, witness or (), noted)
        verdict, report = audit.verdict, audit.replay
    else:
        verdict, report = (
            verify_vault(vault, trust=keys, witnesses=witness or (), noted=noted),
            None,
        )
    code = NOT_TRUSTWORTHY if report is not None and not report.ok else verdict.exit_code
    if as_json:
        typer.echo(json.dumps(_verdict_json(verdict, report, code), sort_keys=True))
    else:
        _print_verdict(verdict)
        _print_three(verdict, report)
    raise typer.Exit(code)


@app.command()
def heads(vault: VaultArgument) -> None:
    """Print where each log stands, a line to keep elsewhere: `verify --head` holds it against it.

    Who closes last is countersigned by nobody, and a vault of one robot alone neither.
    """
    for noted in heads_to_note(vault):
        typer.echo(str(noted))


@app.command()
def show(
    vault: VaultArgument,
    *,
    agent: Annotated[str, typer.Option(help='Only this robot.')] = '',
    writer: Annotated[str, typer.Option(help='Only this process, e.g. reflex.')] = '',
    kind: Annotated[
        Kind | None, typer.Option(case_sensitive=False, help='Only this kind.')
    ] = None,
    type_: Annotated[str, typer.Option('--type', help='Only types that begin so.')] = '',
    since: Annotated[
        str,
        typer.Option(
            help='Not before: an ISO time (UTC if it names no zone), or 90s, 10m, 2h, 1d ago.'
        ),
    ] = '',
    at: Annotated[
        str, typer.Option(help='What was known and decided at this time. ' + TIME_HELP)
    ] = '',
    limit: Annotated[int, typer.Option(min=0, help='The last so many; 0: all.')] = 50,
    follow: Annotated[bool, typer.Option('--follow', '-f', help='Go on with what comes.')] = False,
    as_json: JsonOption = False,
) -> None:
    """Show events of all logs in the order of their times, or what was known at a moment."""
    if at:
        show_moment(vault, at, agent, writer, as_json=as_json)
        return
    query = Query(
        agent_id=agent,
        writer=writer,
        kind=kind.value if kind else '',
        type_=type_,
        since_ns=_parse_since(since),
    )
    console = Console(highlight=False, emoji=False)
    follower = Follower(vault, query) if follow else None
    _print_events(console, deque(read_events(vault, query), maxlen=limit or None), as_json=as_json)
    while follower is not None:
        time.sleep(_FOLLOW_S)
        _print_events(console, follower.read(), as_json=as_json)


@app.command()
def replay(
    vault: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help='Folder of the vault.')
    ] = None,
    *,
    bag: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help='A bag of decisions instead of a vault; or a recording of sensors (rosbag2), to'
            ' see what the cores would decide on it.',
        ),
    ] = None,
    fleet: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help='For a recording from elsewhere: the fleet plan that names its robot and map.',
        ),
    ] = None,
    agent: Annotated[list[str] | None, typer.Option(help='Only this robot; repeatable.')] = None,
    as_json: JsonOption = False,
) -> None:
    """Re-execute every recorded decision and compare it with the record, to the byte."""
    if (vault is None) == (bag is None):
        raise typer.BadParameter('give the folder of a vault, or a file with --bag')
    if bag is not None and is_sensor_bag(bag):
        show_what_if(bag, agent or [], fleet, as_json=as_json)
        return
    report = replay_bag(bag) if bag is not None else _replay_with_progress(vault, agent)
    if as_json:
        typer.echo(json.dumps(_report_json(report), sort_keys=True))
    else:
        _print_report(report)
    raise typer.Exit(CLEAN if report.ok else NOT_TRUSTWORTHY)


app.command('timeline')(timeline)
app.command('fork')(fork)
app.command('diff')(diff)
app.command('query')(query)
app.command('export')(export)
app.command('journal')(journal)
app.command('prove')(prove)
app.command('check')(check)
app.command('retain')(retain)
app.command('archive')(archive)


def _parse_since(text: str) -> int:
    if not text:
        return 0
    try:
        if text[-1] in _UNITS_S:
            return time.time_ns() - int(float(text[:-1]) * _UNITS_S[text[-1]] * 1e9)
        moment = datetime.fromisoformat(text.replace('Z', '+00:00'))
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(
            f'{text!r} is no time; expected e.g. 2026-01-31T12:00:00 or 10m', param_hint='--since'
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1e9)


def _verdict_json(verdict: VaultVerdict, report: ReplayReport | None, code: int) -> dict[str, Any]:
    return {
        'ok': code != NOT_TRUSTWORTHY,
        'exit_code': code,
        'chain': {'verdict': verdict.chain_word, 'reasons': verdict.chain_reasons},
        'witnesses': {
            'verdict': verdict.witnesses.word,
            'reasons': verdict.witnesses.reasons,
            'refuted': verdict.witnesses.refuted,
            'logs': [asdict(log) | {'bare': log.bare} for log in verdict.witnesses.logs],
        },
        're_execution': {
            'verdict': replay_word(report),
            'reasons': () if report is None else report.reasons,
            'decisions_recorded': 0 if report is None else report.decisions_recorded,
            'decisions_reproduced': 0 if report is None else report.decisions_reproduced,
        },
        'writers': [asdict(writer) for writer in verdict.writers],
        'reasons': verdict.reasons + (() if report is None else report.reasons),
        'losses': verdict.losses,
    }


def replay_word(report: ReplayReport | None) -> str:
    """The verdict on re-execution in a word."""
    if report is None:
        return 'not run'
    if not report.ok:
        return 'diverged'
    return 'reproduced' if report.decisions_recorded else 'nothing recorded'


def _print_three(verdict: VaultVerdict, report: ReplayReport | None) -> None:
    console = Console(highlight=False, emoji=False)
    for reason in () if report is None else report.reasons:
        console.print(f'[red]not reproduced[/]: {escape(reason)}', soft_wrap=True)
    witnessed = sum(log.confirmed for log in verdict.witnesses.logs)
    lines = sum(log.lines for log in verdict.witnesses.logs)
    decisions = (
        ''
        if report is None
        else f', {report.decisions_reproduced} of {report.decisions_recorded} decisions'
    )
    colours = {'clean': 'green', 'confirmed': 'green', 'reproduced': 'green'}
    colours |= {'not trustworthy': 'red', 'contradicted': 'red', 'diverged': 'red'}
    for title, word, rest in (
        ('chain', verdict.chain_word, f', {lines} lines'),
        ('witnesses', verdict.witnesses.word, f', {witnessed} of {lines} lines'),
        ('re-execution', replay_word(report), decisions),
    ):
        colour = colours.get(word, 'yellow')
        console.print(f'{title}: [{colour}]{word}[/]{rest}', soft_wrap=True)


def _print_verdict(verdict: VaultVerdict) -> None:
    table = Table('log', 'verdict', 'lines', 'signed', 'witnessed', 'frames', 'remarks')
    witnessed = {log.writer: log for log in verdict.witnesses.logs}
    for writer in verdict.writers:
        seen = witnessed.get(writer.writer)
        signed = str(writer.covered) if writer.signed else '-'
        table.add_row(
            writer.writer,
            _word(writer),
            str(writer.seq),
            signed,
            f'{seen.confirmed} by {len(seen.witnesses)}' if seen and seen.confirmed else '-',
            str(writer.frames),
            escape('; '.join(_remarks(writer))),
        )
    console = Console(highlight=False, emoji=False)
    console.print(table)
    for reason in verdict.reasons[:_MOST_REASONS]:
        console.print(f'[red]not trustworthy[/]: {escape(reason)}', soft_wrap=True)
    if len(verdict.reasons) > _MOST_REASONS:
        more = len(verdict.reasons) - _MOST_REASONS
        console.print(f'[red]not trustworthy[/]: {more} reasons more, all of them with --json')
    for said in verdict.witnesses.refuted:
        console.print(f'[yellow]refuted[/]: {escape(said)}', soft_wrap=True)
    for loss in verdict.losses:
        console.print(f'[yellow]lost[/]: {escape(loss)}', soft_wrap=True)


def _word(writer: Verdict) -> str:
    if not writer.ok:
        return '[red]not trustworthy[/]'
    return '[yellow]recovered[/]' if writer.losses else '[green]clean[/]'


def _remarks(writer: Verdict) -> Iterable[str]:
    if writer.mirror:
        yield 'copy: bags and checkpoints stay with the robot'
    if writer.open:
        yield 'being written'
    if writer.ok and not writer.signed:
        yield 'not signed'


def _print_events(console: Console, events: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    for event in events:
        if as_json:
            typer.echo(json.dumps(event, sort_keys=True, ensure_ascii=False))
        else:
            console.print(escape(_event_text(event)), soft_wrap=True)


def _event_text(event: dict[str, Any]) -> str:
    data = json.dumps(event.get('data'), sort_keys=True, ensure_ascii=False)
    data = data if len(data) <= 400 else data[:397] + '...'
    causes = causes_of(event)
    because = f'  because of {", ".join(causes)}' if causes else ''
    return (
        f'{clock_text(time_of(event))}  {event.get("id")}  {event.get("kind")}'
        f'  {event.get("type")}  {data}{because}'
    )


def _replay_with_progress(vault: Path | None, agents: list[str] | None) -> ReplayReport:
    assert vault is not None
    with _progress() as progress:
        return replay_vault(vault, agents or None, progress=progress)


def _audit_with_progress(
    vault: Path, trust: Trust | None, witnesses: Sequence[Path], noted: Sequence[NotedHead]
) -> Audit:
    with _progress() as progress:
        (audit,) = audit_vaults(
            [vault], trust=trust, witnesses=witnesses, noted=noted, progress=progress
        )
    return audit


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; what gives it the bytes done and the bytes of all bags.

    It begins with the first of them: its thread would keep the workers from being copies.
    """
    console = Console(stderr=True)
    columns = (TextColumn('re-executing'), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task('', total=None)

    def show(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        bar.stop()


def _report_json(report: ReplayReport) -> dict[str, Any]:
    return {
        'ok': report.ok,
        'decisions_recorded': report.decisions_recorded,
        'decisions_reproduced': report.decisions_reproduced,
        'decisions_missing': report.decisions_missing,
        'elapsed_s': round(report.elapsed_s, 3),
        'speed': round(report.speed, 1),
        'reasons': report.reasons,
        'bags': [asdict(bag) for bag in report.bags],
    }


def _print_report(report: ReplayReport) -> None:
    table = Table('log', 'core', 'recorded', 'reproduced', 'missing', 'bag')
    for bag in report.bags:
        colour = 'red' if bag.reason else 'green'
        table.add_row(
            f'{bag.agent_id}/{bag.writer}',
            escape(bag.core),
            str(bag.recorded),
            f'[{colour}]{bag.reproduced}[/]',
            str(bag.missing),
            bag.bag.rpartition('/')[2],
        )
    console = Console(highlight=False, emoji=False)
    console.print(table)
    for reason in report.reasons:
        console.print(f'[red]not reproduced[/]: {escape(reason)}', soft_wrap=True)
    console.print(
        f'{report.decisions_reproduced} of {report.decisions_recorded} decisions reproduced,'
        f' {report.decisions_missing} missing, {report.speed:.0f} times real time'
    )
