# SPDX-License-Identifier: Apache-2.0
"""The laws at the supervisor: approvals, roles, budgets, revocations, tokens, a second judge."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from supervisor_model import ModelServer
from supervisor_room import (
    CONFIG,
    Supervisor,
    TalkingRobot,
    local_model,
    until,
    write_fleet,
)
from swarm.v1 import mission_pb2
from typer.testing import CliRunner

from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.app import app
from swarm_supervisor.client import OperatorClient, OperatorError
from swarm_supervisor.core.spending import Caps
from swarm_supervisor.judges import AnthropicJudge, JudgeQuestion
from swarm_supervisor.purse import Purse
from swarm_vault.keys import issue_operator
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.roles import Role
from swarm_vault.laws.core.values import Action, Verdict
from swarm_vault.laws.operators import add_operator
from swarm_vault.recorder import Kind
from swarm_vault.replay import replay_vault

QUESTION = JudgeQuestion(
    order='survey "all"', actions=(Action(skill='survey', agent_id=''),), policy=Policy()
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fleet whose policy asks a human before a patrol, and waits 30 s for the answer."""
    path = write_fleet(tmp_path)
    codex = tmp_path / 'codex'
    codex.mkdir()
    text = (CONFIG / 'codex' / 'POLICY.md').read_text()
    text = text.replace('approve_skills: []', 'approve_skills: [patrol]')
    (codex / 'POLICY.md').write_text(text.replace('within_s: 300', 'within_s: 30'))
    (codex / 'operators.yaml').write_text('default: safety_officer\n')
    fleet = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**fleet, 'codex': 'codex'}))
    return tmp_path


@pytest.fixture
def supervisor(folder: Path) -> Iterator[Supervisor]:
    fleet = load_fleet(folder / 'fleet.yaml')
    with Supervisor(fleet, folder / 'vault') as running:
        yield running


PATROL = 'patrol west_end, east_end with amr_1'


