# SPDX-License-Identifier: Apache-2.0
"""What an operator's program holds: the supervisor's Operator service with plain calls.

with OperatorClient.of_vault('127.0.0.1:50551', Path('vault/supervisor')) as client:
    reply = client.submit('survey the whole depot', operator='ada')
"""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import grpc
from swarm.v1 import laws_pb2, mission_pb2, operator_pb2, operator_pb2_grpc
from typing_extensions import Self

from swarm_vault.keys import TlsFiles, operator_files

R = TypeVar('R')
ANSWER_WITHIN_S = 10.0
SUBMIT_WITHIN_S = 60.0
MAX_MESSAGE = 16 * 1024 * 1024
LINK_LOSS = {
    'default': mission_pb2.LINK_LOSS_POLICY_UNSPECIFIED,
    'continue': mission_pb2.LINK_LOSS_POLICY_CONTINUE,
    'finish_leg': mission_pb2.LINK_LOSS_POLICY_FINISH_LEG,
    'hold': mission_pb2.LINK_LOSS_POLICY_HOLD,
    'return_home': mission_pb2.LINK_LOSS_POLICY_RETURN_HOME,
    'lock_down': mission_pb2.LINK_LOSS_POLICY_LOCK_DOWN,
}
"""Link-loss policies by name; 'default' is the fleet plan's."""


class OperatorError(RuntimeError):
    """The supervisor cannot be reached or refuses the call; the message says what to do."""


