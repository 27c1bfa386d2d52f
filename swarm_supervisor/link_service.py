# SPDX-License-Identifier: Apache-2.0
"""The gRPC service for robots: one stream each, up and down."""

import asyncio
import contextlib
import time
from typing import Any

import grpc
import grpc.aio
from swarm.v1 import mission_pb2, mission_pb2_grpc

from swarm_supervisor import liaison
from swarm_supervisor.callers import caller_of
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.post import Session
from swarm_supervisor.roster import Member
from swarm_supervisor.wire import WireError
from swarm_vault.errors import VaultError
from swarm_vault.recorder import Kind

REFUSALS_PER_S = 1.0
"""So many malformed messages of one link are recorded; the others are only counted."""
EOF: Any = grpc.aio.EOF  # type: ignore[attr-defined]
"""What a read gives when the other side has ended the stream."""


class LinkService(mission_pb2_grpc.MissionControlServicer):
    """Robots link here."""

    def __init__(self, hq: Headquarters) -> None:
        """Serve for a headquarters."""
        self._hq = hq

    async def Link(self, request_iterator: Any, context: Any) -> None:  # noqa: N802 - gRPC's name
        """One robot's link, until either side ends it."""
        del request_iterator  # read and write on the context, so that both directions are ours
        hq = self._hq
        hello = await self._hello(context)
        session = hq.post.open(hello.agent_id)
        try:
            await liaison.welcome(hq, session, hello)
            await _both_ways(hq, session, context)
        except (WireError, VaultError) as error:
            await self._refuse(context, hello.agent_id, str(error))
        finally:
            member = hq.roster.get(hello.agent_id)
            if hq.post.close(session) and member is not None and member.linked:
                liaison.unlinked(hq, member)

    async def _hello(self, context: Any) -> Any:
        """The first message, from whom the certificate says; ends the call otherwise."""
        hq = self._hq
        caller = await caller_of(context, insecure=hq.insecure)
        try:
            first = await asyncio.wait_for(context.read(), hq.settings.hello_within_s)
        except asyncio.TimeoutError:
            first = EOF
        if first is EOF or first is None or first.WhichOneof('up') != 'hello':
            await self._refuse(context, caller, 'the first message of a link must be a hello')
        agent_id = first.hello.agent_id
        if not hq.insecure and agent_id != caller:
            await self._refuse(context, caller, f'{caller!r} may not speak for {agent_id[:64]!r}')
        if hq.roster.get(agent_id) is None:
            await self._refuse(context, caller, f'{agent_id[:64]!r} is not in the fleet plan')
        return first.hello

    async def _refuse(self, context: Any, caller: str, reason: str) -> None:
        data = {'caller': caller[:64], 'reason': reason[:500]}
        if self._hq.farewell is None:
            self._hq.note(Kind.VIOLATION, 'link.refused', data)
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, reason)


async def _both_ways(hq: Headquarters, session: Session, context: Any) -> None:
    """Read and write until the robot, a newer link or the server ends the session."""
    tasks = {
        asyncio.create_task(_read(hq, session, context)),
        asyncio.create_task(_write(session, context)),
        asyncio.create_task(session.ended.wait()),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        session.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        with contextlib.suppress(grpc.aio.BaseError, asyncio.CancelledError):
            task.result()


async def _write(session: Session, context: Any) -> None:
    while (down := await session.outbox.get()) is not None:
        await context.write(down)


async def _read(hq: Headquarters, session: Session, context: Any) -> None:
    refusals = _Refusals(hq, session.agent_id)
    member = hq.roster[session.agent_id]
    while True:
        up = await context.read()
        if up is EOF:
            return
        try:
            await _take(hq, session, member, up)
        except WireError as error:
            refusals.note(str(error))


async def _take(
    hq: Headquarters, session: Session, member: Member, up: mission_pb2.AgentUp | None
) -> None:
    if up is None:
        raise WireError('message: cannot be read, its bytes are no AgentUp')
    kind = up.WhichOneof('up')
    if hq.farewell is not None:
        if kind == 'events':
            hq.farewell.take(session.agent_id, up.events)
    elif kind == 'telemetry':
        liaison.take_telemetry(hq, member, up.telemetry)
    elif kind == 'ack':
        liaison.take_ack(hq, member, up.ack)
    elif kind == 'events':
        answer = await liaison.take_events(hq, member, up.events)
        session.put(mission_pb2.SupervisorDown(event_ack=answer))
    elif kind == 'hello':
        raise WireError('hello: a second one on the same link')
    else:
        raise WireError('message: of no kind that is known here')


class _Refusals:
    """Record what was refused, at a bounded rate: a flood of nonsense must not fill the log."""

    def __init__(self, hq: Headquarters, agent_id: str) -> None:
        self._hq, self._agent_id = hq, agent_id
        self._next_s = 0.0
        self._skipped = 0

    def note(self, reason: str) -> None:
        """Record a refusal, or count it."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            self._skipped += 1
            return
        data = {'agent': self._agent_id, 'reason': reason[:500], 'not_recorded': self._skipped}
        self._hq.note(Kind.VIOLATION, 'message.refused', data)
        self._next_s, self._skipped = now_s + 1.0 / REFUSALS_PER_S, 0
