# SPDX-License-Identifier: Apache-2.0
"""The planner's topics, polled from its own loop: no executor, no callbacks.

Taking what has come costs 2 us a topic; an executor that waits for it costs much more.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import BatteryState
from std_msgs.msg import UInt8

from swarm_agent.planner.core.orders import Region
from swarm_agent.planner.core.types import BatteryView, Intent, IntentKind, Note, SituationView
from swarm_agent.planner.wire import Report
from swarm_msgs.msg import Heartbeat, ReflexState, Situation, SwarmEvent
from swarm_msgs.msg import Intent as IntentMessage
from swarm_vault.codec import codec_of
from swarm_vault.laws.core.bars import Bars
from swarm_vault.laws.core.budget import own_stop
from swarm_vault.laws.core.tiers import motion_tier

BOARD_EVENT = 'blackboard.written'
MOST_TEXTS = 200
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Topics:
    """Everything that crosses the border between ROS topics and the loop; keeps the newest."""

    def __init__(self, node: Node, agent_id: str) -> None:
        listen, newest = node.create_subscription, QoSProfile(depth=1)
        self._agent_id = agent_id
        self._situation = listen(Situation, 'situation', _unused, newest)
        self._battery = listen(BatteryState, 'battery_state', _unused, qos_profile_sensor_data)
        self._reflex = listen(ReflexState, 'reflex/state', _unused, newest)
        self._intents = node.create_publisher(IntentMessage, 'intent', _LATCHED)
        self._bars = node.create_publisher(SwarmEvent, 'floor_law', _LATCHED)
        self._told = listen(SwarmEvent, 'events', _unused, 10)
        self._wishes = node.create_publisher(SwarmEvent, 'joint', 10)
        self._board: list[dict[str, str]] = []
        self._tiers = node.create_publisher(UInt8, 'reflex/tier', _LATCHED)
        self._tier = -1
        self._beats = node.create_publisher(Heartbeat, 'heartbeat', QoSProfile(depth=5))
        self._events = node.create_publisher(SwarmEvent, 'events', 10)
        self._diagnostics = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._sequence = 0
        self.situation: SituationView | None = None
        self.report = Report()
        self.battery: BatteryView | None = None
        self.stopped = False
        """Whether the reflex node is latched or disabled."""
        self.reflex_stop = ''
        """Why it stops the robot, where the robot's own command is the cause."""

    def collect(self, now_ns: int) -> bool:
        """Take everything that has come; whether it is news that cannot wait."""
        situation, battery = _newest(self._situation), _newest(self._battery)
        reflex, urgent = _newest(self._reflex), False
        for told in _taken(self._told):
            if told.type == BOARD_EVENT and told.writer == 'situation':
                self._board = [*self._board, json.loads(told.data_json)][-MOST_TEXTS:]
        if battery is not None:
            self.battery = BatteryView(heard_ns=now_ns, share=float(battery.percentage))
        if reflex is not None:
            action = 'STOP' if reflex.action == ReflexState.ACTION_STOP else ''
            self.reflex_stop = own_stop(action, reflex.cause)
            urgent = self.stopped != (reflex.e_stop or not reflex.enabled)
            self.stopped = reflex.e_stop or not reflex.enabled
        if situation is not None:
            last, self.situation = self.situation, _view(situation, now_ns)
            self.report = _report(situation)
            urgent = urgent or last is None or _nav_of(last) != _nav_of(self.situation)
        return urgent

    @property
    def charge(self) -> float | None:
        """Share of charge that the battery told last, 0..1; None where it told none."""
        told = self.battery
        return told.share if told is not None and told.known else None

    def tell_intent(self, intent: Intent) -> None:
        """Publish an intent; it holds until the next."""
        message = IntentMessage(
            intent_id=intent.intent_id,
            kind=int(intent.kind),
            mission_id=intent.mission_id,
            order_id=intent.order_id,
            skill=intent.skill,
            use_yaw=intent.use_yaw,
            tolerance_m=intent.tolerance_m,
            priority=int(intent.priority),
            speed_factor=intent.speed_factor,
        )
        goal = message.goal_map
        goal.x, goal.y, goal.theta = intent.goal
        _stamp(message, 'map')
        self._intents.publish(message)

    def tell_hold(self, intent_id: int) -> None:
        """Ask the situation node to hold the robot."""
        message = IntentMessage(intent_id=intent_id, kind=int(IntentKind.HOLD))
        _stamp(message, 'map')
        self._intents.publish(message)

    def tell_bars(self, bars: Bars) -> None:
        """Tell the path planner which floor is closed; it holds until the next."""
        message = SwarmEvent(agent=self._agent_id, writer='planner', type='law.floor')
        message.data_json = codec_of(Bars).encode(bars).decode()
        _stamp(message, 'map')
        self._bars.publish(message)

    def tell_tier(self, tier: int) -> None:
        """Let the reflex know how far the robot is trusted; it holds until the next."""
        if tier != self._tier:
            self._tier = tier
            self._tiers.publish(UInt8(data=motion_tier(tier)))

    def beat(self) -> None:
        """Tell the reflex node that the planner lives."""
        message = Heartbeat(source='planner', sequence=self._sequence)
        self._sequence += 1
        _stamp(message)
        self._beats.publish(message)

    def tell_event(self, seq: int, note: Note, data: dict[str, Any]) -> None:
        """Publish an event that stands in the log under this sequence number."""
        message = SwarmEvent(
            agent=self._agent_id,
            writer='planner',
            seq=seq,
            kind=note.kind,
            type=note.type,
            data_json=json.dumps(data, allow_nan=False),
        )
        _stamp(message)
        self._events.publish(message)

    def board_texts(self, section: str) -> list[tuple[str, str, str]]:
        """Mission, author and text of what was written in a section of the blackboard since."""
        texts, self._board = self._board, []
        return [
            (text['mission_id'], text['author'], text['text'])
            for text in texts
            if text.get('section') == section and {'mission_id', 'author', 'text'} <= text.keys()
        ]

    def tell_board(self, mission_id: str, section: str, text: str) -> None:
        """Ask the situation node to write on a mission's blackboard."""
        wish = {'to': mission_id, 'topic': section, 'text': text}
        message = SwarmEvent(
            agent=self._agent_id,
            writer='planner',
            kind='MESSAGE',
            type='blackboard.write',
            data_json=json.dumps(wish),
        )
        _stamp(message)
        self._wishes.publish(message)

    def tell_diagnostics(self, level: bytes, text: str, values: dict[str, object]) -> None:
        """Publish one /diagnostics status."""
        pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        status = DiagnosticStatus(
            level=level, name=f'{self._agent_id}: planner', message=text, values=pairs
        )
        message = DiagnosticArray(status=[status])
        _stamp(message)
        self._diagnostics.publish(message)


