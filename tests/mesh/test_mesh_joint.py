# SPDX-License-Identifier: Apache-2.0
"""Votes, blackboard and hands as a pure core: rules, lies, late and doubled messages."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_agent.mesh.core.joint import (
    CORE,
    Answer,
    Ask,
    Ballot,
    Call,
    Cast,
    Entry,
    HandStatus,
    JointInputs,
    JointParams,
    Standpoint,
    Wish,
)
from swarm_agent.mesh.core.joint.blackboard import written
from swarm_agent.mesh.core.joint.votes import ballot_of, count

NS = 1_000_000_000
ME = Standpoint(position=(0.0, 0.0), path=((1.0, 0.0), (2.0, 0.0)), goal=(2.0, 0.0), held='')
PARAMS = JointParams(agent_id='a')


def cast(voter, ballot, vote_id='t@a-1'):
    return Cast(vote_id=vote_id, voter=voter, ballot=int(ballot))


@pytest.mark.parametrize(
    ('required', 'ballots', 'status'),
    [
        ('ab', {'a': 1, 'b': 1}, 'passed'),
        ('ab', {'a': 1, 'b': 3}, 'passed'),
        ('ab', {'a': 1}, 'failed'),
        ('ab', {'a': 1, 'b': 2, 'c': 1, 'd': 1}, 'rejected'),
        ('a', {'a': 1, 'b': 2}, 'failed'),
        ('a', {'a': 1, 'b': 2, 'c': 2}, 'rejected'),
        ('a', {'a': 3}, 'failed'),
        ('', {}, 'failed'),
    ],
)
def test_a_vote_passes_by_all_required_a_majority_and_no_veto(required, ballots, status):
    assert count(required, [cast(name, b) for name, b in ballots.items()])[0] == status


class Fleet:
    """Robots' joint cores on a perfect network."""

    def __init__(self, names):
        self.params = {name: JointParams(agent_id=name) for name in names}
        self.states = {name: CORE.initial(self.params[name]) for name in names}
        self.mail = {name: {'calls': [], 'casts': [], 'entries': []} for name in names}
        self.me = dict.fromkeys(names, ME)
        self.events = []
        self.now_ns = NS

    def tick(self, wishes=None, deaf=()):
        said = []
        for name, state in self.states.items():
            box, self.mail[name] = self.mail[name], {'calls': [], 'casts': [], 'entries': []}
            inputs = JointInputs(
                now_ns=self.now_ns,
                me=self.me[name],
                heard=tuple(n for n in self.states if n != name and n not in deaf),
                wishes=tuple((wishes or {}).get(name, ())),
                **{key: tuple(value) for key, value in box.items()},
            )
            self.states[name], out = CORE.decide(state, inputs, self.params[name])
            self.events += [(name, event.type_, dict(event.data)) for event in out.events]
            said.append((name, out))
        for name, out in said:
            for other, box in self.mail.items():
                if other != name and other not in deaf and name not in deaf:
                    box['calls'] += out.calls
                    box['casts'] += [one for _, one in out.casts]
                    box['entries'] += out.entries
        self.now_ns += NS // 10

    def closed(self):
        return {
            (name, data['status']) for name, type_, data in self.events if type_ == 'vote.closed'
        }


CALL = Wish(kind='call', topic='aisle', text='shut it?', required=('b', 'c'), within_s=3.0)


def test_a_vote_among_three_passes_and_all_three_know():
    fleet = Fleet('abc')
    fleet.tick({'a': [CALL]})
    for _ in range(10):
        fleet.tick()
    assert fleet.closed() == {('a', 'passed'), ('b', 'passed'), ('c', 'passed')}


def test_one_that_is_held_vetoes_and_says_why():
    fleet = Fleet('abc')
    fleet.me['c'] = replace(ME, held='emergency stop')
    fleet.tick({'a': [CALL]})
    for _ in range(10):
        fleet.tick()
    assert fleet.closed() == {('a', 'rejected'), ('b', 'rejected'), ('c', 'rejected')}
    votes = [data for _, type_, data in fleet.events if type_ == 'vote.cast']
    assert any('emergency stop' in data['reason'] for data in votes)


def test_a_required_one_that_is_away_makes_the_vote_fail_at_its_deadline():
    fleet = Fleet('abc')
    fleet.tick({'a': [CALL]}, deaf='c')
    for _ in range(40):
        fleet.tick(deaf='c')
    assert fleet.closed() == {('a', 'failed'), ('b', 'failed')}


def test_a_proposer_that_lies_about_the_result_is_found_out():
    state = CORE.initial(PARAMS)
    call = Call(
        vote_id='t@z-1', topic='t', proposer='z', question='?', required=('a',), left_s=3.0
    )
    state, _ = CORE.decide(state, JointInputs(now_ns=NS, me=ME, calls=(call,)), PARAMS)
    lie = replace(call, status='passed', counted=(cast('z', 1, 't@z-1'),))
    _, out = CORE.decide(state, JointInputs(now_ns=2 * NS, me=ME, calls=(lie,)), PARAMS)
    found = {event.type_: dict(event.data) for event in out.events}
    assert found['vote.false_result']
    assert found['vote.closed']['status'] == 'failed'


