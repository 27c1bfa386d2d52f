# SPDX-License-Identifier: Apache-2.0
"""The planner's end of the vertical plane: what the supervisor says, what it is told."""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata

from swarm.v1 import mission_pb2

from swarm_agent.planner.core.orders import Ack, Order, Pose, Recall, Token
from swarm_agent.planner.core.types import Widened
from swarm_agent.planner.parameters import Setup
from swarm_agent.planner.wire import from_ack, to_order, to_pose
from swarm_agent.uplink import (
    Down,
    IdentityReceived,
    RecallOrder,
    RevocationsReceived,
    StopRequest,
    Uplink,
)
from swarm_agent.uplink import Order as OrderReceived
from swarm_agent.uplink import Token as TokenReceived
from swarm_vault.files import write_atomic
from swarm_vault.fleet_rules import Rules, careful, rules_in
from swarm_vault.keys import load_trust
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.values import Revocation
from swarm_vault.laws.revocation_book import RevocationBook
from swarm_vault.laws.wire import to_token
from swarm_vault.recorder import Recorder

DRAIN_S = 2.0
"""At the end the last events may take this long to reach the supervisor, if it is there [s]."""


@dataclass(slots=True, kw_only=True)
class News:
    """What has come in words since the last decision."""

    orders: list[Order] = field(default_factory=list)
    recalls: list[Recall] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    token: Token | None = None
    revocations: tuple[Revocation, ...] | None = None
    widened: Widened | None = None
    policy: Policy | None = None
    """The laws with the fleet's standing rules, where these changed."""

    def __bool__(self) -> bool:
        """Whether anything has come."""
        words = self.orders or self.recalls or self.stops or self.token or self.widened
        return bool(words) or self.revocations is not None or self.policy is not None


class Control:
    """The link to the supervisor as the planner uses it; without one it is always silent."""

    def __init__(self, setup: Setup, recorder: Recorder) -> None:
        """Start to call the supervisor, if there is one.

        Args:
            setup: The planner's.
            recorder: The planner's; the link records what it decides on the supervisor's heads.

        Raises:
            VaultError: The robot's keys are missing.
        """
        self._setup = setup
        self._lock = threading.Lock()
        self._pose: Pose | None = None
        self._version = _version()
        self._identity = setup.vault_dir / 'nexus' / 'identity' / f'{setup.robot.agent_id}.md'
        trust = load_trust(setup.vault_dir)
        self._revoked = RevocationBook(setup.vault_dir, setup.robot.agent_id, trust)
        self._told: tuple[Revocation, ...] = ()
        self._policy = setup.params.policy
        self._later: deque[Down] = deque()
        self._uplink: Uplink | None = None
        if setup.target:
            self._uplink = Uplink(
                fleet=setup.fleet,
                agent_id=setup.robot.agent_id,
                vault_dir=setup.vault_dir,
                target=setup.target,
                insecure=setup.settings.insecure,
                hello=self._hello,
                recorder=recorder,
            )

    @property
    def linked(self) -> bool:
        """Whether the supervisor can be heard."""
        return self._uplink is not None and self._uplink.linked

    @property
    def events(self) -> tuple[int, int]:
        """Lines in this robot's logs, and how many of them the supervisor has stored."""
        if self._uplink is None:
            return 0, 0
        return self._uplink.events_written, self._uplink.events_synced

    def poll(self, news: News) -> None:
        """Add what has come down since the last call; an identity is stored at once.

        One decision takes up orders before recalls and stops. So an order that came after one of
        these waits for the next, with all that came behind it.
        """
        self._later.extend(() if self._uplink is None else self._uplink.poll())
        while self._later and not self._too_early(self._later[0], news):
            self._sort(self._later.popleft(), news)
        self._revoked.poll()
        if self._revoked.entries != self._told:
            self._told = news.revocations = self._revoked.entries

    def notes(self) -> Iterator[str]:
        """What happened to the link since the last call."""
        while self._uplink is not None and self._uplink.notes:
            yield self._uplink.notes.popleft()

    def send_acks(self, acks: tuple[Ack, ...]) -> None:
        """Answer orders; durable at return. Who gave an order locally hears it elsewhere."""
        for ack in acks:
            if self._uplink is not None:
                self._uplink.send_ack(from_ack(ack))

    def send_telemetry(self, telemetry: mission_pb2.Telemetry) -> None:
        """Tell the robot's state."""
        if self._uplink is not None:
            telemetry.events_written, telemetry.events_synced = self.events
            self._uplink.send_telemetry(telemetry)

    def stands_at(self, pose: Pose) -> None:
        """Remember the pose for the next hello, which another thread makes."""
        with self._lock:
            self._pose = pose

    def close(self) -> None:
        """Let the last events go up, and hang up; call it when the record is closed."""
        if self._uplink is not None:
            self._uplink.close(drain_s=DRAIN_S)

    def _too_early(self, message: Down, news: News) -> bool:
        return isinstance(message, OrderReceived) and bool(news.recalls or news.stops)

    def _sort(self, message: Down, news: News) -> None:
        if isinstance(message, OrderReceived):
            news.orders.append(to_order(message.order))
        elif isinstance(message, RecallOrder):
            news.recalls.append(Recall(order_id=message.order_id, reason=message.reason))
        elif isinstance(message, StopRequest):
            news.stops.append(message.reason)
        elif isinstance(message, TokenReceived):
            news.token = to_token(message.token)
        elif isinstance(message, RevocationsReceived):
            self._revoked.take(message.words)
        elif isinstance(message, IdentityReceived):
            write_atomic(self._identity, message.system_prompt.encode('utf-8'))
            self._take_rules(rules_in(message.system_prompt), news)

    def _take_rules(self, rules: Rules, news: News) -> None:
        """Lay the rules of an identity over the laws; it is news where that changes anything."""
        policy = careful(self._setup.laws or self._setup.params.policy, rules)
        if policy != self._policy:
            self._policy = news.policy = policy

    def _hello(self) -> mission_pb2.Hello:
        robot, cards = self._setup.robot, self._setup.params.cards
        with self._lock:
            pose = self._pose
        return mission_pb2.Hello(
            agent_id=robot.agent_id,
            model=robot.model.name,
            skills=[card.name for card in cards],
            pose=None if pose is None else to_pose(pose),
            home=to_pose(robot.home),
            max_speed_mps=robot.model.max_speed_mps,
            radius_m=robot.model.radius_m,
            software_version=self._version,
        )


def _version() -> str:
    try:
        return metadata.version('hybrid_swarm')
    except metadata.PackageNotFoundError:
        return 'source'