def _view(message: Situation, now_ns: int) -> SituationView:
    pose = message.pose_map_base
    return SituationView(
        heard_ns=now_ns,
        pose=(pose.x, pose.y, pose.theta),
        intent_id=message.intent_id,
        nav_state=message.nav_state,
        reason=message.reason,
        match_quality=message.match_quality,
        violations=message.violations,
        peers=tuple(message.peers),
        seen=bytes(message.seen_bits),
    )


def _report(message: Situation) -> Report:
    pose = message.pose_map_base
    return Report(
        pose=(pose.x, pose.y, pose.theta),
        speed_mps=message.speed_mps,
        distance_m=message.distance_m,
        violations=message.violations,
        negotiations=message.negotiations,
        peers=tuple(message.peers),
        hazards=tuple(message.hazards),
        seen=Region(
            resolution_m=message.seen_resolution_m,
            width=message.seen_width,
            height=message.seen_height,
            bits=bytes(message.seen_bits),
        ),
    )


def _nav_of(view: SituationView) -> tuple[int, int]:
    return view.intent_id, view.nav_state


def _unused(*_args: Any) -> None:
    raise RuntimeError('the planner polls its topics: nothing may spin their node')


def _taken(subscription: Any) -> Iterator[Any]:
    """All messages that wait, oldest first."""
    with subscription.handle:
        while taken := subscription.handle.take_message(subscription.msg_type, subscription.raw):
            yield taken[0]


def _newest(subscription: Any) -> Any:
    newest = None
    for message in _taken(subscription):
        newest = message
    return newest


def _stamp(message: Any, frame_id: str = '') -> None:
    stamp = message.header.stamp
    stamp.sec, stamp.nanosec = divmod(time.time_ns(), 1_000_000_000)
    message.header.frame_id = frame_id
