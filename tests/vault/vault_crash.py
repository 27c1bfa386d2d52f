# SPDX-License-Identifier: Apache-2.0
"""Kill recording processes at random moments, and check after each what is left.

A program of its own, so that it forks without threads: `vault_crash.py FOLDER KILLS SEED`
prints what it found as JSON; a kill costs about a quarter of a second of one core. With a fourth
argument `hasty` the recorder acknowledges before the event is durable: the negative control.
"""

import json
import os
import random
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from vault_world import CORE, CORES, PARAMS, inputs_at, log_file, signed_vault

from swarm_vault.ledger import Ledger
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.verify import verify_vault

_A_VAULT = 50
"""So many kills are of recorders of one vault."""


def record_for_ever(vault: Path, acknowledge: int, *, hasty: bool) -> None:
    if hasty:
        slow_down(Ledger)
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    state = recorder.start(CORE, PARAMS)
    for number in range(10**9):
        state, _ = recorder.decide(CORE, state, inputs_at(number), PARAMS)
        recorder.event(Kind.MESSAGE, 'test.said', {'number': number, 'text': 'x' * 200})
        if number % 3 == 0:
            seq = recorder.event(
                Kind.MESSAGE,
                'test.durable',
                {'number': number, 'pid': os.getpid()},
                durable=not hasty,
            )
            os.write(acknowledge, f'{seq} {number} {os.getpid()}\n'.encode())


def slow_down(ledger: type[Ledger]) -> None:
    """Let the disk be a slow one, as those of robots are."""
    true_write = ledger._write_lines

    def write(self: Ledger) -> None:
        time.sleep(0.01)
        true_write(self)

    ledger._write_lines = write


def kill_one(vault: Path, delay_s: float, *, hasty: bool) -> list[tuple[int, int, int]]:
    """Start a recorder, kill it a while after its first promise, return all its promises."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            record_for_ever(vault, writing, hasty=hasty)
        finally:
            os._exit(1)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], 60.0)
    assert ready, 'the recorder did not start'
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, 'rb') as pipe:
        lines = pipe.read().splitlines(keepends=True)
    promises = [line.split() for line in lines if line.endswith(b'\n')]
    return [(int(seq), int(number), int(pid)) for seq, number, pid in promises]


def stored(vault: Path) -> dict[int, tuple[int, int]]:
    lines = log_file(vault).read_bytes().split(b'\n')[:-1]
    events = [json.loads(line) for line in lines]
    return {
        event['seq']: (event['data']['number'], event['data']['pid'])
        for event in events
        if event['type'] == 'test.durable'
    }


def crash(vault: Path, kills: int, dice: random.Random, *, hasty: bool) -> dict[str, Any]:
    """Kill recorders of one vault, and judge it after each."""
    promised: dict[int, tuple[int, int]] = {}
    lost, codes = 0, set()
    for kill in range(kills):
        # Most die early, some late enough to have frames in their bag.
        delay_s = dice.uniform(0.25, 0.5) if kill % 4 == 1 else dice.uniform(0.0, 0.03)
        for seq, number, pid in kill_one(vault, delay_s, hasty=hasty):
            promised[seq] = (number, pid)
        found = stored(vault)
        lost = sum(found.get(seq) != promise for seq, promise in promised.items())
        codes.add(verify_vault(vault).exit_code)
    report = replay_vault(vault, cores=CORES)
    return {
        'promised': len(promised),
        'lost': lost,
        'codes': codes,
        'reasons': verify_vault(vault).reasons,
        'replayed': report.decisions_reproduced,
        'recorded': report.decisions_recorded,
        'replay_reasons': report.reasons,
    }


def main(folder: Path, kills: int, seed: int, *, hasty: bool = False) -> None:
    """Spread the kills over vaults, so that judging one stays quick however many there are."""
    dice = random.Random(seed)
    all_ = [
        crash(signed_vault(folder / f'{first}'), min(_A_VAULT, kills - first), dice, hasty=hasty)
        for first in range(0, kills, _A_VAULT)
    ]
    figures: dict[str, Any] = {
        key: sum(found[key] for found in all_)
        for key in ('promised', 'lost', 'replayed', 'recorded')
    }
    figures |= {
        'codes': sorted(set().union(*(found['codes'] for found in all_))),
        'reasons': [reason for found in all_ for reason in found['reasons']],
        'replay_reasons': [reason for found in all_ for reason in found['replay_reasons']],
    }
    sys.stdout.write(json.dumps(figures | {'kills': kills}))


if __name__ == '__main__':
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), hasty='hasty' in sys.argv)