class OperatorClient:
    """A connection to a supervisor. Thread-safe, as gRPC channels are."""

    def __init__(self, target: str, tls: TlsFiles | None) -> None:
        """Connect when the first call is made.

        Args:
            target: host:port of the supervisor.
            tls: The operator's certificate and key; None for plain text.
        """
        self._target = target
        options = (('grpc.max_receive_message_length', MAX_MESSAGE),)
        if tls is None:
            self._channel = grpc.insecure_channel(target, options=options)
        else:
            credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.cert)
            self._channel = grpc.secure_channel(target, credentials, options=options)
        self._stub: Any = operator_pb2_grpc.OperatorStub(self._channel)  # type: ignore[no-untyped-call]

    @classmethod
    def of_vault(
        cls, target: str, vault_dir: Path, *, insecure: bool = False, name: str = ''
    ) -> 'OperatorClient':
        """Connect with the operator's keys of a vault, a person's own ones where there are any.

        Raises:
            VaultError: The vault holds no such keys.
        """
        return cls(target, None if insecure else operator_files(vault_dir, name))

    def __enter__(self) -> Self:
        """Use as a context that closes the connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection; a running watch ends."""
        self._channel.close()

    def submit(
        self,
        text: str,
        *,
        operator: str,
        request_id: str = '',
        not_before_ns: int = 0,
        priority: int = 0,
        link_loss: int = 0,
    ) -> operator_pb2.SubmitReply:
        """Give an order in words; whether it is accepted stands in the reply.

        Args:
            text: The order.
            operator: Who gives it.
            request_id: The same operator's same id again returns the first answer; a new one if
                empty.
            not_before_ns: Leave the first stop not before this time; 0 for at once.
            priority: 1 to 10; 0 for 5.
            link_loss: A LinkLossPolicy; 0 for the fleet plan's.

        Raises:
            OperatorError: The supervisor cannot be reached or refuses the call.
        """
        request = operator_pb2.SubmitRequest(
            text=text,
            operator=operator,
            request_id=request_id or secrets.token_hex(8),
            not_before_ns=not_before_ns,
            priority=priority,
        )
        request.link_loss = link_loss  # type: ignore[assignment]  # the server checks the number
        return self._call(self._stub.Submit, request, SUBMIT_WITHIN_S)

    def missions(self) -> list[operator_pb2.MissionState]:
        """All missions that the supervisor has at hand, the oldest first.

        Raises:
            OperatorError: See `submit`; so for all calls.
        """
        reply = self._call(self._stub.List, operator_pb2.ListRequest(), ANSWER_WITHIN_S)
        return list(reply.missions)

    def snapshot(self) -> operator_pb2.FleetState:
        """The common picture now."""
        call = self._stub.Watch(operator_pb2.WatchRequest(), timeout=ANSWER_WITHIN_S)
        try:
            return next(iter(call))
        except (grpc.RpcError, StopIteration) as error:
            raise self._error(error) from error
        finally:
            call.cancel()

    def watch(self, period_s: float = 1.0) -> Iterator[operator_pb2.FleetState]:
        """The common picture again and again, until the caller stops or the link ends."""
        call = self._stub.Watch(operator_pb2.WatchRequest(period_s=period_s))
        try:
            yield from call
        except grpc.RpcError as error:
            raise self._error(error) from error
        finally:
            call.cancel()

    def recall(
        self, mission_id: str, *, operator: str, reason: str = ''
    ) -> operator_pb2.RecallReply:
        """Take a mission back."""
        request = operator_pb2.RecallRequest(
            mission_id=mission_id, reason=reason, operator=operator
        )
        return self._call(self._stub.Recall, request, ANSWER_WITHIN_S)

    def stop(self, agent_id: str = '', *, operator: str, reason: str = '') -> list[str]:
        """Stop one robot, or all; returns those that were reached."""
        request = operator_pb2.StopRequest(agent_id=agent_id, reason=reason, operator=operator)
        return list(self._call(self._stub.Stop, request, ANSWER_WITHIN_S).agents)

    def revoke(
        self, agent_id: str, *, operator: str, reason: str = ''
    ) -> operator_pb2.RevokeReply:
        """Trust a robot no more."""
        request = operator_pb2.RevokeRequest(agent_id=agent_id, reason=reason, operator=operator)
        return self._call(self._stub.Revoke, request, ANSWER_WITHIN_S)

    def escalations(self) -> list[operator_pb2.Escalation]:
        """What waits for an operator's answer."""
        reply = self._call(self._stub.Escalations, operator_pb2.ListRequest(), ANSWER_WITHIN_S)
        return list(reply.open)

    def votes(self) -> operator_pb2.VotesReply:
        """What the robots decide among themselves."""
        return self._call(self._stub.Votes, operator_pb2.ListRequest(), ANSWER_WITHIN_S)

    def resolve(
        self, escalation_id: str, *, operator: str, answer: str
    ) -> operator_pb2.ResolveReply:
        """Answer an escalation."""
        request = operator_pb2.ResolveRequest(
            escalation_id=escalation_id, operator=operator, answer=answer
        )
        return self._call(self._stub.Resolve, request, ANSWER_WITHIN_S)

    def pending(self) -> list[laws_pb2.PendingQuestion]:
        """Questions to a human, settled ones too, the oldest first."""
        reply = self._call(self._stub.Pending, operator_pb2.ListRequest(), ANSWER_WITHIN_S)
        return list(reply.questions)

    def decide(
        self, pending_id: str, *, approve: bool, operator: str, reason: str = '', digest: str = ''
    ) -> laws_pb2.DecideReply:
        """Approve or deny what waits; with a digest only if it is still the same question."""
        request = laws_pb2.DecideRequest(
            pending_id=pending_id,
            approve=approve,
            operator=operator,
            reason=reason,
            digest=digest,
        )
        return self._call(self._stub.Decide, request, SUBMIT_WITHIN_S)

    def tiers(self) -> list[laws_pb2.TierState]:
        """How far each robot is trusted, and why."""
        reply = self._call(self._stub.Tiers, operator_pb2.ListRequest(), ANSWER_WITHIN_S)
        return list(reply.robots)

    def set_tier(
        self, agent_id: str, tier: int, *, operator: str, reason: str = ''
    ) -> laws_pb2.SetTierReply:
        """Promote, demote, or trust a revoked robot again."""
        request = laws_pb2.SetTierRequest(
            agent_id=agent_id, tier=tier, operator=operator, reason=reason
        )
        return self._call(self._stub.SetTier, request, ANSWER_WITHIN_S)

    def budgets(self) -> list[laws_pb2.BudgetState]:
        """What has gone wrong in each mission, against what may."""
        reply = self._call(self._stub.Budgets, operator_pb2.ListRequest(), ANSWER_WITHIN_S)
        return list(reply.budgets)

    def _call(self, method: Callable[..., R], request: Any, timeout_s: float) -> R:
        try:
            return method(request, timeout=timeout_s)
        except grpc.RpcError as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> OperatorError:
        code = error.code() if isinstance(error, grpc.Call) else None
        details = (error.details() if isinstance(error, grpc.Call) else '') or 'the link ended'
        if code is grpc.StatusCode.UNAVAILABLE:
            return OperatorError(
                f'no supervisor answers at {self._target}; start one with `swarm up`, name another'
                f' with --target, or the other one with --vault if its keys differ ({details})'
            )
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return OperatorError(f'the supervisor at {self._target} did not answer in time')
        return OperatorError(f'the supervisor at {self._target} refuses: {details}')
