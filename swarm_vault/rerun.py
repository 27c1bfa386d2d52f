# SPDX-License-Identifier: Apache-2.0
"""Run the decisions of one bag again and compare, to the byte."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarm_vault.code import code_version
from swarm_vault.codec import codec_of, frame_codec, frame_type
from swarm_vault.core import Core
from swarm_vault.divergence import Difference, first_difference
from swarm_vault.errors import VaultError
from swarm_vault.frames import BagLog, BagReader, plain_frame
from swarm_vault.replay_report import BagReplay, Divergence

_INPUTS, _OUTPUTS = b'{"i":', b',"o":{'
_ONLY_FORM = Difference(
    field='the JSON text', recorded='another form of the same values', recomputed='the pinned form'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A bag, what its log says of it, and the core that decided."""

    path: Path
    agent_id: str
    writer: str
    log: BagLog
    target: str
    """The core as '<module>:<name>'; empty where no core may be run."""

    @property
    def bytes_(self) -> int:
        """How large the bag is."""
        return bytes_of(self.path)


def load_core(target: str) -> Core[Any, Any, Any, Any]:
    """Import a core by '<module>:<name>'.

    Raises:
        VaultError: There is none.
    """
    module, _, name = target.partition(':')
    try:
        core = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise VaultError(f'core {target!r} cannot be imported ({error})') from error
    if not isinstance(core, Core):
        raise VaultError(f'{target!r} is no core but a {type(core).__name__}')
    return core


def bytes_of(path: Path) -> int:
    """How large a file is; 0 where it cannot be told: who reads it says why."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def rerun(task: Task) -> BagReplay:
    """Run one bag's decisions, until one comes out differently or cannot be run."""
    machine, log = _Machine(task), task.log
    reader = BagReader(task.path, log)
    for data in reader:
        machine.run(data)
    fault, frames = machine.fault or reader.fault, reader.frames
    return BagReplay(
        agent_id=task.agent_id,
        writer=task.writer,
        core=str(log.start.get('core', '')),
        bag=log.name,
        recorded=max(frames, log.sealed),
        reproduced=machine.reproduced,
        missing=max(0, log.sealed - frames),
        divergence=machine.divergence,
        fault=fault.removeprefix(f'{log.name}: '),
        forged=reader.fault,
        frames=frames,
        span_s=(reader.last_ns - reader.first_ns) / 1e9,
    )


class _Machine:
    """Run one core over the frames of one bag, until it diverges or cannot go on."""

    def __init__(self, task: Task) -> None:
        self.reproduced = 0
        self.fault = ''
        self.divergence: Divergence | None = None
        self._inexact = task.log.inexact
        try:
            self._load(task)
        except VaultError as error:
            self.fault = str(error)

    def run(self, data: bytes) -> None:
        """Take the next frame."""
        if self.fault or self.divergence is not None:
            return
        try:
            again = self._decide(data)
            if again == data:
                self.reproduced += 1
            else:
                self.divergence = self._explain(data, again)
        except VaultError as error:
            self.fault = f'frame {self.reproduced}: {error}'

    def _load(self, task: Task) -> None:
        start = task.log.start
        if not start:
            raise VaultError('no core.start event speaks of it')
        if not task.target:
            raise VaultError(f'core {start.get("core")!r} is not in the table of allowed cores')
        self._core = load_core(task.target)
        if start.get('version') != self._core.version:
            raise VaultError(
                f'recorded by version {start.get("version")} of the core, here is version'
                f' {self._core.version}; check out the recorded one'
            )
        self._codes = _one_line(start.get('code')), _one_line(code_version(self._core))
        self._frame = frame_type(self._core)
        self._codec = frame_codec(self._core)
        self._inputs = codec_of(self._core.inputs)
        self._params = codec_of(self._core.params).decode_plain(start.get('params'))
        self._state = self._guarded(lambda: self._core.initial(self._params))

    def _inputs_of(self, data: bytes) -> Any:
        """The inputs of a frame, read without its outputs where their place is plain to see."""
        end = data.rfind(_OUTPUTS)
        try:
            return self._inputs.decode(data[len(_INPUTS) : end])
        except VaultError:
            return self._codec.decode(data).i

    def _decide(self, data: bytes) -> bytes:
        inputs = self._inputs_of(data)
        self._state, outputs = self._guarded(
            lambda: self._core.decide(self._state, inputs, self._params)
        )
        return self._codec.encode(self._frame(inputs, outputs))

    def _guarded(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            raise VaultError(f'the core raised {error!r}') from error

    def _explain(self, data: bytes, again: bytes) -> Divergence:
        recorded, recomputed = (plain_frame(each, 'the frame') for each in (data, again))
        found = first_difference(recorded, recomputed) or _ONLY_FORM
        return Divergence(
            frame=self.reproduced,
            field=found.field,
            recorded=found.recorded,
            recomputed=found.recomputed,
            code_recorded=self._codes[0],
            code_now=self._codes[1],
            inexact=self._inexact,
        )


def _one_line(code: Any) -> str:
    if not isinstance(code, dict):
        return 'unknown code'
    return ', '.join(f'{name} {code[name]}' for name in sorted(code) if code[name])
