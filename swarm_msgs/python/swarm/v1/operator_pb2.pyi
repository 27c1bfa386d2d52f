from swarm.v1 import common_pb2 as _common_pb2
from swarm.v1 import laws_pb2 as _laws_pb2
from swarm.v1 import mission_pb2 as _mission_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubmitRequest(_message.Message):
    __slots__ = ("text", "operator", "request_id", "not_before_ns", "priority", "link_loss")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_NS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    LINK_LOSS_FIELD_NUMBER: _ClassVar[int]
    text: str
    operator: str
    request_id: str
    not_before_ns: int
    priority: int
    link_loss: _mission_pb2.LinkLossPolicy
    def __init__(self, text: _Optional[str] = ..., operator: _Optional[str] = ..., request_id: _Optional[str] = ..., not_before_ns: _Optional[int] = ..., priority: _Optional[int] = ..., link_loss: _Optional[_Union[_mission_pb2.LinkLossPolicy, str]] = ...) -> None: ...

class SubmitReply(_message.Message):
    __slots__ = ("accepted", "mission_id", "reason", "order_ids")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    MISSION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    accepted: bool
    mission_id: str
    reason: str
    order_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, accepted: _Optional[bool] = ..., mission_id: _Optional[str] = ..., reason: _Optional[str] = ..., order_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class OrderState(_message.Message):
    __slots__ = ("order_id", "agent_id", "status", "reason", "progress")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    agent_id: str
    status: _mission_pb2.AckStatus
    reason: str
    progress: float
    def __init__(self, order_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., status: _Optional[_Union[_mission_pb2.AckStatus, str]] = ..., reason: _Optional[str] = ..., progress: _Optional[float] = ...) -> None: ...

