# SPDX-License-Identifier: Apache-2.0
"""The link to the supervisor: kept up by a thread, used by the planner through mailboxes.

Nothing here blocks the planner: `poll`, `send_ack` and `send_telemetry` only touch mailboxes (an
ack is on disk when `send_ack` returns). The link may be cut at any time.
"""

import queue
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
from swarm.v1 import mission_pb2, mission_pb2_grpc

from swarm_agent.uplink.outbox import AckBook, LogOutbox
from swarm_agent.uplink.receive import Down, Receiver, Refused
from swarm_agent.uplink.witnessing import Counterpart
from swarm_config.fleets import Fleet
from swarm_vault.errors import VaultError
from swarm_vault.keys import channel_files, load_trust
from swarm_vault.recorder import Recorder

BATCH_PERIOD_S = 2.0
"""Lines wait at most this long while the link is up [s]."""
BACK_OFF_S = (0.2, 2.0)
"""First and longest pause between two attempts [s]."""
WELCOME_WITHIN_S = 5.0
OTHERS_S = 1.0
"""The longest that hanging up waits for the robot's other processes [s]."""
_CHANNEL_OPTIONS = (
    ('grpc.keepalive_time_ms', 2000),
    ('grpc.keepalive_timeout_ms', 2000),
    ('grpc.http2.max_pings_without_data', 0),
    ('grpc.enable_retries', 0),
)


