# SPDX-License-Identifier: Apache-2.0
"""One tick of joint decisions: hear, wish, count, serve. Pure, so that a replay repeats it."""

from dataclasses import dataclass, field, replace

from swarm_agent.mesh.core.joint.blackboard import Board, next_revision, written
from swarm_agent.mesh.core.joint.hands import (
    Hand,
    answer,
    next_turn,
    queued,
    without_late,
)
from swarm_agent.mesh.core.joint.types import (
    Answer,
    Ask,
    Call,
    Cast,
    Entry,
    Event,
    HandStatus,
    JointInputs,
    JointOutputs,
    JointParams,
    Wish,
)
from swarm_agent.mesh.core.joint.votes import (
    WORDS,
    Vote,
    ballot_of,
    close_if_due,
    false_result,
    forgotten,
    opened,
    told,
    with_cast,
)

NS = 1_000_000_000
GRACE_NS = NS // 2
"""An answer may be this late before the asker gives it up: its way back [ns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointState:
    """What is remembered between ticks."""

    votes: tuple[Vote, ...] = ()
    """By id, own and others'."""
    board: Board = ()
    hand: Hand = Hand()
    asked: tuple[tuple[Ask, int], ...] = ()
    """Own requests without an answer, and when each is given up [ns]."""

    @property
    def idle(self) -> bool:
        """Nothing would happen in a tick without inputs."""
        return not (self.votes or self.hand.queue or self.asked)