def test_an_order_that_needs_a_human_is_given_once_and_only_after_the_approval(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    reply = operator.submit(PATROL, operator='ada')
    (question,) = operator.pending()
    assert (reply.accepted, list(reply.order_ids)) == (True, [])
    assert operator.missions()[0].status == 'pending'
    assert not pair[0].orders
    wrong = operator.decide(question.pending_id, approve=True, operator='ada', digest='0' * 64)
    assert 'another question' in wrong.reason
    assert not pair[0].orders
    assert operator.missions()[0].status == 'failed'
    operator.submit(PATROL, operator='ada')
    question = operator.pending()[-1]
    done = operator.decide(
        question.pending_id, approve=True, operator='ada', digest=question.digest
    )
    assert done.done, done.reason
    until(lambda: bool(pair[0].orders), 'the order')
    warrant = pair[0].orders[0].warrant
    assert (warrant.intended_by, warrant.planned_by, warrant.approved_by) == (
        'ada',
        'grammar',
        'ada',
    )
    assert warrant.mandate_id.startswith('amr_1-')
    again = operator.decide(question.pending_id, approve=True, operator='ada')
    assert 'is approved' in again.reason
    supervisor.stop()
    report = replay_vault(supervisor.vault)
    assert report.ok, report.reasons
    assert any(bag.core == 'laws' and bag.reproduced > 3 for bag in report.bags)


def test_an_answer_in_an_editor_counts_as_one_over_the_wire(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    operator.submit(PATROL, operator='ada')
    path = Path(operator.pending()[0].file)
    assert path.stat().st_mode & 0o077 == 0
    path.write_text(path.read_text() + '\n### Approved by ada\n\nthe aisle is empty\n')
    supervisor.hq.wake.set()
    until(lambda: bool(pair[0].orders), 'the order')
    assert not path.exists()


def answered(operator: OperatorClient, below: str) -> Path:
    path = Path(operator.pending()[-1].file)
    path.write_text(path.read_text() + f'\n### Approved by ada\n\n{below}\n')
    return path


def test_an_answer_in_an_editor_may_cut_the_plan_down_and_it_is_judged_again(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    operator.submit('patrol west_end, east_end 9 times', operator='ada')
    answered(operator, 'fewer\n\n```yaml\namend: [{step: 1, loops: 2, robot: amr_2}]\n```')
    supervisor.hq.wake.set()
    until(lambda: bool(pair[1].orders), 'the order')
    assert pair[1].orders[0].patrol.loops == 2
    assert not pair[0].orders
    folder = supervisor.vault / 'agents' / 'supervisor' / 'log' / 'supervisor'
    supervisor.hq.recorder.event(Kind.SYSTEM, 'test.flush', {}, durable=True)
    text = ''.join(path.read_text() for path in folder.glob('*/*.jsonl'))
    assert '"approval.amended"' in text


@pytest.mark.parametrize(
    'block',
    [
        'amend: [{step: 1, loops: 10}]',
        'amend: [{step: 2, loops: 1}]',
        'amend: [{step: 1, seconds: 3}]',
        'amend: [{step: 1, robot: amr_2}]',
        'amend: [{step: 1, speed: 9}]',
        'amend: []',
        '[',
        'amend: [{step: 1, loops: 2}]\n```\n```yaml\namend: [{step: 1, loops: 3}]',
    ],
)
def test_an_amendment_that_widens_or_makes_no_sense_is_put_aside(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot], block: str
) -> None:
    operator.submit('patrol west_end, east_end 9 times with amr_1', operator='ada')
    path = answered(operator, f'```yaml\n{block}\n```')
    supervisor.hq.wake.set()
    until(lambda: path.with_suffix('.refused').exists(), 'the refused answer')
    assert not pair[0].orders
    assert operator.pending()[-1].status == 'open'


def test_a_denied_or_unanswered_question_lets_nothing_happen(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    operator.submit(PATROL, operator='ada')
    denied = operator.decide(
        operator.pending()[0].pending_id, approve=False, operator='ada', reason='no'
    )
    assert denied.done
    operator.submit(PATROL, operator='ada')
    clock = supervisor.hq.clock
    supervisor.hq.clock = lambda: clock() + 31_000_000_000
    until(lambda: operator.pending()[1].status == 'expired', 'the end of the time')
    assert [m.status for m in operator.missions()] == ['failed', 'failed']
    assert not pair[0].orders


def test_a_viewer_sees_and_stops_but_orders_nothing(
    supervisor: Supervisor, pair: list[TalkingRobot]
) -> None:
    add_operator(supervisor.vault, 'eve', Role.VIEWER)
    issue_operator(supervisor.vault, 'eve')
    with OperatorClient.of_vault(supervisor.target, supervisor.vault, name='eve') as eve:
        assert eve.snapshot().robots
        with pytest.raises(OperatorError, match='viewer'):
            eve.submit('survey the whole room', operator='eve')
        with pytest.raises(OperatorError, match='no operator that is known'):
            eve.submit('survey the whole room', operator='ada')
        with pytest.raises(OperatorError, match='viewer'):
            eve.revoke('amr_1', operator='eve')
        assert set(eve.stop(operator='eve')) == {'amr_1', 'amr_2'}
    assert not pair[0].orders


def test_payload_raises_the_tier_only_while_a_commanders_order_is_open(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    operator.submit('deliver from west_end to east_end with amr_1', operator='ada')
    until(lambda: bool(pair[0].orders), 'the order')
    assert (pair[0].tokens[-1].tier, pair[0].tokens[-1].granted_by) == (3, 'ada')
    assert pair[0].tokens[-1].expires_ns - pair[0].tokens[-1].issued_ns == 900_000_000_000
    assert pair[1].tokens[-1].tier == 2
    pair[0].complete()
    until(lambda: pair[0].tokens[-1].tier == 2, 'the lower tier')
    add_operator(supervisor.vault, 'bob', Role.OPERATOR)
    reply = operator.submit('deliver from west_end to east_end', operator='bob')
    assert not reply.accepted
    assert 'bob has no role that may order this' in reply.reason


def test_a_robot_that_drops_what_it_promised_is_out_after_the_third_repetition(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    operator.submit('survey the whole room', operator='ada')
    until(lambda: all(robot.orders for robot in pair), 'orders')
    keep = pair[0].orders[0].mission_id
    for number in range(4):
        operator.submit('wait 30 s with amr_1', operator='ada', request_id=f'w{number}')
        until(lambda n=number: len(pair[0].orders) == n + 2, 'the order')
        dropped = pair[0].orders[-1].order_id
        pair[0].ack(dropped, mission_pb2.ACK_STATUS_RECALLED, 'no time')
        until(lambda n=number: _faults(operator) == n + 1, 'the fault')
    until(lambda: operator.tiers()[0].revoked, 'the revocation')
    assert operator.budgets()[0].mission_id == keep
    until(lambda: pair[0].tokens[-1].tier == 0, 'tier 0')
    handoffs = [json.loads(p.read_text()) for p in (supervisor.vault / 'handoffs').glob('*.json')]
    assert any(h['mission_id'] == keep and h['revoked'] for h in handoffs)
    until(lambda: len(pair[1].orders) == 2, 'the heir')
    refused = operator.set_tier('amr_1', 4, operator='ada')
    assert 'ends at tier 3' in refused.reason
    assert operator.set_tier('amr_1', 1, operator='ada', reason='repaired').done
    until(lambda: pair[0].tokens[-1].tier == 1, 'trust again')


def command(supervisor: Supervisor, *words: str) -> tuple[int, str]:
    where = (
        *('--fleet', str(supervisor.fleet.path), '--vault', str(supervisor.vault)),
        *('--target', supervisor.target),
    )
    done = CliRunner().invoke(app, [*words, *where])
    return done.exit_code, done.output


@pytest.mark.usefixtures('pair')
def test_people_answer_and_look_from_the_command_line(supervisor: Supervisor) -> None:
    assert command(supervisor, 'pending') == (0, 'nothing waits for a human\n')
    command(supervisor, 'mission', 'submit', PATROL, '--operator', 'ada')
    (question,) = json.loads(command(supervisor, 'pending', '--json')[1])
    name = question['pending_id']
    assert name in command(supervisor, 'pending')[1]
    assert command(supervisor, 'approve', name, '--operator', 'ada')[0] == 0
    code, said = command(supervisor, 'deny', name, '--operator', 'ada')
    assert (code, 'is approved' in said) == (1, True)
    tiers = json.loads(command(supervisor, 'tier', 'list', '--json')[1])
    assert [(t['agent_id'], t['tier']) for t in tiers] == [('amr_1', 2), ('amr_2', 2)]
    assert 'T2' in command(supervisor, 'tier', 'list')[1]
    assert command(supervisor, 'tier', 'set', 'amr_2', '1', '--operator', 'ada')[0] == 0
    assert json.loads(command(supervisor, 'budget', '--json')[1]) == []
    assert command(supervisor, 'budget', 'amr_1')[0] == 0
    runner = CliRunner()
    vault = ('--vault', str(supervisor.vault))
    done = runner.invoke(app, ['operators', 'add', 'eve', '--role', 'viewer', *vault])
    assert done.exit_code == 0
    listed = runner.invoke(app, ['operators', 'list', '--json', *vault])
    assert json.loads(listed.output) == {'eve': 'viewer'}


def _faults(operator: OperatorClient) -> int:
    return sum(budget.total for budget in operator.budgets())


def model_judge(port: int, caps: Caps | None = None, **access: object) -> AnthropicJudge:
    purse = Purse(None, caps or Caps(), time.time_ns)
    return AnthropicJudge(local_model(port, **access), lambda *_: None, purse)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def test_a_second_judge_answers_a_harmless_question_with_allow(model: ModelServer) -> None:
    model.answer = lambda _: {'verdict': 'allow', 'reason': 'fine'}
    assert asyncio.run(model_judge(model.port).opinion(QUESTION)).verdict is Verdict.ALLOW


@pytest.mark.parametrize('said', ['escalate', 'block'])
def test_a_model_may_ask_for_a_human_or_block(model: ModelServer, said: str) -> None:
    model.answer = lambda _: {'verdict': said, 'reason': 'people'}
    opinion = asyncio.run(model_judge(model.port).opinion(QUESTION))
    assert (opinion.verdict.value, opinion.reason) == (said, 'people')
    (asked,) = model.asked
    assert 'timeout' not in json.dumps(asked['system'])
    assert asked['messages'][0]['content'].startswith('The case: {"order": "survey \\"all\\""')


@pytest.mark.parametrize(
    'fault', ['error', 'nonsense', 'revise', 'truncated', 'slow', 'not there']
)
def test_without_a_usable_answer_a_human_is_asked(model: ModelServer, fault: str) -> None:
    model.answer = lambda _: {'verdict': 'allow', 'reason': 'fine'}
    port = model.port
    if fault == 'error':
        model.status = 500
    elif fault == 'nonsense':
        model.answer = lambda _: 'sure, go ahead'
    elif fault == 'revise':
        model.answer = lambda _: {'verdict': 'revise', 'reason': 'faster'}
    elif fault == 'truncated':
        model.stop_reason = 'max_tokens'
    elif fault == 'slow':
        model.hold.clear()
    elif fault == 'not there':
        port = 1
    opinion = asyncio.run(model_judge(port, timeout_s=0.3).opinion(QUESTION))
    assert opinion.verdict is Verdict.ESCALATE


def test_a_second_judge_that_is_too_dear_is_not_asked_and_a_human_is(model: ModelServer) -> None:
    model.answer = lambda _: {'verdict': 'allow', 'reason': 'fine'}
    judge = model_judge(model.port, Caps(tokens_per_day=1_000))
    opinion = asyncio.run(judge.opinion(QUESTION))
    assert opinion.verdict is Verdict.ESCALATE
    assert 'the cap is 1000 tokens a day' in opinion.reason
    assert model.asked == []
