# SPDX-License-Identifier: Apache-2.0
"""An operator's USER.md fills in what an order leaves open, and can ask for more care only."""

from pathlib import Path

import pytest
from supervisor_room import Supervisor, TalkingRobot, robot_of, small_fleet, until
from swarm.v1 import mission_pb2

from swarm_supervisor.core.wishes import WISHES, Granted, Wishes, WishInputs, WishParams
from swarm_supervisor.wishing import wishes_of
from swarm_vault.replay import replay_vault

HOLD = mission_pb2.LINK_LOSS_POLICY_HOLD
CARD = """\
# What ada prefers

```yaml
confirm: [patrol]
max_speed_mps: 0.3
priority: 7
link_loss: hold
```
"""


def granted(wishes: Wishes, **order: object) -> Granted:
    values = {'skills': ('patrol',), 'priority': 0, 'link_loss': 0, **order}
    inputs = WishInputs(operator='ada', request_id='r', wishes=wishes, **values)
    return WISHES.decide(None, inputs, WishParams())[1]


def prefer(vault: Path, name: str, text: str) -> None:
    path = vault / 'operators' / name / 'USER.md'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_wishes_fill_in_only_what_the_order_leaves_open():
    wishes = Wishes(max_speed_mps=0.3, priority=7, link_loss=HOLD)
    open_ = granted(wishes)
    assert (open_.priority, open_.link_loss, open_.max_speed_mps) == (7, HOLD, 0.3)
    assert open_.said == (
        'priority 7, as ada prefers',
        'at most 0.3 m/s, as ada prefers',
        'what to do without a link, as ada prefers',
    )
    said = granted(wishes, priority=2, link_loss=mission_pb2.LINK_LOSS_POLICY_CONTINUE)
    assert (said.priority, said.link_loss) == (2, mission_pb2.LINK_LOSS_POLICY_CONTINUE)
    assert said.said == ('at most 0.3 m/s, as ada prefers',)


def test_without_wishes_an_order_is_as_it_was():
    assert granted(Wishes()) == Granted(priority=0, link_loss=0, max_speed_mps=0.0)


def test_what_an_operator_wishes_to_confirm_is_asked_and_nothing_else():
    wishes = Wishes(confirm=('patrol', 'deliver'))
    assert granted(wishes).ask == 'ada wishes to confirm patrol'
    assert granted(wishes, skills=('survey',)).ask == ''


def test_wishes_that_cannot_be_read_make_every_order_wait_but_a_recall():
    wishes = Wishes(fault='USER.md: priority: odd')
    assert granted(wishes, skills=('wait',)).ask.startswith('what ada prefers cannot be read')
    assert granted(wishes, skills=()).ask == ''


def test_nobody_can_wish_for_a_speed_at_which_no_robot_gets_on():
    assert granted(Wishes(max_speed_mps=1e-9)).max_speed_mps == 0.05


@pytest.mark.parametrize(
    'block',
    [
        'confirm: [dance]',
        'max_speed_mps: .nan',
        'max_speed_mps: -1.0',
        'priority: 11',
        'link_loss: explode',
        'approve: [patrol]',
        '[',
    ],
)
def test_a_card_that_is_odd_anywhere_is_a_fault(tmp_path, block):
    prefer(tmp_path, 'ada', f'```yaml\n{block}\n```\n')
    assert wishes_of(tmp_path, 'ada').fault.startswith('USER.md')


def test_a_name_that_leads_out_of_the_folder_has_no_wishes(tmp_path):
    prefer(tmp_path, 'ada', CARD)
    assert wishes_of(tmp_path, 'ada').priority == 7
    assert wishes_of(tmp_path, '../operators/ada') == wishes_of(tmp_path, 'eve') == Wishes()


@pytest.fixture
def supervisor(tmp_path: Path):
    with small_fleet(tmp_path) as running:
        prefer(running.vault, 'ada', CARD)
        yield running


@pytest.fixture
def robot(supervisor: Supervisor):
    with robot_of(supervisor, 'amr_1') as talking:
        yield talking


def test_an_order_goes_out_as_its_operator_prefers(
    tmp_path: Path, supervisor: Supervisor, robot: TalkingRobot
):
    client = supervisor.operator()
    fast = client.submit('send amr_1 to east_end', operator='eve')
    slow = client.submit('send amr_1 to west_end', operator='ada')
    until(lambda: len(robot.orders) == 2, 'both orders')
    assert 'assumed: priority 7, as ada prefers; at most 0.3 m/s' in slow.reason
    assert 'prefers' not in fast.reason
    plain, wished = robot.orders
    assert (plain.priority, plain.max_speed_mps) == (5, 0.0)
    assert (wished.priority, wished.max_speed_mps, wished.link_loss) == (7, 0.3, HOLD)
    supervisor.stop()
    replayed = replay_vault(tmp_path / 'vault')
    assert replayed.ok, replayed.reasons
    assert any(bag.core == 'wishes' and bag.reproduced == 2 for bag in replayed.bags)


def test_what_the_operator_wishes_to_confirm_waits_and_keeps_its_speed(
    supervisor: Supervisor, robot: TalkingRobot
):
    client = supervisor.operator()
    reply = client.submit('patrol east_end with amr_1', operator='ada')
    assert reply.accepted
    assert 'ada wishes to confirm patrol (wish' in reply.reason
    assert not robot.orders
    (question,) = client.pending()
    assert client.decide(question.pending_id, approve=True, operator='ada').done
    until(lambda: robot.orders, 'the order')
    assert (robot.orders[0].max_speed_mps, robot.orders[0].priority) == (0.3, 7)


def test_a_slower_order_is_proved_to_take_longer(supervisor: Supervisor, robot: TalkingRobot):
    client, hq = supervisor.operator(), supervisor.hq
    taken = []
    for number, name in enumerate(('eve', 'ada')):
        assert client.submit('send amr_1 to east_end', operator=name).accepted
        until(lambda n=number: len(robot.orders) == n + 1, 'the order')
        taken.append(robot.orders[-1].warrant.expected_wh)
        robot.complete()
        until(lambda: not any(m.open for m in hq.missions), 'its end')
    assert taken[1] > taken[0], 'it stands under power for longer'


def test_no_wish_lets_anything_pass_that_the_judge_blocks(
    supervisor: Supervisor, robot: TalkingRobot
):
    before, _ = supervisor.hq.mandates.of('amr_1')
    card = '```yaml\ntier: 3\nmax_speed_mps: 1.0\nskills: [go_to]\n```\n'
    (supervisor.vault / 'agents' / 'amr_1' / 'mandate.md').write_text(card)
    until(lambda: supervisor.hq.mandates.of('amr_1')[0] != before, 'the new mandate')
    asked = supervisor.operator().submit('patrol east_end with amr_1', operator='ada')
    assert not asked.accepted
    assert asked.reason.startswith('law mandate.skill')
    assert not supervisor.operator().pending()
