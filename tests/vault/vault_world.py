# SPDX-License-Identifier: Apache-2.0
"""A small core and small vaults for the tests of this room."""

import hashlib
import json
import os
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

from swarm_vault.core import Core
from swarm_vault.keys import ensure_authority
from swarm_vault.recorder import Kind, Recorder

GAIN = float(os.environ.get('VAULT_WORLD_GAIN', '0.5'))
"""The constant that a test changes, in another process too."""


class Mood(IntEnum):
    CALM = 1
    ALERT = 2


class Word(str, Enum):
    GO = 'go'
    STOP = 'stop'


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    range_m: float
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    now_ns: int
    speed: float
    scan: bytes = b''
    beams: tuple[Beam, ...] = ()
    mood: Mood = Mood.CALM
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    total: float
    word: Word
    seen: tuple[tuple[float, bool], ...] = ()


def decide(state: float, inputs: Inputs, params: Params) -> tuple[float, Outputs]:
    if inputs.note == 'raise':
        raise ValueError('the core was asked to')
    total = state + GAIN * inputs.speed
    word = Word.STOP if total > params.limit else Word.GO
    seen = tuple((beam.range_m, beam.range_m < 1.0) for beam in inputs.beams)
    return total, Outputs(total=total, word=word, seen=seen)


CORE = Core(
    name='toy',
    version=1,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=lambda _params: 0.0,
    decide=decide,
)
NEWER_CORE = Core(
    name='toy',
    version=2,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=lambda _params: 0.0,
    decide=decide,
)
CORES = {'toy': 'vault_world:CORE'}
PARAMS = Params(limit=10.0)


def inputs_at(number: int) -> Inputs:
    return Inputs(
        now_ns=number * 10_000_000,
        speed=0.1 * number,
        scan=bytes([number % 256] * 40),
        beams=(Beam(range_m=0.5 + number), Beam(range_m=float('inf'), tags=('far',))),
    )


def record(
    vault: Path, *, frames: int = 30, events: int = 5, agent: str = 'amr_1', writer: str = 'reflex'
) -> None:
    """Record a short run with a clean close."""
    recorder = Recorder(vault_dir=vault, agent_id=agent, writer=writer)
    run(recorder, frames=frames, events=events)
    recorder.close()


def run(recorder: Recorder, *, frames: int, events: int) -> None:
    state = recorder.start(CORE, PARAMS)
    for number in range(frames):
        state, _ = recorder.decide(CORE, state, inputs_at(number), PARAMS)
    for number in range(events):
        recorder.event(Kind.MESSAGE, 'test.said', {'number': number})


def signed_vault(folder: Path, agents: tuple[str, ...] = ('amr_1',)) -> Path:
    ensure_authority(folder, agents)
    return folder


def log_file(vault: Path, agent: str = 'amr_1', writer: str = 'reflex') -> Path:
    (path,) = (vault / 'agents' / agent / 'log' / writer).glob('*/*.jsonl')
    return path


def bag_file(vault: Path, agent: str = 'amr_1', writer: str = 'reflex') -> Path:
    return sorted((vault / 'bags' / agent / writer).glob('*.mcap'))[0]


def log_lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def put_lines(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b''.join(line + b'\n' for line in lines))


def parsed(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_lines(path)]


def pinned(event: dict[str, Any]) -> bytes:
    return json.dumps(event, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()


def rechained(events: list[dict[str, Any]]) -> list[bytes]:
    """What a forger does who knows the format: number and chain all lines anew."""
    forged: list[bytes] = []
    prev = '0' * 64
    for seq, event in enumerate(events):
        forged.append(pinned(event | {'seq': seq, 'prev': prev, 'id': f'amr_1/reflex/{seq}'}))
        prev = hashlib.sha256(forged[-1]).hexdigest()
    return forged
