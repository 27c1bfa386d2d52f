# SPDX-License-Identifier: Apache-2.0
"""What a node holds to record: events into the log, decisions into the frames bag.

Example:
    ```python
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    state = recorder.start(CORE, params)
    state, outputs = recorder.decide(CORE, state, inputs, params)
    recorder.close()
    ```
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from swarm_vault.bag import START_EVENT, Bag
from swarm_vault.code import code_version
from swarm_vault.codec import codec_of
from swarm_vault.core import Core, I, O, P, S
from swarm_vault.errors import VaultError
from swarm_vault.ledger import Ledger, SideFile
from swarm_vault.lines import Event, JsonValue, Kind, encode_json
from swarm_vault.raw_bag import STARTED_EVENT, RawBag, Topic
from swarm_vault.raw_bag import SUFFIX as RAW_SUFFIX

__all__ = ['JsonValue', 'Kind', 'Recorder', 'VaultError']

RAISED_EVENT = 'core.raised'
AT, RAW = 'at_frame', 'raw'
"""An event's data says behind how many frames of each bag it stands."""


class Recorder:
    """Record one process's events and decisions. Thread-safe; never waits for the disk.

    When the disk fails, recording ends for good. The robot's policy says what then: to stop now
    (`finish_s` 0: every call raises), or to finish what it does, unrecorded, for so long. `fault`
    tells of it at once, and the log does at its next start.

    Args:
        vault_dir: The vault.
        agent_id: Whose log.
        writer: Which of the agent's processes this is.
        finish_s: How long decisions may still be made without a record [s].

    Raises:
        VaultError: The log cannot be opened or another process writes it.
    """

    def __init__(
        self, *, vault_dir: Path, agent_id: str, writer: str, finish_s: float = 0.0
    ) -> None:
        self._finish_s = finish_s
        self._ends_s: float | None = None
        """When nothing may go on unrecorded any more, monotonic [s]."""
        self._vault_dir = vault_dir
        self._ledger = Ledger(vault_dir=vault_dir, agent_id=agent_id, writer=writer)
        self._bags: dict[str, Bag] = {}
        self._raw: RawBag | None = None

    @property
    def lines(self) -> int:
        """How many events this writer's log has, over all restarts."""
        return self._ledger.lines

    @property
    def fault(self) -> str | None:
        """Why nothing can be recorded any more, in a sentence; None while all is well."""
        return self._ledger.fault

    @property
    def takes(self) -> bool:
        """Whether what is decided now will be recorded."""
        return self._ledger.fault is None and not self._ledger.closed

    @property
    def must_stop(self) -> bool:
        """Whether nothing may go on any more: there is a fault, and no time left to finish in."""
        if self._ledger.fault is None:
            return False
        if self._ends_s is None:
            self._ends_s = time.monotonic() + self._finish_s
        return time.monotonic() >= self._ends_s

    def give_up(self, error: OSError) -> bool:
        """Take a failure of the disk seen elsewhere for the record's; whether it can go on."""
        self._ledger.give_up(error)
        return not self.must_stop

    def event(
        self,
        kind: Kind,
        type_: str,
        data: Mapping[str, JsonValue],
        *,
        causes: Sequence[str] = (),
        durable: bool = False,
    ) -> int:
        """Record an event and return its sequence number.

        Args:
            kind: What it tells about.
            type_: What happened, dotted, e.g. 'order.accepted'.
            data: JSON without infinite or undefined numbers.
            causes: Ids '<agent>/<writer>/<seq>' of the events that led to this one.
            durable: Return only after fdatasync.

        Raises:
            VaultError: The data is no JSON, or the log is closed or faulty and no time is left
                to finish in. Within that time the returned number is that of no event.
        """
        at = self._positions()
        given = {**data, AT: at} if at and AT not in data else data
        event = Event(kind=kind, type_=type_, data=given, causes=tuple(causes))
        if self._goes_on_unrecorded(durable=durable):
            return self._ledger.lines
        try:
            return self._ledger.append(event, durable=durable)
        except VaultError:
            if self._goes_on_unrecorded(durable=durable):
                return self._ledger.lines
            raise

    def start(self, core: Core[P, S, I, O], params: P) -> S:
        """Open a core's frames bag, record its parameters, and return its initial state.

        Raises:
            VaultError: A bag cannot be opened, or the log is closed or faulty.
        """
        if core.name in self._bags:
            self._ledger.detach(self._bags.pop(core.name))
        about: dict[str, JsonValue] = {
            'core': core.name,
            'version': core.version,
            'code': code_version(core),
            'params': codec_of(core.params).encode_plain(params),
        }
        bag = self._open_bag(core, about)
        self._bags[core.name] = bag
        data = about | {'bag': bag.name}
        self._ledger.append(Event(kind=Kind.SYSTEM, type_=START_EVENT, data=data))
        self._ledger.attach(bag)
        return core.initial(params)

    def start_raw(self, topics: Sequence[Topic]) -> None:
        """Open the bag of raw messages; `raw` then takes what comes on these topics.

        Raises:
            VaultError: It cannot be opened, or the log is closed or faulty.
        """
        name = f'bags/{self._ledger.agent_id}/{self._ledger.writer}/{time.time_ns()}{RAW_SUFFIX}'
        try:
            bag = RawBag(vault_dir=self._vault_dir, name=name, topics=tuple(topics))
        except OSError as error:
            raise VaultError(f'{name}: cannot be opened ({error}); mend the disk') from error
        data: Mapping[str, JsonValue] = {
            'bag': name,
            'topics': {topic.name: topic.type_ for topic in topics},
        }
        self._ledger.append(Event(kind=Kind.SYSTEM, type_=STARTED_EVENT, data=data))
        self._ledger.attach(bag)
        self._raw = bag

    def raw(self, topic: str, data: bytes, *, time_ns: int) -> None:
        """Keep a message as it came, CDR; nothing happens where no such bag was started.

        Raises:
            VaultError: The topic was not named at the start.
        """
        if self._raw is not None and self._ledger.fault is None:
            self._raw.push(topic, data, time_ns=time_ns)

    def decide(
        self,
        core: Core[P, S, I, O],
        state: S,
        inputs: I,
        params: P,
        *,
        durable: bool = False,
    ) -> tuple[S, O]:
        """Run the core and record what it was given and what it answered.

        Args:
            core: What decides.
            state: Its state.
            inputs: Everything that it may read.
            params: As given to `start`.
            durable: Return only when the decision and its digest are on the disk: for decisions
                that must not be acted upon before. Every call then costs two syncs.

        Raises:
            VaultError: The core was not started, a field does not fit, or the log is faulty.
            Exception: Whatever the core raises, after it is recorded.
        """
        bag = self._bags.get(core.name)
        if bag is None:
            raise VaultError(f'core {core.name!r} was not started; call Recorder.start first')
        if self._goes_on_unrecorded(durable=durable):
            return core.decide(state, inputs, params)
        if self._ledger.fault is not None:
            raise VaultError(self._ledger.fault)
        try:
            state, outputs = core.decide(state, inputs, params)
        except Exception as error:
            self._record_raise(core, inputs, error)
            raise
        bag.push(inputs, outputs, time_ns=time.time_ns())
        if durable:
            self._ledger.commit(bag.seal_now)
        return state, outputs

    def _positions(self) -> dict[str, JsonValue]:
        """How far each bag of this writer is: an event stands behind so many frames of it."""
        at: dict[str, JsonValue] = {name: bag.pushed for name, bag in self._bags.items()}
        return at | {RAW: self._raw.pushed} if self._raw is not None else at

    def _goes_on_unrecorded(self, *, durable: bool) -> bool:
        """What must be on the disk before it is acted upon never goes on without one."""
        return self._ledger.fault is not None and not durable and not self.must_stop

    def attach(self, side: SideFile) -> None:
        """Let the recorder's thread write and sync a file beside the log, until it is closed."""
        self._ledger.attach(side)

    def close(self) -> None:
        """Commit and seal everything; nothing can be recorded afterwards."""
        self._ledger.close()

    def _open_bag(self, core: Core[Any, Any, Any, Any], about: Mapping[str, JsonValue]) -> Bag:
        ledger = self._ledger
        name = f'bags/{ledger.agent_id}/{ledger.writer}/{time.time_ns()}.mcap'
        try:
            words = {key: encode_json(value).decode() for key, value in about.items()}
            return Bag(core, vault_dir=self._vault_dir, name=name, about=words)
        except OSError as error:
            raise VaultError(f'{name}: cannot be opened ({error}); mend the disk') from error

    def _record_raise(self, core: Core[P, S, I, O], inputs: I, error: Exception) -> None:
        data: Mapping[str, JsonValue] = {
            'core': core.name,
            'error': repr(error),
            'inputs': codec_of(core.inputs).encode_plain(inputs),
        }
        self._ledger.append(Event(kind=Kind.SYSTEM, type_=RAISED_EVENT, data=data), durable=True)
