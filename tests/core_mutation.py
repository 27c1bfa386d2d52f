# SPDX-License-Identifier: Apache-2.0
"""Change one number in a core's code: a replay must find it at the first decision it changes."""

import math
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from swarm_vault.codec import codec_of
from swarm_vault.core import Core
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault

DRAWN = 7


@dataclass(frozen=True, kw_only=True)
class Tape:
    """A run of one core and the vault that holds its record."""

    core: Core[Any, Any, Any, Any]
    params: Any
    inputs: Sequence[Any]
    outputs: Sequence[bytes]
    vault: Path


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A number in a function's code, or one that a module names."""

    owner: FunctionType | ModuleType
    place: int | str
    old: float

    def __str__(self) -> str:
        where = getattr(self.owner, '__qualname__', '')
        module = getattr(self.owner, '__module__', '') or self.owner.__name__
        return f'{module} {where} {self.place} {self.old}'.replace('swarm_', '')

    @property
    def new(self) -> float:
        return self.old + 1 if isinstance(self.old, int) else self.old * 1.25 + 0.05

    @contextmanager
    def applied(self, modules: Sequence[ModuleType]) -> Iterator[None]:
        """With the other number in place; what was remembered with the old one is forgotten."""
        forget(modules)
        undo = self._put(modules, self.new)
        try:
            yield
        finally:
            undo()
            forget(modules)

    def _put(self, modules: Sequence[ModuleType], new: float) -> Any:
        if isinstance(self.owner, FunctionType):
            code, function = self.owner.__code__, self.owner
            consts = tuple(new if k == self.place else c for k, c in enumerate(code.co_consts))
            function.__code__ = code.replace(co_consts=consts)
            return lambda: setattr(function, '__code__', code)
        name = str(self.place)
        holders = [module for module in modules if getattr(module, name, None) is self.old]
        for module in holders:
            setattr(module, name, new)
        return lambda: [setattr(module, name, self.old) for module in holders]


def record(
    core: Core[Any, Any, Any, Any], params: Any, inputs: Sequence[Any], vault: Path
) -> Tape:
    """Let the core decide, with a recorder beside it."""
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='situation')
    state, codec, said = recorder.start(core, params), codec_of(core.outputs), []
    for one in inputs:
        state, outputs = recorder.decide(core, state, one, params)
        said.append(codec.encode(outputs))
    recorder.close()
    return Tape(core=core, params=params, inputs=inputs, outputs=said, vault=vault)


def modules_of(*packages: str) -> list[ModuleType]:
    """The loaded modules of some packages."""
    return [
        sys.modules[name]
        for name in sorted(sys.modules)
        if any(name == package or name.startswith(f'{package}.') for package in packages)
    ]


def mutants(modules: Sequence[ModuleType]) -> list[Mutant]:
    """All numbers, shuffled, in the same order each time."""
    found = [mutant for module in modules for mutant in _numbers(module)]
    random.Random(DRAWN).shuffle(found)
    return found


def first_change(tape: Tape) -> int | None:
    """The first decision that comes out differently now, or fails; None if none does."""
    codec, again = codec_of(tape.core.outputs), 0
    try:
        state = tape.core.initial(tape.params)
        for again, one in enumerate(tape.inputs):
            state, outputs = tape.core.decide(state, one, tape.params)
            if codec.encode(outputs) != tape.outputs[again]:
                return again
    except Exception:  # noqa: BLE001 - a core with a wrong number may fail in any way
        return again
    return None


def judge(tape: Tape, modules: Sequence[ModuleType], wanted: int) -> list[str]:
    """Hold the replay of mutants against deciding directly, until so many have changed anything.

    One that changes nothing in this record must not be found either.
    """
    showed: list[str] = []
    for mutant in mutants(modules):
        if len(showed) == wanted:
            break
        with mutant.applied(modules):
            expected = first_change(tape)
            forget(modules)
            (bag,) = replay_vault(tape.vault).bags
        if expected is None:
            assert bag.reason == '', f'{mutant}: {bag.reason}'
            continue
        showed.append(str(mutant))
        found = bag.divergence.frame if bag.divergence else bag.reproduced
        assert (found, bool(bag.reason)) == (expected, True), f'{mutant}: {bag.reason}'
    return showed


def forget(modules: Sequence[ModuleType]) -> None:
    """Empty the caches of pure functions."""
    for module in modules:
        for value in list(vars(module).values()):
            clear = getattr(value, 'cache_clear', None)
            if clear is not None:
                clear()


def _numbers(module: ModuleType) -> Iterator[Mutant]:
    for name, value in sorted(vars(module).items()):
        if name.isupper() and _is_number(value):
            yield Mutant(owner=module, place=name, old=value)
        elif isinstance(value, FunctionType) and value.__module__ == module.__name__:
            for index, const in enumerate(value.__code__.co_consts):
                if _is_number(const):
                    yield Mutant(owner=value, place=index, old=const)


def _is_number(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) > 1
    return whole or (isinstance(value, float) and math.isfinite(value))