class Uplink:
    """One robot's link."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        agent_id: str,
        vault_dir: Path,
        target: str,
        insecure: bool,
        hello: Callable[[], mission_pb2.Hello],
        recorder: Recorder,
    ) -> None:
        """Start to call the supervisor.

        Args:
            fleet: The fleet plan.
            agent_id: Whose link.
            vault_dir: The robot's vault.
            target: host:port of the supervisor; empty for none, ever.
            insecure: Plain text instead of mutual TLS.
            hello: Makes the first message of each connection.
            recorder: Records what is decided on the supervisor's heads.
        """
        self._fleet_id = fleet.fleet_id
        self._agent_id, self._vault_dir = agent_id, vault_dir
        self._target, self._insecure, self._hello = target, insecure, hello
        trust = load_trust(vault_dir)
        self._receiver = Receiver(agent_id, trust)
        self._witness = Counterpart(vault_dir, agent_id, trust, recorder)
        self._logs = LogOutbox(vault_dir, agent_id)
        self._acks = AckBook(vault_dir, agent_id)
        self._up: queue.Queue[mission_pb2.AgentUp | None] = queue.Queue()
        self._telemetry: mission_pb2.Telemetry | None = None
        self._inbox: deque[Down] = deque()
        self._dropped: Counter[str] = Counter()
        self._linked = threading.Event()
        self._closing = threading.Event()
        self._pump = threading.Event()
        self._written = 0
        self.notes: deque[str] = deque(maxlen=50)
        """What happened to the link, for the robot's log; emptied by the reader."""
        self._thread = threading.Thread(target=self._run, name='uplink', daemon=True)
        self._thread.start()

    @property
    def linked(self) -> bool:
        """Whether the supervisor has welcomed us and the stream stands."""
        return self._linked.is_set()

    @property
    def events_synced(self) -> int:
        """Log lines that the supervisor has stored."""
        return self._logs.synced

    @property
    def events_written(self) -> int:
        """Log lines of this robot at the last look."""
        return self._written

    @property
    def dropped(self) -> dict[str, int]:
        """Messages that were refused, by reason."""
        return dict(self._dropped)

    def poll(self) -> tuple[Down, ...]:
        """Everything verified that arrived since the last call."""
        found = []
        while self._inbox:
            found.append(self._inbox.popleft())
        return tuple(found)

    def send_ack(self, ack: mission_pb2.OrderAck) -> None:
        """Answer an order; durable at return, sent now or after the next reconnection."""
        self._acks.put(ack)
        self._up.put(mission_pb2.AgentUp(ack=ack))

    def send_telemetry(self, telemetry: mission_pb2.Telemetry) -> None:
        """Send the newest state; an older one that still waits is dropped."""
        self._telemetry = telemetry
        if self.linked:
            self._up.put(None)

    def close(self, drain_s: float = 0.0) -> None:
        """Send what waits, for at most `drain_s` while the link is up, and end the thread.

        What waits is the last lines and the heads over them, until they are countersigned; those
        of the robot's other processes too, which may just be closing.
        """
        began = time.monotonic()
        while self.linked and (passed_s := time.monotonic() - began) < drain_s:
            self._pump.set()
            self._up.put(None)
            others = passed_s < OTHERS_S and self._logs.others_write()
            stored = self._logs.synced >= self._logs.written()
            if stored and not others and not self._witness.untold():
                break
            self._closing.wait(0.05)
        self._closing.set()
        self._up.put(None)
        self._thread.join(2.0)
        self._witness.close()

    def _run(self) -> None:
        pause = 0.0 if self._target else None
        while pause is not None and not self._closing.wait(pause):
            welcomed = self._tried()
            shortest, longest = BACK_OFF_S
            grown = shortest if welcomed else min(longest, max(shortest, pause * 2))
            pause = grown * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret

    def _tried(self) -> bool:
        """One connection; what fails on this side of it, a full disk or a key, is told."""
        try:
            return self._session()
        except (OSError, VaultError) as error:
            self.notes.append(f'the link broke on this side, it is tried again: {error}')
            return False

    def _session(self) -> bool:
        """One connection from its start to its end; True when we were welcomed."""
        over = threading.Event()
        with self._channel() as channel:
            stub = mission_pb2_grpc.MissionControlStub(channel)  # type: ignore[no-untyped-call]
            call = stub.Link(self._requests(over))
            watch = threading.Thread(target=self._end_with, args=(call, over), daemon=True)
            watch.start()
            try:
                for down in call:
                    self._take(down)
            except grpc.RpcError as error:
                self._note_loss(error)
            finally:
                welcomed = self.linked
                self._linked.clear()
                over.set()
                self._up.put(None)
                watch.join()
        return welcomed

    def _end_with(self, call: grpc.Call, over: threading.Event) -> None:
        """End the call when we close, or when no welcome comes."""
        deadline = time.monotonic() + WELCOME_WITHIN_S
        while not over.wait(0.2):
            late = not self.linked and time.monotonic() > deadline
            if self._closing.is_set() or late:
                call.cancel()  # type: ignore[no-untyped-call]
                return

    def _channel(self) -> grpc.Channel:
        if self._insecure:
            return grpc.insecure_channel(self._target, options=_CHANNEL_OPTIONS)
        files = channel_files(self._vault_dir, self._agent_id)
        credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.cert)
        return grpc.secure_channel(self._target, credentials, options=_CHANNEL_OPTIONS)

    def _requests(self, over: threading.Event) -> Iterator[mission_pb2.AgentUp]:
        """What goes up on one connection: hello, all acks again, then what there is."""
        hello = self._hello()
        hello.open_orders.extend(self._acks.all())
        yield mission_pb2.AgentUp(hello=hello)
        next_batch_s = 0.0
        while not over.is_set() and not self._closing.is_set():
            yield from self._waiting()
            due = self._pump.is_set() or time.monotonic() >= next_batch_s
            if self.linked and (due or self._logs.many_wait()):
                self._pump.clear()
                next_batch_s = time.monotonic() + BATCH_PERIOD_S
                self._written = self._logs.written()
                for batch in self._logs.batches(self._witness.untold()):
                    yield mission_pb2.AgentUp(events=self._witness.dress(batch))

    def _waiting(self) -> Iterator[mission_pb2.AgentUp]:
        try:
            message = self._up.get(timeout=0.5)
        except queue.Empty:
            return
        telemetry, self._telemetry = self._telemetry, None
        if telemetry is not None and self.linked:
            yield mission_pb2.AgentUp(telemetry=telemetry)
        if message is not None:
            yield message

    def _take(self, down: mission_pb2.SupervisorDown) -> None:
        kind = down.WhichOneof('down')
        if kind == 'event_ack':
            self._take_event_ack(down.event_ack)
            return
        for item in self._receiver.accept(down):
            if isinstance(item, Refused):
                self._refuse(item)
            else:
                self._inbox.append(item)
        if kind == 'welcome':
            self._logs.resume(down.welcome.resume)
            self._linked.set()
            self.notes.append(f'linked with the supervisor at {self._target}')
            self._pump.set()
            self._up.put(None)

    def _take_event_ack(self, ack: mission_pb2.EventAck) -> None:
        refused = self._witness.take(ack)
        if refused:
            self.notes.append(f'did not countersign or keep a head: {refused}')
        elif not ack.writer and self._witness.signs:
            self._up.put(mission_pb2.AgentUp(events=self._witness.answer()))
        if ack.error:
            self.notes.append(f'supervisor refused events of {ack.writer}: {ack.error}')
        elif self._logs.acknowledge(ack):
            self._pump.set()
            self._up.put(None)

    def _refuse(self, refused: Refused) -> None:
        self._dropped[refused.reason] += 1
        self.notes.append(f'refused a message from the link: {refused.reason}')
        if refused.order_id:
            ack = mission_pb2.OrderAck(
                order_id=refused.order_id,
                status=mission_pb2.ACK_STATUS_REFUSED,
                reason=refused.reason,
                stamp_ns=time.time_ns(),
            )
            self._up.put(mission_pb2.AgentUp(ack=ack))

    def _note_loss(self, error: grpc.RpcError) -> None:
        if self.linked:
            code = error.code() if isinstance(error, grpc.Call) else 'unknown'
            self.notes.append(f'link to the supervisor lost ({code})')
