# SPDX-License-Identifier: Apache-2.0
"""The vault's own figures, each with a control loop in the same run.

Values depend on machine, disk and load; ratios to the control much less.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import quantiles

from swarm_vault.checkpoints import FILE, checkpoint_line
from swarm_vault.files import open_new, sync_data, write_all
from swarm_vault.index import Index, Question
from swarm_vault.keys import ensure_authority, load_signer, load_trust
from swarm_vault.ledger import COMMIT_S, Ledger
from swarm_vault.lines import GENESIS, Event, JsonValue, Kind, Link, encode_line, line_hash
from swarm_vault.log_check import LogWalk
from swarm_vault.merkle import Tree
from swarm_vault.notes import Checkpoint, signed_note
from swarm_vault.segments import Segments, log_folder
from swarm_vault.waiting import COMMIT_LINES

AGENT, WRITER = 'amr_1', 'reflex'
_TIME_NS = 1_767_225_600 * 10**9
_ROUNDS = 5
"""The loops take turns, so that a busy moment hits both."""
_PACE_S = 0.001
_PACED = 1500
_SYNCED = 300
"""Each takes its turn with the bare loop, so that both meet the same moments of the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row."""

    name: str
    value: float
    unit: str
    control: float | None = None
    """The same measure of the control loop; None where a limit is stated in words."""


def measure(folder: Path, *, records: int, recover: int) -> list[Figure]:
    """Measure everything; the folder must be empty and stays full.

    Args:
        folder: Where to write.
        records: How many records the rates are taken over.
        recover: How many records the log has that is opened after a crash.
    """
    return [
        *_chained(folder / 'chained', records),
        *_committed(folder / 'committed', records),
        *_acknowledged(folder / 'acknowledged'),
        *_verified(folder / 'verified', records),
        *_recovered(folder / 'recovered', recover),
    ]


def sample_event(number: int) -> Event:
    """An event of the usual size, about 390 bytes as a line."""
    data: dict[str, JsonValue] = {
        'number': number,
        'pose': [1.25, -3.5, 0.1],
        'speed_mps': 0.6153,
        'nav_state': 'following',
        'why': 'because the way is free',
    }
    causes = (f'amr_1/planner/{number}',)
    return Event(kind=Kind.STATE_CHANGE, type_='bench.said', data=data, causes=causes)


def _chained(folder: Path, records: int) -> list[Figure]:
    """Chain and write each record, not synced; the control does the same without hashing.

    Both in seconds of this process, so that what else runs on the machine does not count.
    """
    folder.mkdir()
    count = records // _ROUNDS
    events = [sample_event(number) for number in range(count)]
    chained_s = plain_s = 0.0
    link = bare = Link()
    with_hash, without = open_new(folder / 'chained'), open_new(folder / 'plain')
    for _ in range(_ROUNDS):
        began = time.process_time()
        for event in events:
            line = encode_line(event, bare, agent_id=AGENT, writer=WRITER, time_ns=_TIME_NS)
            bare = Link(bare.seq + 1, GENESIS)
            os.write(without, line + b'\n')
        turned = time.process_time()
        for event in events:
            line = encode_line(event, link, agent_id=AGENT, writer=WRITER, time_ns=_TIME_NS)
            link = Link(link.seq + 1, line_hash(line))
            os.write(with_hash, line + b'\n')
        plain_s += turned - began
        chained_s += time.process_time() - turned
    os.close(with_hash)
    os.close(without)
    made = count * _ROUNDS
    return [
        Figure(
            name='append_chained', value=made / chained_s, unit='records/s', control=made / plain_s
        )
    ]


def _committed(folder: Path, records: int) -> list[Figure]:
    """Group commit, checkpoints and index; the control writes and syncs ready lines."""
    ensure_authority(folder, [AGENT])
    events = [sample_event(number) for number in range(records)]
    ledger = Ledger(vault_dir=folder, agent_id=AGENT, writer=WRITER)
    began, worked_s = time.perf_counter(), -time.process_time()
    for event in events:
        ledger.append(event)
    ledger.close()
    written = time.perf_counter()
    index = Index(folder)
    known = index.update()
    indexed, worked_s = time.perf_counter(), worked_s + time.process_time()
    asked_s = _timed(lambda: list(index.ask(Question(type_='bench.', newest_first=True), 100)))
    index.close()
    if ledger.fault is not None or known < records:
        raise RuntimeError(f'the bench wrote {known} of {records} records: {ledger.fault}')
    bare = records / _synced_s(folder / 'control', records)
    return [
        Figure(
            name='append_committed',
            value=records / (written - began),
            unit='records/s',
            control=bare,
        ),
        Figure(
            name='append_committed_indexed',
            value=records / (indexed - began),
            unit='records/s',
            control=bare,
        ),
        Figure(name='committed_indexed_cpu', value=worked_s / records * 1e6, unit='us'),
        Figure(name='query_last_100', value=asked_s * 1e3, unit='ms'),
    ]


def _synced_s(path: Path, records: int) -> float:
    """How long it takes to write ready lines and sync every 256 of them [s]."""
    line = encode_line(sample_event(0), Link(), agent_id=AGENT, writer=WRITER, time_ns=_TIME_NS)
    descriptor = open_new(path)
    began = time.perf_counter()
    for number in range(records):
        os.write(descriptor, line + b'\n')
        if number % COMMIT_LINES == COMMIT_LINES - 1:
            sync_data(descriptor)
    sync_data(descriptor)
    spent = time.perf_counter() - began
    os.close(descriptor)
    return spent


def _acknowledged(folder: Path) -> list[Figure]:
    """A sync each, how long it takes, and what a power cut could take at 1,000 records/s."""
    ledger = Ledger(vault_dir=folder, agent_id=AGENT, writer=WRITER)
    descriptor = open_new(folder / 'control')
    event = sample_event(0)
    durable_s: list[float] = []
    bare_s: list[float] = []
    for _ in range(_SYNCED):
        durable_s.append(_timed(lambda: ledger.append(event, durable=True)))
        bare_s.append(_timed(lambda: _write_synced(descriptor)))
    os.close(descriptor)
    born: dict[int, float] = {}
    oldest_s, most = 0.0, 0
    for number in range(_PACED):
        seq = ledger.append(sample_event(number))
        born[seq] = time.perf_counter()
        time.sleep(_PACE_S)
        now, safe = time.perf_counter(), ledger.durable
        waiting = [at for at_seq, at in born.items() if at_seq >= safe]
        most = max(most, len(waiting))
        oldest_s = max(oldest_s, now - min(waiting, default=now))
        born = {at_seq: at for at_seq, at in born.items() if at_seq >= safe}
    ledger.close()
    return [
        Figure(
            name='append_synced_each',
            value=_SYNCED / sum(durable_s),
            unit='records/s',
            control=_SYNCED / sum(bare_s),
        ),
        Figure(
            name='durable_append_p99',
            value=quantiles(durable_s, n=100)[-1] * 1e3,
            unit='ms',
            control=quantiles(bare_s, n=100)[-1] * 1e3,
        ),
        Figure(
            name='power_cut_window_worst', value=oldest_s * 1e3, unit='ms', control=COMMIT_S * 1e3
        ),
        Figure(name='power_cut_records_worst', value=most, unit='records', control=COMMIT_LINES),
    ]


def _write_synced(descriptor: int) -> None:
    write_all(descriptor, b'x' * 390)
    sync_data(descriptor)


def _verified(folder: Path, records: int) -> list[Figure]:
    """Walk a signed log: chain, form, Merkle tree, checkpoints; the control only hashes lines.

    Both in seconds of this process.
    """
    ensure_authority(folder, [AGENT])
    path = synthesise(folder, records)
    trust = load_trust(folder)
    began = time.process_time()
    check = LogWalk(log_folder(folder, AGENT, WRITER), trust).check()
    walked_s = time.process_time() - began
    if check.fault or check.covered < records:
        raise RuntimeError(f'the bench could not verify its log: {check.fault}')
    began = time.process_time()
    for line in path.read_bytes().split(b'\n'):
        sha256(line).digest()
    hashed_s = time.process_time() - began
    return [
        Figure(
            name='verify', value=records / walked_s, unit='records/s', control=records / hashed_s
        )
    ]


def _recovered(folder: Path, records: int) -> list[Figure]:
    """Open a long log whose writer was killed in the middle of a line."""
    ensure_authority(folder, [AGENT])
    path = synthesise(folder, records, torn=True)
    control_s = _timed(lambda: Segments(log_folder(folder, AGENT, 'control')))
    opened: list[Ledger] = []
    spent_s = _timed(
        lambda: opened.append(Ledger(vault_dir=folder, agent_id=AGENT, writer=WRITER))
    )
    (ledger,) = opened
    if ledger.lines < records:
        raise RuntimeError(f'the bench recovered {ledger.lines} of {records} records of {path}')
    ledger.close()
    return [Figure(name=f'recover_{records}', value=spent_s, unit='s', control=control_s)]


def synthesise(vault_dir: Path, records: int, *, torn: bool = False) -> Path:
    """Write a valid log with a checkpoint every 100,000 records, quickly; returns its file.

    With `torn` it ends as a killed writer leaves it: synced before, up to 256 lines behind the
    last checkpoint, and half a line.
    """
    folder = log_folder(vault_dir, AGENT, WRITER)
    folder.joinpath('2026-01').mkdir(parents=True)
    path = folder / '2026-01' / '2026-01-01.jsonl'
    signer, tree, link = load_signer(vault_dir, AGENT), Tree(), Link()
    due = {*range(100_000, records, 100_000), records - COMMIT_LINES if torn else records}
    with path.open('wb') as log, (folder / FILE).open('wb') as checkpoints:
        for number in range(records):
            line = encode_line(
                sample_event(number), link, agent_id=AGENT, writer=WRITER, time_ns=_TIME_NS
            )
            log.write(line + b'\n')
            tree.extend((line,))
            link = Link(link.seq + 1, line_hash(line))
            if link.seq in due:
                checkpoint = Checkpoint(
                    agent_id=AGENT,
                    writer=WRITER,
                    size=link.seq,
                    root=tree.root(),
                    head=link.prev,
                    time_ns=_TIME_NS,
                )
                note = signed_note(checkpoint, signer)
                checkpoints.write(checkpoint_line(note, link.seq, tuple(tree.peaks)) + b'\n')
        log.flush()
        sync_data(log.fileno())
        log.write(b'{"causes":["amr_1/pl' if torn else b'')
    return path


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
