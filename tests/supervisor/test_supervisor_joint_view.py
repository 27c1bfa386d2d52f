# SPDX-License-Identifier: Apache-2.0
"""What an operator sees of votes and blackboard comes from the robots' own log lines."""

import json

from rich.console import Console

from swarm_supervisor.cli.operator_view import blackboard_table, votes_table
from swarm_supervisor.joint_view import MOST_VOTES, JointView


def line(type_, **data):
    return json.dumps({'type': type_, 'data': data}).encode()


VOTE = {'vote_id': 't@a-1', 'topic': 't', 'proposer': 'a'}
LINES = [
    line('vote.opened', **VOTE, question='shut it?', required='b c'),
    line('vote.cast', **VOTE, voter='b', ballot='accept', reason=''),
    line('vote.cast', **VOTE, voter='b', ballot='accept', reason=''),
    line('vote.cast', **VOTE, voter='c', ballot='reject', reason='I stand there'),
    line('blackboard.written', mission_id='m', section='s', author='a', revision='2', text='new'),
    line('blackboard.written', mission_id='m', section='s', author='a', revision='1', text='old'),
    line('nav_state', reason='"vote. is no vote'),
    b'"vote. nonsense',
    b'["vote."]',
    line('vote.closed', **VOTE, status='rejected', reason='c rejects'),
    line('vote.closed', **VOTE, status='passed', reason='a second word'),
]


def test_votes_and_texts_are_read_from_log_lines_and_shown():
    view = JointView()
    view.take(LINES, 7)
    reply = view.reply()
    (vote,) = reply.votes
    assert (vote.status, vote.reason, list(vote.required)) == ('rejected', 'c rejects', ['b', 'c'])
    assert [(one.voter, one.ballot) for one in vote.ballots] == [('b', 'accept'), ('c', 'reject')]
    assert [one.text for one in reply.blackboard] == ['new']
    console = Console(width=120, record=True)
    console.print(votes_table(reply.votes), blackboard_table(reply.blackboard))
    shown = console.export_text()
    assert 'rejected' in shown
    assert 'new' in shown


def test_however_many_votes_are_told_of_the_memory_is_bounded():
    view = JointView()
    view.take([line('vote.opened', vote_id=f't@a-{k}') for k in range(MOST_VOTES + 9)], 1)
    assert len(view.reply().votes) == MOST_VOTES
    assert view.newest(1)[0].vote_id == f't@a-{MOST_VOTES + 8}'