@dataclass(slots=True, kw_only=True)
class _Tick:
    """The outputs of one tick while they are collected."""

    inputs: JointInputs
    params: JointParams
    votes: dict[str, Vote]
    board: Board
    hand: Hand
    asked: list[tuple[Ask, int]]
    calls: list[Call] = field(default_factory=list)
    casts: list[tuple[str, Cast]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    queries: list[Ask] = field(default_factory=list)
    replies: list[Answer] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def initial(params: JointParams) -> JointState:
    """Nothing is asked, written or voted."""
    del params
    return JointState()


def decide(
    state: JointState, inputs: JointInputs, params: JointParams
) -> tuple[JointState, JointOutputs]:
    """Take one tick."""
    tick = _Tick(
        inputs=inputs,
        params=params,
        votes={vote.call.vote_id: vote for vote in state.votes},
        board=state.board,
        hand=state.hand,
        asked=list(state.asked),
    )
    for wish in inputs.wishes:
        _WISHES[wish.kind](tick, wish)
    _hear_votes(tick)
    _hear_entries(tick)
    _tend_votes(tick)
    serve = _tend_hand(tick)
    _tend_asked(tick)
    return _concluded(tick, serve)


def _concluded(tick: _Tick, serve: Ask | None) -> tuple[JointState, JointOutputs]:
    state = JointState(
        votes=tuple(tick.votes[key] for key in sorted(tick.votes)),
        board=tick.board,
        hand=tick.hand,
        asked=tuple(tick.asked),
    )
    outputs = JointOutputs(
        calls=tuple(tick.calls),
        casts=tuple(tick.casts),
        entries=tuple(tick.entries),
        queries=tuple(tick.queries),
        replies=tuple(tick.replies),
        serve=serve,
        events=tuple(tick.events),
    )
    return state, outputs


def _call(tick: _Tick, wish: Wish) -> None:
    me, now_ns = tick.params.agent_id, tick.inputs.now_ns
    call = Call(
        vote_id=f'{wish.topic}@{me}-{now_ns}',
        topic=wish.topic,
        proposer=me,
        question=wish.text,
        required=tuple(sorted(set(wish.required))),
        left_s=wish.within_s,
        place=wish.place,
        radius_m=wish.radius_m,
    )
    own = Cast(vote_id=call.vote_id, voter=me, ballot=1, reason='I propose it')
    if _open(tick, call):
        _vote_and_say(tick, call, own)


def _open(tick: _Tick, call: Call) -> bool:
    if len(tick.votes) >= tick.params.most_votes:
        tick.events.append(
            told('vote.dropped', call, {'reason': 'too many votes'}, violation=True)
        )
        return False
    tick.votes[call.vote_id] = opened(call, tick.inputs.now_ns)
    data = {'question': call.question, 'required': ' '.join(call.required)}
    tick.events.append(told('vote.opened', call, data))
    return True


def _cast(tick: _Tick, wish: Wish) -> None:
    """A ballot by the own side, before the robot answered by itself."""
    vote = tick.votes.get(wish.to)
    me = tick.params.agent_id
    if vote is None or vote.call.status or any(one.voter == me for one in vote.casts):
        return
    cast = Cast(vote_id=wish.to, voter=me, ballot=wish.ballot, reason=wish.text)
    _vote_and_say(tick, vote.call, cast)


def _vote_and_say(tick: _Tick, call: Call, cast: Cast) -> None:
    _count(tick, call, cast)
    tick.casts.append((call.topic, cast))


def _count(tick: _Tick, call: Call, cast: Cast) -> None:
    before = tick.votes[call.vote_id]
    after = with_cast(before, cast)
    if after is before:
        return
    tick.votes[call.vote_id] = after
    words = {'voter': cast.voter, 'ballot': WORDS[cast.ballot], 'reason': cast.reason}
    tick.events.append(told('vote.cast', call, words))


def _write(tick: _Tick, wish: Wish) -> None:
    me = tick.params.agent_id
    revision = next_revision(tick.board, wish.to, wish.topic, me, tick.inputs.now_ns)
    entry = Entry(
        mission_id=wish.to, section=wish.topic, author=me, revision=revision, text=wish.text
    )
    board = written(tick.board, entry, tick.params)
    if board is tick.board:
        return
    tick.entries.append(entry)
    _note_entry(tick, board, entry)


def _note_entry(tick: _Tick, board: Board, entry: Entry) -> None:
    tick.board = board
    data = {
        'mission_id': entry.mission_id,
        'section': entry.section,
        'author': entry.author,
        'revision': str(entry.revision),
        'text': entry.text,
    }
    tick.events.append(
        Event(violation=False, type_='blackboard.written', data=tuple(sorted(data.items())))
    )


def _ask(tick: _Tick, wish: Wish) -> None:
    me, now_ns = tick.params.agent_id, tick.inputs.now_ns
    number = len(tick.asked)
    ask = Ask(
        request_id=f'{me}-{now_ns}-{number}',
        asker=me,
        hand=wish.to,
        capability=wish.topic,
        argument=wish.text,
        within_s=wish.within_s,
    )
    tick.asked.append((ask, now_ns + round(wish.within_s * NS) + GRACE_NS))
    tick.queries.append(ask)
    tick.events.append(_hand_event('hand.asked', ask, '', ''))


def _hand_event(type_: str, ask: Ask, status: str, result: str) -> Event:
    data = {
        'request_id': ask.request_id,
        'asker': ask.asker,
        'hand': ask.hand,
        'capability': ask.capability,
        'argument': ask.argument,
        'status': status,
        'result': result,
    }
    return Event(violation=False, type_=type_, data=tuple(sorted(data.items())))


_WISHES = {'call': _call, 'cast': _cast, 'write': _write, 'ask': _ask}


def _hear_votes(tick: _Tick) -> None:
    for call in tick.inputs.calls:
        _hear_call(tick, call)
    for cast in tick.inputs.casts:
        vote = tick.votes.get(cast.vote_id)
        if vote is not None and not vote.call.status:
            _count(tick, vote.call, cast)


def _hear_call(tick: _Tick, call: Call) -> None:
    """A peer's question, again, or its result."""
    vote = tick.votes.get(call.vote_id)
    if call.proposer == tick.params.agent_id or (vote is not None and vote.call.status):
        return
    if vote is not None and vote.call.proposer != call.proposer:
        return
    if vote is None:
        if not _open(tick, call):
            return
        vote = tick.votes[call.vote_id]
    if call.status:
        _hear_result(tick, vote, call)
        return
    own = [one for one in vote.casts if one.voter == tick.params.agent_id]
    if own:
        tick.casts.append((call.topic, own[0]))
    else:
        _vote_and_say(tick, vote.call, ballot_of(call, tick.params.agent_id, tick.inputs.me))


def _hear_result(tick: _Tick, vote: Vote, call: Call) -> None:
    fault = false_result(replace(vote.call, status=call.status, counted=call.counted))
    if fault:
        tick.events.append(told('vote.false_result', call, {'reason': fault}, violation=True))
        call = replace(call, status='failed', reason=fault)
    tick.votes[call.vote_id] = replace(
        vote, call=replace(vote.call, status=call.status, reason=call.reason)
    )
    tick.events.append(_closed(call))


def _closed(call: Call) -> Event:
    return told('vote.closed', call, {'status': call.status, 'reason': call.reason})


def _hear_entries(tick: _Tick) -> None:
    for entry in tick.inputs.entries:
        board = written(tick.board, entry, tick.params)
        if board is not tick.board and entry.author != tick.params.agent_id:
            _note_entry(tick, board, entry)


def _tend_votes(tick: _Tick) -> None:
    now_ns = tick.inputs.now_ns
    for vote_id, vote in sorted(tick.votes.items()):
        if forgotten(vote, now_ns, tick.params):
            del tick.votes[vote_id]
        elif vote.call.proposer == tick.params.agent_id:
            tick.votes[vote_id] = _tend_own(tick, vote)
        elif not vote.call.status and now_ns > vote.ends_ns + 3 * NS:
            call = replace(vote.call, status='failed', reason='no result came')
            tick.votes[vote_id] = replace(vote, call=call)
            tick.events.append(_closed(call))


def _tend_own(tick: _Tick, vote: Vote) -> Vote:
    """Close an own vote when it is due; say the call or its result again."""
    now_ns, params = tick.inputs.now_ns, tick.params
    was_open = not vote.call.status
    if was_open:
        electorate = frozenset((*tick.inputs.heard, params.agent_id))
        vote = close_if_due(vote, electorate, now_ns)
        if vote.call.status:
            call = vote.call
            tick.events.append(_closed(call))
    fresh = now_ns - vote.ends_ns < 3 * NS
    if not fresh or now_ns - vote.told_ns < params.repeat_s * NS:
        return vote
    left_s = max(0.0, (vote.ends_ns - now_ns) / NS)
    tick.calls.append(replace(vote.call, left_s=left_s))
    return replace(vote, told_ns=now_ns)


def _tend_hand(tick: _Tick) -> Ask | None:
    for ask in tick.inputs.asks:
        tick.hand, refusal = queued(tick.hand, ask, tick.inputs.now_ns, tick.params)
        if refusal is not None:
            _reply(tick, ask, refusal)
    for given in tick.inputs.served:
        tick.replies.append(given)
        name = HandStatus(given.status).name.lower()
        data = {'request_id': given.request_id, 'asker': given.asker, 'status': name}
        data['result'] = given.result
        tick.events.append(
            Event(violation=False, type_='hand.served', data=tuple(sorted(data.items())))
        )
    late = {one.ask.request_id: one.ask for one in tick.hand.queue}
    tick.hand, answers = without_late(tick.hand, tick.inputs.now_ns)
    for given in answers:
        _reply(tick, late[given.request_id], given)
    tick.hand, serve = next_turn(tick.hand)
    return serve


def _reply(tick: _Tick, ask: Ask, given: Answer) -> None:
    tick.replies.append(given)
    name = HandStatus(given.status).name.lower()
    tick.events.append(_hand_event('hand.refused', ask, name, given.result))


def _tend_asked(tick: _Tick) -> None:
    """Note the answers to own requests, and give up those that nobody answered in time."""
    answers = {(one.request_id, one.hand): one for one in tick.inputs.answers}
    still = []
    for ask, ends_ns in tick.asked:
        given = answers.get((ask.request_id, ask.hand))
        if given is None and tick.inputs.now_ns >= ends_ns:
            given = answer(ask, HandStatus.LATE, 'no answer came in time')
        if given is None:
            still.append((ask, ends_ns))
            continue
        name = HandStatus(given.status).name.lower()
        tick.events.append(_hand_event('hand.answered', ask, name, given.result))
    tick.asked = still
