# SPDX-License-Identifier: Apache-2.0
"""What a core would have decided with other parameters, from some moment on.

The inputs stay those that were recorded: the world does not answer to the other decisions. So this
shows where and how decisions begin to differ, not how the run would have ended. Every result is
marked as a counterfactual.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swarm_vault.codec import codec_of, frame_codec
from swarm_vault.core import Core
from swarm_vault.divergence import Difference, first_difference
from swarm_vault.errors import VaultError
from swarm_vault.frames import BagLog, BagReader
from swarm_vault.moment import bag_logs
from swarm_vault.replay import CORES
from swarm_vault.rerun import load_core


@dataclass(slots=True, kw_only=True)
class Fork:
    """What became of one bag."""

    agent_id: str
    writer: str
    core: str
    bag: str
    changed: tuple[str, ...]
    """The parameters that differ."""
    forked_at: int = 0
    """The first frame that was decided with the other parameters."""
    frames: int = 0
    differing: int = 0
    """How many of the frames from there on came out differently."""
    first_frame: int = -1
    first: Difference | None = None
    outputs: list[Any] = field(default_factory=list)
    """The other decisions, from the fork on, plain."""
    fault: str = ''
    """What ended it before the recorded end."""


def fork_vault(
    vault_dir: Path,
    time_ns: int,
    changes: Mapping[str, Any],
    *,
    agent_id: str,
    writer: str,
    cores: Mapping[str, str] = CORES,
) -> list[Fork]:
    """Run the core of one writer again; from a time on with other parameters.

    Args:
        vault_dir: The vault; nothing in it is changed.
        time_ns: From when on, nanoseconds since the epoch.
        changes: Parameters by name; nested ones as nested objects.
        agent_id: Whose core.
        writer: Which of the agent's processes.
        cores: The table of allowed cores.

    Raises:
        VaultError: There is no such record, or a parameter is unknown or does not fit.
    """
    found = []
    for check in bag_logs(vault_dir, agent_id, writer):
        for log in check.decision_bags:
            name = str(log.start.get('core', ''))
            fork = Fork(
                agent_id=check.agent_id,
                writer=check.writer,
                core=name,
                bag=log.name,
                changed=tuple(sorted(changes)),
            )
            if name not in cores:
                raise VaultError(f'{log.name}: core {name!r} is not in the table of allowed cores')
            core = load_core(cores[name])
            _run(fork, core, log, BagReader(vault_dir / log.name), time_ns, changes)
            found.append(fork)
    if not found:
        raise VaultError(f'{vault_dir}: holds no decisions of {agent_id}/{writer}; see `show`')
    return found


def changed_params(
    core: Core[Any, Any, Any, Any], recorded: Any, changes: Mapping[str, Any]
) -> Any:
    """The recorded parameters with some of them changed.

    Raises:
        VaultError: A name is unknown, or a value does not fit.
    """
    plain = _merged(recorded, changes, core.name)
    return codec_of(core.params).decode_plain(plain)


def _run(
    fork: Fork,
    core: Core[Any, Any, Any, Any],
    log: BagLog,
    reader: BagReader,
    time_ns: int,
    changes: Mapping[str, Any],
) -> None:
    recorded = log.start.get('params')
    params = codec_of(core.params).decode_plain(recorded)
    other = changed_params(core, recorded, changes)
    codec = frame_codec(core)
    state = core.initial(params)
    for data in reader:
        forked = reader.last_ns >= time_ns
        inputs = codec.decode(data).i
        try:
            state, outputs = core.decide(state, inputs, other if forked else params)
        except Exception as error:  # noqa: BLE001 - another parameter may break what it likes
            fork.fault = f'frame {fork.frames}: the core raised {error!r}'
            break
        if forked:
            _compare(fork, json.loads(data)['o'], codec_of(core.outputs).encode_plain(outputs))
        else:
            fork.forked_at = fork.frames + 1
        fork.frames += 1


def _compare(fork: Fork, recorded: Any, other: Any) -> None:
    fork.outputs.append(other)
    difference = first_difference(recorded, other)
    if difference is None:
        return
    fork.differing += 1
    if fork.first is None:
        fork.first, fork.first_frame = difference, fork.frames


def _merged(recorded: Any, changes: Mapping[str, Any], path: str) -> Any:
    if not isinstance(recorded, dict):
        raise VaultError(f'{path}: has no parameters below it')
    merged = dict(recorded)
    for name, value in changes.items():
        if name not in recorded:
            known = ', '.join(sorted(recorded))
            raise VaultError(f'{path}.{name}: is no parameter; known are {known}')
        inner = isinstance(value, dict) and isinstance(recorded[name], dict)
        merged[name] = _merged(recorded[name], value, f'{path}.{name}') if inner else value
    return merged
