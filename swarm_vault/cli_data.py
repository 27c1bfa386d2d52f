# SPDX-License-Identifier: Apache-2.0
"""`swarm audit query|export|journal`: ask the events, and give them to tools and people."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from swarm_vault.archive import Archived, archive_logs, restore_logs
from swarm_vault.diary import write_journal
from swarm_vault.errors import VaultError
from swarm_vault.export import export_bag
from swarm_vault.index import Index, Question
from swarm_vault.keys import load_trust
from swarm_vault.lines import Kind
from swarm_vault.moment import parse_time
from swarm_vault.proof import Proof, check_proof, prove_event
from swarm_vault.retention import apply_policy, read_policy

VaultArgument = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help='Folder of the vault.')
]
JsonOption = Annotated[bool, typer.Option('--json', help='Print JSON for machines.')]


def query(
    vault: VaultArgument,
    *,
    agent: Annotated[str, typer.Option(help='Only this robot.')] = '',
    writer: Annotated[str, typer.Option(help='Only this process, e.g. reflex.')] = '',
    kind: Annotated[
        Kind | None, typer.Option(case_sensitive=False, help='Only this kind.')
    ] = None,
    type_: Annotated[str, typer.Option('--type', help='Only types that begin so.')] = '',
    since: Annotated[str, typer.Option(help='Not before: ISO, +seconds, or ns.')] = '',
    until: Annotated[str, typer.Option(help='Not after: ISO, +seconds, or ns.')] = '',
    limit: Annotated[int, typer.Option(min=0, help='At most so many; 0: all.')] = 100,
    newest: Annotated[bool, typer.Option('--newest', help='The newest first.')] = False,
    count: Annotated[bool, typer.Option('--count', help='Only tell how many.')] = False,
    rebuild: Annotated[bool, typer.Option('--rebuild', help='Make the index anew.')] = False,
    index: Annotated[Path | None, typer.Option(help='Where the index lies.')] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the index; the events themselves are read from the logs."""
    question = Question(
        agent_id=agent,
        writer=writer,
        kind=kind.value if kind else '',
        type_=type_,
        since_ns=parse_time(since, vault) if since else 0,
        until_ns=parse_time(until, vault) if until else 2**62,
        newest_first=newest,
    )
    base = Index(vault, index)
    try:
        if rebuild:
            base.forget()
        base.update()
        if count:
            found = base.count(question)
            typer.echo(json.dumps({'count': found}) if as_json else str(found))
            return
        for event in base.ask(question, limit):
            text = json.dumps(event, sort_keys=True, ensure_ascii=False)
            words = (str(event.get(name)) for name in ('id', 'type', 'data'))
            typer.echo(text if as_json else '  '.join(words))
    finally:
        base.close()


def export(
    vault: VaultArgument,
    *,
    bag: Annotated[
        Path | None, typer.Option(help='Folder to make: a rosbag2 recording (MCAP).')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a rosbag2 recording from the logs alone."""
    if bag is None:
        raise VaultError('nothing to export to; name a new folder with --bag')
    events = export_bag(vault, bag)
    if as_json:
        typer.echo(json.dumps({'bag': str(bag), 'events': events}))
    else:
        typer.echo(f'{bag}: {events} events')


def journal(
    vault: VaultArgument,
    agent: Annotated[str, typer.Argument(help='Whose journal.')],
    *,
    as_json: JsonOption = False,
) -> None:
    """Write an agent's journal from its events, one page a day."""
    pages = write_journal(vault, agent)
    if as_json:
        typer.echo(json.dumps({'pages': [str(page) for page in pages]}))
    else:
        typer.echo('\n'.join(str(page) for page in pages))


def prove(
    vault: VaultArgument,
    event: Annotated[str, typer.Argument(help='<agent>/<writer>/<seq>.')],
    *,
    out: Annotated[Path, typer.Option(help='Write EVENT here; the proof beside it.')],
) -> None:
    """Write one event and its C2SP proof, to be checked without the vault."""
    proof = prove_event(vault, event)
    proof_path = out.with_suffix('.tlog-proof')
    out.write_bytes(proof.line + b'\n')
    proof_path.write_text(proof.text, encoding='utf-8')
    typer.echo(f'{out} and {proof_path}')


def check(
    event: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help='The event.')],
    *,
    trust: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help='Vault whose public keys count.')
    ],
) -> None:
    """Check an event by the proof beside it; exit code 0 only if it is proved."""
    try:
        text = event.with_suffix('.tlog-proof').read_text(encoding='utf-8')
        proof = Proof(line=event.read_bytes().removesuffix(b'\n'), text=text)
    except (OSError, ValueError) as error:
        raise VaultError(f'{event}: the event or its proof cannot be read ({error})') from error
    verdict = check_proof(proof, load_trust(trust))
    word = 'proved' if verdict.ok else 'not proved'
    typer.echo(f'{word}: {verdict.reason}')
    raise typer.Exit(0 if verdict.ok else 1)


def retain(
    vault: VaultArgument,
    *,
    policy: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help='YAML: bags_days, archive_days, logs_days; each 1 or more, or left out.',
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Archive and remove what a policy says is old; the logs tell of it first."""
    applied = apply_policy(vault, read_policy(policy), time.time_ns())
    if as_json:
        typer.echo(json.dumps(asdict(applied)))
        return
    for bag in applied.bags:
        typer.echo(f'{bag.bag}: removed, {bag.bytes_} bytes; {bag.event} says so')
    for each in applied.archived:
        typer.echo(_archived_text(each))
    for log in applied.pruned:
        files = ', '.join(log.files)
        typer.echo(f'{log.log}: {files} removed, {log.lines} lines; {log.event} says so')
    counts = len(applied.bags), len(applied.archived), len(applied.pruned)
    typer.echo('{} bags removed, {} files archived, {} logs cut at the start'.format(*counts))


def archive(
    vault: VaultArgument,
    *,
    days: Annotated[
        int,
        typer.Option(min=0, max=100_000, help='Only files so old; 0: all but each newest.'),
    ] = 0,
    agent: Annotated[str, typer.Option(help='Only this robot.')] = '',
    restore: Annotated[
        bool, typer.Option('--restore', help='Make all Parquet files text again.')
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make old files of the logs Parquet; everything still reads and verifies them."""
    if restore:
        changed = restore_logs(vault, agent_id=agent)
    else:
        changed = archive_logs(vault, days=days, now_ns=time.time_ns(), agent_id=agent)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in changed]))
        return
    for each in changed:
        typer.echo(_archived_text(each))
    typer.echo(f'{len(changed)} files {"restored" if restore else "archived"}')


def _archived_text(each: Archived) -> str:
    because = f'; {each.event} says so' if each.event else ''
    return (
        f'{each.log}: {each.file}, {each.lines} lines, {each.bytes_before} bytes are now'
        f' {each.bytes_after}{because}'
    )