def test_a_second_ballot_of_the_same_voter_changes_nothing():
    state, _ = CORE.decide(
        CORE.initial(PARAMS), JointInputs(now_ns=NS, me=ME, wishes=(CALL,)), PARAMS
    )
    vote_id = state.votes[0].call.vote_id
    both = (cast('b', 2, vote_id), cast('b', 1, vote_id))
    inputs = JointInputs(now_ns=2 * NS, me=ME, heard=('b', 'c'), casts=both)
    state, _ = CORE.decide(state, inputs, PARAMS)
    assert [one.ballot for one in state.votes[0].casts if one.voter == 'b'] == [Ballot.REJECT]


@pytest.mark.parametrize(
    ('place', 'more', 'ballot'),
    [
        ((9.0, 9.0), {}, Ballot.ABSTAIN),
        ((0.2, 0.0), {}, Ballot.REJECT),
        ((2.0, 0.2), {}, Ballot.REJECT),
        ((1.0, 0.3), {'goal': None}, Ballot.ACCEPT),
        ((9.0, 9.0), {'held': 'x'}, Ballot.ABSTAIN),
    ],
)
def test_the_own_ballot_follows_from_where_the_robot_stands_and_goes(place, more, ballot):
    call = Call(
        vote_id='t@z-1', topic='t', proposer='z', question='?', required=(), left_s=3.0,
        place=place, radius_m=0.5,
    )  # fmt: skip
    assert ballot_of(call, 'a', replace(ME, **more)).ballot == ballot


def test_what_one_writes_stands_on_every_board():
    fleet = Fleet('abc')
    write = Wish(kind='write', to='m1', topic='problem', text='a door is shut')
    fleet.tick({'a': [write]})
    fleet.tick({'a': [replace(write, text='it is open again')]})
    fleet.tick()
    fleet.tick()
    boards = {state.board for state in fleet.states.values()}
    assert len(boards) == 1
    assert [entry.text for entry in boards.pop()] == ['it is open again']


entry = st.builds(
    Entry,
    mission_id=st.sampled_from(('m', 'n')),
    section=st.sampled_from(('problem', 'solutions')),
    author=st.sampled_from(('a', 'b')),
    revision=st.integers(0, 3),
    text=st.just(''),
).map(lambda one: replace(one, text=f'{one.author}{one.revision}'))


@given(st.lists(entry, max_size=6))
def test_boards_agree_in_whatever_order_and_how_often_texts_come(entries):
    boards = set()
    for order in itertools.islice(itertools.permutations(entries), 24):
        board = ()
        for one in (*order, *order):
            board = written(board, one, PARAMS)
        boards.add(board)
    assert len(boards) == 1


def ask(number, asker='x', capability='look', within_s=5.0):
    return Ask(
        request_id=f'{asker}{number}', asker=asker, hand='a', capability=capability,
        argument='', within_s=within_s,
    )  # fmt: skip


def serve(asks, ticks=20, params=PARAMS):
    state, order, replies = CORE.initial(params), [], []
    for k in range(ticks):
        inputs = JointInputs(now_ns=NS + k * NS // 10, me=ME, asks=tuple(asks) if not k else ())
        state, out = CORE.decide(state, inputs, params)
        replies += out.replies
        if out.serve:
            order.append(out.serve.request_id)
    return order, replies


def test_askers_take_turns_whoever_asks_more():
    order, _ = serve([ask(1), ask(2), ask(3), ask(1, 'y'), ask(1, 'z')])
    assert order == ['x1', 'y1', 'z1', 'x2', 'x3']


def test_who_asks_too_much_or_for_the_unknown_is_refused_with_a_reason():
    _, replies = serve([*(ask(k) for k in range(6)), ask(9, 'y', 'fly')])
    refused = {one.request_id: one.result for one in replies}
    assert refused.keys() == {'x4', 'x5', 'y9'}
    assert 'full' in refused['x4']
    assert 'fly' in refused['y9']


def test_a_request_whose_turn_does_not_come_in_time_is_late():
    order, replies = serve([ask(1), ask(2), ask(3, within_s=0.15)])
    assert order == ['x1', 'x2']
    assert [(one.request_id, one.status) for one in replies] == [('x3', HandStatus.LATE)]


def test_an_asker_gives_up_a_hand_that_does_not_answer():
    wish = Wish(kind='ask', to='b', topic='look', text='{}', within_s=1.0)
    state, out = CORE.decide(
        CORE.initial(PARAMS), JointInputs(now_ns=NS, me=ME, wishes=(wish,)), PARAMS
    )
    (query,) = out.queries
    stranger = Answer(request_id=query.request_id, asker='a', hand='z', status=1, result='lie')
    state, out = CORE.decide(state, JointInputs(now_ns=NS, me=ME, answers=(stranger,)), PARAMS)
    assert not out.events
    state, out = CORE.decide(state, JointInputs(now_ns=4 * NS, me=ME), PARAMS)
    assert dict(out.events[0].data)['status'] == 'late'
    assert state.idle
