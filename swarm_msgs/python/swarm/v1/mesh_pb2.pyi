from swarm.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PeerState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PEER_STATE_UNSPECIFIED: _ClassVar[PeerState]
    PEER_STATE_IDLE: _ClassVar[PeerState]
    PEER_STATE_MOVING: _ClassVar[PeerState]
    PEER_STATE_WAITING: _ClassVar[PeerState]
    PEER_STATE_YIELDING: _ClassVar[PeerState]
    PEER_STATE_BLOCKED: _ClassVar[PeerState]

class ClaimKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLAIM_KIND_UNSPECIFIED: _ClassVar[ClaimKind]
    CLAIM_KIND_REQUEST: _ClassVar[ClaimKind]
    CLAIM_KIND_PROMISE: _ClassVar[ClaimKind]
    CLAIM_KIND_DECLINE: _ClassVar[ClaimKind]
    CLAIM_KIND_DONE: _ClassVar[ClaimKind]

class Ballot(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BALLOT_UNSPECIFIED: _ClassVar[Ballot]
    BALLOT_ACCEPT: _ClassVar[Ballot]
    BALLOT_REJECT: _ClassVar[Ballot]
    BALLOT_ABSTAIN: _ClassVar[Ballot]

class HandStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HAND_STATUS_UNSPECIFIED: _ClassVar[HandStatus]
    HAND_STATUS_DONE: _ClassVar[HandStatus]
    HAND_STATUS_REFUSED: _ClassVar[HandStatus]
    HAND_STATUS_LATE: _ClassVar[HandStatus]
    HAND_STATUS_FAILED: _ClassVar[HandStatus]
PEER_STATE_UNSPECIFIED: PeerState
PEER_STATE_IDLE: PeerState
PEER_STATE_MOVING: PeerState
PEER_STATE_WAITING: PeerState
PEER_STATE_YIELDING: PeerState
PEER_STATE_BLOCKED: PeerState
CLAIM_KIND_UNSPECIFIED: ClaimKind
CLAIM_KIND_REQUEST: ClaimKind
CLAIM_KIND_PROMISE: ClaimKind
CLAIM_KIND_DECLINE: ClaimKind
CLAIM_KIND_DONE: ClaimKind
BALLOT_UNSPECIFIED: Ballot
BALLOT_ACCEPT: Ballot
BALLOT_REJECT: Ballot
BALLOT_ABSTAIN: Ballot
HAND_STATUS_UNSPECIFIED: HandStatus
HAND_STATUS_DONE: HandStatus
HAND_STATUS_REFUSED: HandStatus
HAND_STATUS_LATE: HandStatus
HAND_STATUS_FAILED: HandStatus

class PeerIntent(_message.Message):
    __slots__ = ("agent_id", "stamp_ns", "pose", "speed_mps", "radius_m", "priority", "waited_ms", "state", "path", "yields_to", "cannot_yield", "skill", "intent_id", "said_ns", "open", "bound", "heard")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    SPEED_MPS_FIELD_NUMBER: _ClassVar[int]
    RADIUS_M_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    WAITED_MS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    YIELDS_TO_FIELD_NUMBER: _ClassVar[int]
    CANNOT_YIELD_FIELD_NUMBER: _ClassVar[int]
    SKILL_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAID_NS_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    stamp_ns: int
    pose: _common_pb2.Pose2D
    speed_mps: float
    radius_m: float
    priority: _common_pb2.PriorityClass
    waited_ms: int
    state: PeerState
    path: _containers.RepeatedCompositeFieldContainer[_common_pb2.Point2D]
    yields_to: str
    cannot_yield: bool
    skill: str
    intent_id: int
    said_ns: int
    open: _containers.RepeatedCompositeFieldContainer[OpenClaim]
    bound: _containers.RepeatedCompositeFieldContainer[Binding]
    heard: _containers.RepeatedCompositeFieldContainer[Heard]
    def __init__(self, agent_id: _Optional[str] = ..., stamp_ns: _Optional[int] = ..., pose: _Optional[_Union[_common_pb2.Pose2D, _Mapping]] = ..., speed_mps: _Optional[float] = ..., radius_m: _Optional[float] = ..., priority: _Optional[_Union[_common_pb2.PriorityClass, str]] = ..., waited_ms: _Optional[int] = ..., state: _Optional[_Union[PeerState, str]] = ..., path: _Optional[_Iterable[_Union[_common_pb2.Point2D, _Mapping]]] = ..., yields_to: _Optional[str] = ..., cannot_yield: _Optional[bool] = ..., skill: _Optional[str] = ..., intent_id: _Optional[int] = ..., said_ns: _Optional[int] = ..., open: _Optional[_Iterable[_Union[OpenClaim, _Mapping]]] = ..., bound: _Optional[_Iterable[_Union[Binding, _Mapping]]] = ..., heard: _Optional[_Iterable[_Union[Heard, _Mapping]]] = ...) -> None: ...

class Heard(_message.Message):
    __slots__ = ("agent_id", "said_ns")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAID_NS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    said_ns: int
    def __init__(self, agent_id: _Optional[str] = ..., said_ns: _Optional[int] = ...) -> None: ...

class OpenClaim(_message.Message):
    __slots__ = ("claim_id", "promised_ns")
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    PROMISED_NS_FIELD_NUMBER: _ClassVar[int]
    claim_id: str
    promised_ns: int
    def __init__(self, claim_id: _Optional[str] = ..., promised_ns: _Optional[int] = ...) -> None: ...

class Binding(_message.Message):
    __slots__ = ("claim_id", "asked_ns", "heard_ns")
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    ASKED_NS_FIELD_NUMBER: _ClassVar[int]
    HEARD_NS_FIELD_NUMBER: _ClassVar[int]
    claim_id: str
    asked_ns: int
    heard_ns: int
    def __init__(self, claim_id: _Optional[str] = ..., asked_ns: _Optional[int] = ..., heard_ns: _Optional[int] = ...) -> None: ...

class Claim(_message.Message):
    __slots__ = ("claim_id", "kind", "from_agent", "to_agent", "stamp_ns", "priority", "waited_ms", "path", "place", "reason", "said_ns", "answers_ns")
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FROM_AGENT_FIELD_NUMBER: _ClassVar[int]
    TO_AGENT_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    WAITED_MS_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SAID_NS_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_NS_FIELD_NUMBER: _ClassVar[int]
    claim_id: str
    kind: ClaimKind
    from_agent: str
    to_agent: str
    stamp_ns: int
    priority: _common_pb2.PriorityClass
    waited_ms: int
    path: _containers.RepeatedCompositeFieldContainer[_common_pb2.Point2D]
    place: _common_pb2.Point2D
    reason: str
    said_ns: int
    answers_ns: int
    def __init__(self, claim_id: _Optional[str] = ..., kind: _Optional[_Union[ClaimKind, str]] = ..., from_agent: _Optional[str] = ..., to_agent: _Optional[str] = ..., stamp_ns: _Optional[int] = ..., priority: _Optional[_Union[_common_pb2.PriorityClass, str]] = ..., waited_ms: _Optional[int] = ..., path: _Optional[_Iterable[_Union[_common_pb2.Point2D, _Mapping]]] = ..., place: _Optional[_Union[_common_pb2.Point2D, _Mapping]] = ..., reason: _Optional[str] = ..., said_ns: _Optional[int] = ..., answers_ns: _Optional[int] = ...) -> None: ...

class Hazard(_message.Message):
    __slots__ = ("hazard_id", "kind", "reporter", "position", "radius_m", "stamp_ns", "ttl_s", "gone")
    HAZARD_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REPORTER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    RADIUS_M_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    TTL_S_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    hazard_id: str
    kind: str
    reporter: str
    position: _common_pb2.Point2D
    radius_m: float
    stamp_ns: int
    ttl_s: float
    gone: bool
    def __init__(self, hazard_id: _Optional[str] = ..., kind: _Optional[str] = ..., reporter: _Optional[str] = ..., position: _Optional[_Union[_common_pb2.Point2D, _Mapping]] = ..., radius_m: _Optional[float] = ..., stamp_ns: _Optional[int] = ..., ttl_s: _Optional[float] = ..., gone: _Optional[bool] = ...) -> None: ...

class Beat(_message.Message):
    __slots__ = ("agent_id", "stamp_ns")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    stamp_ns: int
    def __init__(self, agent_id: _Optional[str] = ..., stamp_ns: _Optional[int] = ...) -> None: ...

class LogHeads(_message.Message):
    __slots__ = ("agent_id", "stamp_ns", "checkpoints", "cosigned", "steps", "held")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    COSIGNED_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    stamp_ns: int
    checkpoints: _containers.RepeatedScalarFieldContainer[str]
    cosigned: _containers.RepeatedScalarFieldContainer[str]
    steps: _containers.RepeatedCompositeFieldContainer[_common_pb2.HeadStep]
    held: _containers.RepeatedCompositeFieldContainer[_common_pb2.HeadHeld]
    def __init__(self, agent_id: _Optional[str] = ..., stamp_ns: _Optional[int] = ..., checkpoints: _Optional[_Iterable[str]] = ..., cosigned: _Optional[_Iterable[str]] = ..., steps: _Optional[_Iterable[_Union[_common_pb2.HeadStep, _Mapping]]] = ..., held: _Optional[_Iterable[_Union[_common_pb2.HeadHeld, _Mapping]]] = ...) -> None: ...

class GridRank(_message.Message):
    __slots__ = ("urgency", "age", "length", "agent")
    URGENCY_FIELD_NUMBER: _ClassVar[int]
    AGE_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    urgency: int
    age: int
    length: int
    agent: int
    def __init__(self, urgency: _Optional[int] = ..., age: _Optional[int] = ..., length: _Optional[int] = ..., agent: _Optional[int] = ...) -> None: ...

class GridTicket(_message.Message):
    __slots__ = ("agent", "ticket")
    AGENT_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    agent: int
    ticket: int
    def __init__(self, agent: _Optional[int] = ..., ticket: _Optional[int] = ...) -> None: ...

class GridState(_message.Message):
    __slots__ = ("agent", "sequence", "cell", "goal", "rank", "hint", "want", "moving", "ticket", "root", "tried", "grants", "refusals", "lets", "lets_cell")
    AGENT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CELL_FIELD_NUMBER: _ClassVar[int]
    GOAL_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    WANT_FIELD_NUMBER: _ClassVar[int]
    MOVING_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    TRIED_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    LETS_FIELD_NUMBER: _ClassVar[int]
    LETS_CELL_FIELD_NUMBER: _ClassVar[int]
    agent: int
    sequence: int
    cell: int
    goal: int
    rank: GridRank
    hint: bytes
    want: int
    moving: bool
    ticket: int
    root: GridRank
    tried: _containers.RepeatedScalarFieldContainer[int]
    grants: _containers.RepeatedCompositeFieldContainer[GridTicket]
    refusals: _containers.RepeatedCompositeFieldContainer[GridTicket]
    lets: int
    lets_cell: int
    def __init__(self, agent: _Optional[int] = ..., sequence: _Optional[int] = ..., cell: _Optional[int] = ..., goal: _Optional[int] = ..., rank: _Optional[_Union[GridRank, _Mapping]] = ..., hint: _Optional[bytes] = ..., want: _Optional[int] = ..., moving: _Optional[bool] = ..., ticket: _Optional[int] = ..., root: _Optional[_Union[GridRank, _Mapping]] = ..., tried: _Optional[_Iterable[int]] = ..., grants: _Optional[_Iterable[_Union[GridTicket, _Mapping]]] = ..., refusals: _Optional[_Iterable[_Union[GridTicket, _Mapping]]] = ..., lets: _Optional[int] = ..., lets_cell: _Optional[int] = ...) -> None: ...

class GridAnswer(_message.Message):
    __slots__ = ("agent", "asker", "step", "leaves", "follow")
    AGENT_FIELD_NUMBER: _ClassVar[int]
    ASKER_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    agent: int
    asker: int
    step: int
    leaves: bool
    follow: bool
    def __init__(self, agent: _Optional[int] = ..., asker: _Optional[int] = ..., step: _Optional[int] = ..., leaves: _Optional[bool] = ..., follow: _Optional[bool] = ...) -> None: ...

class VoteCall(_message.Message):
    __slots__ = ("vote_id", "topic", "proposer", "question", "required", "stamp_ns", "left_s", "place", "radius_m", "status", "reason", "ballots")
    VOTE_ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PROPOSER_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    LEFT_S_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    RADIUS_M_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BALLOTS_FIELD_NUMBER: _ClassVar[int]
    vote_id: str
    topic: str
    proposer: str
    question: str
    required: _containers.RepeatedScalarFieldContainer[str]
    stamp_ns: int
    left_s: float
    place: _common_pb2.Point2D
    radius_m: float
    status: str
    reason: str
    ballots: _containers.RepeatedCompositeFieldContainer[_common_pb2.Signed]
    def __init__(self, vote_id: _Optional[str] = ..., topic: _Optional[str] = ..., proposer: _Optional[str] = ..., question: _Optional[str] = ..., required: _Optional[_Iterable[str]] = ..., stamp_ns: _Optional[int] = ..., left_s: _Optional[float] = ..., place: _Optional[_Union[_common_pb2.Point2D, _Mapping]] = ..., radius_m: _Optional[float] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., ballots: _Optional[_Iterable[_Union[_common_pb2.Signed, _Mapping]]] = ...) -> None: ...

class Vote(_message.Message):
    __slots__ = ("vote_id", "topic", "voter", "ballot", "reason", "stamp_ns")
    VOTE_ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    VOTER_FIELD_NUMBER: _ClassVar[int]
    BALLOT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    vote_id: str
    topic: str
    voter: str
    ballot: Ballot
    reason: str
    stamp_ns: int
    def __init__(self, vote_id: _Optional[str] = ..., topic: _Optional[str] = ..., voter: _Optional[str] = ..., ballot: _Optional[_Union[Ballot, str]] = ..., reason: _Optional[str] = ..., stamp_ns: _Optional[int] = ...) -> None: ...

class BlackboardEntry(_message.Message):
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

class HandRequest(_message.Message):
    __slots__ = ("request_id", "asker", "hand", "capability", "argument", "stamp_ns", "within_s")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ASKER_FIELD_NUMBER: _ClassVar[int]
    HAND_FIELD_NUMBER: _ClassVar[int]
    CAPABILITY_FIELD_NUMBER: _ClassVar[int]
    ARGUMENT_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    WITHIN_S_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    asker: str
    hand: str
    capability: str
    argument: str
    stamp_ns: int
    within_s: float
    def __init__(self, request_id: _Optional[str] = ..., asker: _Optional[str] = ..., hand: _Optional[str] = ..., capability: _Optional[str] = ..., argument: _Optional[str] = ..., stamp_ns: _Optional[int] = ..., within_s: _Optional[float] = ...) -> None: ...

class HandReply(_message.Message):
    __slots__ = ("request_id", "hand", "asker", "status", "result", "stamp_ns")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    HAND_FIELD_NUMBER: _ClassVar[int]
    ASKER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    hand: str
    asker: str
    status: HandStatus
    result: str
    stamp_ns: int
    def __init__(self, request_id: _Optional[str] = ..., hand: _Optional[str] = ..., asker: _Optional[str] = ..., status: _Optional[_Union[HandStatus, str]] = ..., result: _Optional[str] = ..., stamp_ns: _Optional[int] = ...) -> None: ...