class MissionState(_message.Message):
    __slots__ = ("mission_id", "text", "operator", "status", "orders", "created_ns", "closed_ns")
    MISSION_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    CREATED_NS_FIELD_NUMBER: _ClassVar[int]
    CLOSED_NS_FIELD_NUMBER: _ClassVar[int]
    mission_id: str
    text: str
    operator: str
    status: str
    orders: _containers.RepeatedCompositeFieldContainer[OrderState]
    created_ns: int
    closed_ns: int
    def __init__(self, mission_id: _Optional[str] = ..., text: _Optional[str] = ..., operator: _Optional[str] = ..., status: _Optional[str] = ..., orders: _Optional[_Iterable[_Union[OrderState, _Mapping]]] = ..., created_ns: _Optional[int] = ..., closed_ns: _Optional[int] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListReply(_message.Message):
    __slots__ = ("missions",)
    MISSIONS_FIELD_NUMBER: _ClassVar[int]
    missions: _containers.RepeatedCompositeFieldContainer[MissionState]
    def __init__(self, missions: _Optional[_Iterable[_Union[MissionState, _Mapping]]] = ...) -> None: ...

class RobotState(_message.Message):
    __slots__ = ("agent_id", "model", "linked", "roster_state", "last_heard_ns", "telemetry", "squad")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LINKED_FIELD_NUMBER: _ClassVar[int]
    ROSTER_STATE_FIELD_NUMBER: _ClassVar[int]
    LAST_HEARD_NS_FIELD_NUMBER: _ClassVar[int]
    TELEMETRY_FIELD_NUMBER: _ClassVar[int]
    SQUAD_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    model: str
    linked: bool
    roster_state: str
    last_heard_ns: int
    telemetry: _mission_pb2.Telemetry
    squad: str
    def __init__(self, agent_id: _Optional[str] = ..., model: _Optional[str] = ..., linked: _Optional[bool] = ..., roster_state: _Optional[str] = ..., last_heard_ns: _Optional[int] = ..., telemetry: _Optional[_Union[_mission_pb2.Telemetry, _Mapping]] = ..., squad: _Optional[str] = ...) -> None: ...

class FleetState(_message.Message):
    __slots__ = ("stamp_ns", "robots", "missions", "coverage", "seen", "events_stored", "notices", "votes")
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    ROBOTS_FIELD_NUMBER: _ClassVar[int]
    MISSIONS_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    EVENTS_STORED_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    VOTES_FIELD_NUMBER: _ClassVar[int]
    stamp_ns: int
    robots: _containers.RepeatedCompositeFieldContainer[RobotState]
    missions: _containers.RepeatedCompositeFieldContainer[MissionState]
    coverage: float
    seen: _common_pb2.CellSet
    events_stored: int
    notices: _containers.RepeatedScalarFieldContainer[str]
    votes: _containers.RepeatedCompositeFieldContainer[VoteState]
    def __init__(self, stamp_ns: _Optional[int] = ..., robots: _Optional[_Iterable[_Union[RobotState, _Mapping]]] = ..., missions: _Optional[_Iterable[_Union[MissionState, _Mapping]]] = ..., coverage: _Optional[float] = ..., seen: _Optional[_Union[_common_pb2.CellSet, _Mapping]] = ..., events_stored: _Optional[int] = ..., notices: _Optional[_Iterable[str]] = ..., votes: _Optional[_Iterable[_Union[VoteState, _Mapping]]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("period_s",)
    PERIOD_S_FIELD_NUMBER: _ClassVar[int]
    period_s: float
    def __init__(self, period_s: _Optional[float] = ...) -> None: ...

class RecallRequest(_message.Message):
    __slots__ = ("mission_id", "reason", "operator")
    MISSION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    mission_id: str
    reason: str
    operator: str
    def __init__(self, mission_id: _Optional[str] = ..., reason: _Optional[str] = ..., operator: _Optional[str] = ...) -> None: ...

class RecallReply(_message.Message):
    __slots__ = ("done", "reason")
    DONE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    done: bool
    reason: str
    def __init__(self, done: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class StopRequest(_message.Message):
    __slots__ = ("agent_id", "reason", "operator")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    reason: str
    operator: str
    def __init__(self, agent_id: _Optional[str] = ..., reason: _Optional[str] = ..., operator: _Optional[str] = ...) -> None: ...

class StopReply(_message.Message):
    __slots__ = ("agents",)
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    agents: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, agents: _Optional[_Iterable[str]] = ...) -> None: ...

class RevokeRequest(_message.Message):
    __slots__ = ("agent_id", "reason", "operator")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    reason: str
    operator: str
    def __init__(self, agent_id: _Optional[str] = ..., reason: _Optional[str] = ..., operator: _Optional[str] = ...) -> None: ...

class RevokeReply(_message.Message):
    __slots__ = ("done", "reason")
    DONE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    done: bool
    reason: str
    def __init__(self, done: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class Escalation(_message.Message):
    __slots__ = ("escalation_id", "agent_id", "text", "stamp_ns", "order_id")
    ESCALATION_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    escalation_id: str
    agent_id: str
    text: str
    stamp_ns: int
    order_id: str
    def __init__(self, escalation_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., text: _Optional[str] = ..., stamp_ns: _Optional[int] = ..., order_id: _Optional[str] = ...) -> None: ...

class EscalationsReply(_message.Message):
    __slots__ = ("open",)
    OPEN_FIELD_NUMBER: _ClassVar[int]
    open: _containers.RepeatedCompositeFieldContainer[Escalation]
    def __init__(self, open: _Optional[_Iterable[_Union[Escalation, _Mapping]]] = ...) -> None: ...

class ResolveRequest(_message.Message):
    __slots__ = ("escalation_id", "operator", "answer")
    ESCALATION_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    escalation_id: str
    operator: str
    answer: str
    def __init__(self, escalation_id: _Optional[str] = ..., operator: _Optional[str] = ..., answer: _Optional[str] = ...) -> None: ...

class ResolveReply(_message.Message):
    __slots__ = ("done", "reason")
    DONE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    done: bool
    reason: str
    def __init__(self, done: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class BallotState(_message.Message):
    __slots__ = ("voter", "ballot", "reason")
    VOTER_FIELD_NUMBER: _ClassVar[int]
    BALLOT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    voter: str
    ballot: str
    reason: str
    def __init__(self, voter: _Optional[str] = ..., ballot: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class VoteState(_message.Message):
    __slots__ = ("vote_id", "topic", "proposer", "question", "required", "ballots", "status", "reason", "stamp_ns")
    VOTE_ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PROPOSER_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    BALLOTS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    vote_id: str
    topic: str
    proposer: str
    question: str
    required: _containers.RepeatedScalarFieldContainer[str]
    ballots: _containers.RepeatedCompositeFieldContainer[BallotState]
    status: str
    reason: str
    stamp_ns: int
    def __init__(self, vote_id: _Optional[str] = ..., topic: _Optional[str] = ..., proposer: _Optional[str] = ..., question: _Optional[str] = ..., required: _Optional[_Iterable[str]] = ..., ballots: _Optional[_Iterable[_Union[BallotState, _Mapping]]] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., stamp_ns: _Optional[int] = ...) -> None: ...

class BlackboardState(_message.Message):
    __slots__ = ("mission_id", "section", "author", "revision", "text", "stamp_ns")
    MISSION_ID_FIELD_NUMBER: _ClassVar[int]
    SECTION_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    mission_id: str
    section: str
    author: str
    revision: int
    text: str
    stamp_ns: int
    def __init__(self, mission_id: _Optional[str] = ..., section: _Optional[str] = ..., author: _Optional[str] = ..., revision: _Optional[int] = ..., text: _Optional[str] = ..., stamp_ns: _Optional[int] = ...) -> None: ...

class VotesReply(_message.Message):
    __slots__ = ("votes", "blackboard")
    VOTES_FIELD_NUMBER: _ClassVar[int]
    BLACKBOARD_FIELD_NUMBER: _ClassVar[int]
    votes: _containers.RepeatedCompositeFieldContainer[VoteState]
    blackboard: _containers.RepeatedCompositeFieldContainer[BlackboardState]
    def __init__(self, votes: _Optional[_Iterable[_Union[VoteState, _Mapping]]] = ..., blackboard: _Optional[_Iterable[_Union[BlackboardState, _Mapping]]] = ...) -> None: ...
