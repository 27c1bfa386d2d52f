# SPDX-License-Identifier: Apache-2.0
"""The planner's end of the link: what comes down is sorted, what goes up is complete."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from planner_world import params_of, room
from swarm.v1 import mission_pb2

from swarm_agent import uplink
from swarm_agent.planner import control
from swarm_agent.planner.control import Control, News
from swarm_agent.planner.core.orders import Ack, AckStatus, Recall, Task
from swarm_agent.planner.parameters import Settings, Setup
from swarm_config.fleets import load_fleet
from swarm_vault.fleet_rules import Rule, Rules, careful, rules_of, section_of
from swarm_vault.laws.core.policy import Policy
from swarm_vault.recorder import Recorder

FLEET = load_fleet(Path(__file__).parents[2] / 'config' / 'fleets' / 'depot.yaml')


class FakeUplink:
    """Has the face of swarm_agent.uplink.Uplink; tests/uplink checks the real one."""

    def __init__(self, *, hello: Callable[[], mission_pb2.Hello], **given: Any) -> None:
        self.hello, self.given = hello, given
        self.inbox: list[uplink.Down] = []
        self.acks: list[mission_pb2.OrderAck] = []
        self.telemetry: list[mission_pb2.Telemetry] = []
        self.notes: deque[str] = deque()
        self.linked, self.closed = True, False
        self.events_written, self.events_synced = 12, 7

    def poll(self) -> tuple[uplink.Down, ...]:
        found, self.inbox = tuple(self.inbox), []
        return found

    def send_ack(self, ack: mission_pb2.OrderAck) -> None:
        self.acks.append(ack)

    def send_telemetry(self, telemetry: mission_pb2.Telemetry) -> None:
        self.telemetry.append(telemetry)

    def close(self, drain_s: float = 0.0) -> None:
        self.closed = True


def setup_of(vault_dir: Path, target: str) -> Setup:
    return Setup(
        fleet=FLEET,
        robot=FLEET.robot('amr_1'),
        vault_dir=vault_dir,
        target=target,
        settings=Settings(),
        params=params_of(room()),
    )


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(vault_dir=tmp_path / 'vault', agent_id='amr_1', writer='planner')
    yield made
    made.close()


@pytest.fixture
def linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> tuple[Control, FakeUplink]:
    made: list[FakeUplink] = []

    def make(**given: Any) -> FakeUplink:
        made.append(FakeUplink(**given))
        return made[-1]

    monkeypatch.setattr(control, 'Uplink', make)
    return Control(setup_of(tmp_path, '127.0.0.1:5'), recorder), made[0]


def test_the_fake_has_the_face_of_the_real_uplink() -> None:
    fake = FakeUplink(hello=mission_pb2.Hello)
    names = {name for name in vars(FakeUplink) | vars(fake) if not name.startswith('_')}
    own = {'hello', 'given', 'inbox', 'acks', 'telemetry', 'closed', 'notes'}
    assert all(hasattr(uplink.Uplink, name) for name in names - own)


def test_what_comes_down_is_sorted(linked: tuple[Control, FakeUplink]) -> None:
    made, wire = linked
    order = mission_pb2.MissionOrder(order_id='o1', wait=mission_pb2.Wait(seconds=2.0))
    wire.inbox = [
        uplink.Order(order=order),
        uplink.RecallOrder(order_id='o0', reason='late'),
        uplink.StopRequest(reason='fire'),
        uplink.Token(token=mission_pb2.TierToken(tier=2)),
    ]
    news = News()
    assert not news
    made.poll(news)
    assert news
    assert [(o.order_id, o.task, o.local) for o in news.orders] == [('o1', Task.WAIT, False)]
    assert news.recalls == [Recall(order_id='o0', reason='late')]
    assert news.stops == ['fire']
    assert news.token is not None
    assert news.token.tier == 2


def test_an_order_from_after_a_stop_waits_for_the_next_decision(
    linked: tuple[Control, FakeUplink],
) -> None:
    made, wire = linked
    first, second = (mission_pb2.MissionOrder(order_id=name) for name in ('o1', 'o2'))
    wire.inbox = [
        uplink.Order(order=first),
        uplink.StopRequest(reason='fire'),
        uplink.RecallOrder(order_id='o0', reason='late'),
        uplink.Order(order=second),
        uplink.StopRequest(reason='again'),
    ]
    news, after = News(), News()
    made.poll(news)
    made.poll(news)
    assert ([o.order_id for o in news.orders], news.stops) == (['o1'], ['fire'])
    made.poll(after)
    assert ([o.order_id for o in after.orders], after.stops) == (['o2'], ['again'])


def test_the_identity_is_stored(linked: tuple[Control, FakeUplink], tmp_path: Path) -> None:
    made, wire = linked
    wire.inbox = [uplink.IdentityReceived(system_prompt='you are amr_1', sha256='')]
    news = News()
    made.poll(news)
    assert not news
    stored = tmp_path / 'nexus' / 'identity' / 'amr_1.md'
    assert stored.read_text() == 'you are amr_1'


def test_rules_of_an_identity_are_news_once(
    linked: tuple[Control, FakeUplink], tmp_path: Path
) -> None:
    made, wire = linked
    rule = Rule(name='cold', by='ada', stamp_ns=1, effect='wait', max_seconds=60.0)

    def heard(text: str) -> Policy | None:
        wire.inbox = [uplink.IdentityReceived(system_prompt=text, sha256='')]
        news = News()
        made.poll(news)
        return news.policy

    before = params_of(room()).policy
    with_rule = careful(before, Rules(rules=(rule,)))
    assert heard('you are amr_1') is None
    assert heard(section_of([rule])) == with_rule
    assert heard(section_of([rule])) is None
    assert rules_of(tmp_path, 'amr_1').rules == (rule,)
    assert heard('you are amr_1') == before, 'the lesson was revoked'
    assert rules_of(tmp_path, 'amr_1').rules == (), 'nor does the next start know it'
    broken = heard(section_of([rule]).replace('60.0', '.nan'))
    assert broken is not None
    assert broken.fault.startswith('fleet rules')


def test_hello_tells_who_and_where(linked: tuple[Control, FakeUplink]) -> None:
    made, wire = linked
    assert not wire.hello().HasField('pose')
    made.stands_at((1.0, 2.0, 0.5))
    hello = wire.hello()
    assert (hello.agent_id, hello.model, hello.radius_m) == ('amr_1', 'amr', 0.28)
    assert (hello.pose.x_m, hello.pose.yaw_rad) == (1.0, 0.5)
    assert hello.home.x_m == FLEET.robot('amr_1').home[0]
    assert 'survey' in hello.skills
    assert hello.software_version


def test_acks_and_telemetry_go_up(linked: tuple[Control, FakeUplink]) -> None:
    made, wire = linked
    made.send_acks((Ack(order_id='o1', status=AckStatus.FAILED, reason='why', stamp_ns=1),))
    made.send_telemetry(mission_pb2.Telemetry(phase='idle'))
    assert wire.acks[0].status == mission_pb2.ACK_STATUS_FAILED
    assert (wire.telemetry[0].events_written, wire.telemetry[0].events_synced) == (12, 7)
    wire.notes.extend(['up', 'down'])
    assert list(made.notes()) == ['up', 'down']
    assert made.linked
    made.close()
    assert wire.closed


def test_without_a_supervisor_there_is_silence(tmp_path: Path, recorder: Recorder) -> None:
    alone = Control(setup_of(tmp_path, ''), recorder)
    news = News()
    alone.poll(news)
    alone.send_acks((Ack(order_id='o1', status=AckStatus.FAILED, reason='', stamp_ns=1),))
    alone.send_telemetry(mission_pb2.Telemetry())
    alone.close()
    assert not news
    assert not alone.linked
    assert alone.events == (0, 0)
    assert list(alone.notes()) == []
