from swarm.v1 import common_pb2 as _common_pb2
from swarm.v1 import laws_pb2 as _laws_pb2
from swarm.v1 import packet_pb2 as _packet_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LinkLossPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LINK_LOSS_POLICY_UNSPECIFIED: _ClassVar[LinkLossPolicy]
    LINK_LOSS_POLICY_CONTINUE: _ClassVar[LinkLossPolicy]
    LINK_LOSS_POLICY_FINISH_LEG: _ClassVar[LinkLossPolicy]
    LINK_LOSS_POLICY_HOLD: _ClassVar[LinkLossPolicy]
    LINK_LOSS_POLICY_RETURN_HOME: _ClassVar[LinkLossPolicy]
    LINK_LOSS_POLICY_LOCK_DOWN: _ClassVar[LinkLossPolicy]

class AckStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACK_STATUS_UNSPECIFIED: _ClassVar[AckStatus]
    ACK_STATUS_ACCEPTED: _ClassVar[AckStatus]
    ACK_STATUS_REFUSED: _ClassVar[AckStatus]
    ACK_STATUS_COMPLETED: _ClassVar[AckStatus]
    ACK_STATUS_FAILED: _ClassVar[AckStatus]
    ACK_STATUS_RECALLED: _ClassVar[AckStatus]
LINK_LOSS_POLICY_UNSPECIFIED: LinkLossPolicy
LINK_LOSS_POLICY_CONTINUE: LinkLossPolicy
LINK_LOSS_POLICY_FINISH_LEG: LinkLossPolicy
LINK_LOSS_POLICY_HOLD: LinkLossPolicy
LINK_LOSS_POLICY_RETURN_HOME: LinkLossPolicy
LINK_LOSS_POLICY_LOCK_DOWN: LinkLossPolicy
ACK_STATUS_UNSPECIFIED: AckStatus
ACK_STATUS_ACCEPTED: AckStatus
ACK_STATUS_REFUSED: AckStatus
ACK_STATUS_COMPLETED: AckStatus
ACK_STATUS_FAILED: AckStatus
ACK_STATUS_RECALLED: AckStatus

class Survey(_message.Message):
    __slots__ = ("region", "range_m", "crew", "sector")
    REGION_FIELD_NUMBER: _ClassVar[int]
    RANGE_M_FIELD_NUMBER: _ClassVar[int]
    CREW_FIELD_NUMBER: _ClassVar[int]
    SECTOR_FIELD_NUMBER: _ClassVar[int]
    region: _common_pb2.CellSet
    range_m: float
    crew: _containers.RepeatedCompositeFieldContainer[CrewPart]
    sector: str
    def __init__(self, region: _Optional[_Union[_common_pb2.CellSet, _Mapping]] = ..., range_m: _Optional[float] = ..., crew: _Optional[_Iterable[_Union[CrewPart, _Mapping]]] = ..., sector: _Optional[str] = ...) -> None: ...

class CrewPart(_message.Message):
    __slots__ = ("agent_id", "bits", "start")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    BITS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    bits: bytes
    start: _common_pb2.Point2D
    def __init__(self, agent_id: _Optional[str] = ..., bits: _Optional[bytes] = ..., start: _Optional[_Union[_common_pb2.Point2D, _Mapping]] = ...) -> None: ...

class GoTo(_message.Message):
    __slots__ = ("goal", "use_yaw")
    GOAL_FIELD_NUMBER: _ClassVar[int]
    USE_YAW_FIELD_NUMBER: _ClassVar[int]
    goal: _common_pb2.Pose2D
    use_yaw: bool
    def __init__(self, goal: _Optional[_Union[_common_pb2.Pose2D, _Mapping]] = ..., use_yaw: _Optional[bool] = ...) -> None: ...

class Patrol(_message.Message):
    __slots__ = ("stops", "loops")
    STOPS_FIELD_NUMBER: _ClassVar[int]
    LOOPS_FIELD_NUMBER: _ClassVar[int]
    stops: _containers.RepeatedCompositeFieldContainer[_common_pb2.Pose2D]
    loops: int
    def __init__(self, stops: _Optional[_Iterable[_Union[_common_pb2.Pose2D, _Mapping]]] = ..., loops: _Optional[int] = ...) -> None: ...

class Deliver(_message.Message):
    __slots__ = ("pick_up", "drop_off")
    PICK_UP_FIELD_NUMBER: _ClassVar[int]
    DROP_OFF_FIELD_NUMBER: _ClassVar[int]
    pick_up: _common_pb2.Pose2D
    drop_off: _common_pb2.Pose2D
    def __init__(self, pick_up: _Optional[_Union[_common_pb2.Pose2D, _Mapping]] = ..., drop_off: _Optional[_Union[_common_pb2.Pose2D, _Mapping]] = ...) -> None: ...

class Wait(_message.Message):
    __slots__ = ("seconds",)
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    def __init__(self, seconds: _Optional[float] = ...) -> None: ...

class ReturnToBase(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MissionOrder(_message.Message):
    __slots__ = ("order_id", "mission_id", "agent_id", "created_ns", "expires_ns", "not_before_ns", "priority", "link_loss", "issued_by", "return_home", "survey", "go_to", "patrol", "deliver", "wait", "return_to_base", "warrant", "packet", "after", "squad", "handoff", "max_speed_mps")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    MISSION_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_NS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_NS_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_NS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    LINK_LOSS_FIELD_NUMBER: _ClassVar[int]
    ISSUED_BY_FIELD_NUMBER: _ClassVar[int]
    RETURN_HOME_FIELD_NUMBER: _ClassVar[int]
    SURVEY_FIELD_NUMBER: _ClassVar[int]
    GO_TO_FIELD_NUMBER: _ClassVar[int]
    PATROL_FIELD_NUMBER: _ClassVar[int]
    DELIVER_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    RETURN_TO_BASE_FIELD_NUMBER: _ClassVar[int]
    WARRANT_FIELD_NUMBER: _ClassVar[int]
    PACKET_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    SQUAD_FIELD_NUMBER: _ClassVar[int]
    HANDOFF_FIELD_NUMBER: _ClassVar[int]
    MAX_SPEED_MPS_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    mission_id: str
    agent_id: str
    created_ns: int
    expires_ns: int
    not_before_ns: int
    priority: int
    link_loss: LinkLossPolicy
    issued_by: str
    return_home: bool
    survey: Survey
    go_to: GoTo
    patrol: Patrol
    deliver: Deliver
    wait: Wait
    return_to_base: ReturnToBase
    warrant: _laws_pb2.Warrant
    packet: _packet_pb2.Packet
    after: _containers.RepeatedScalarFieldContainer[str]
    squad: str
    handoff: _packet_pb2.Handoff
    max_speed_mps: float
    def __init__(self, order_id: _Optional[str] = ..., mission_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., created_ns: _Optional[int] = ..., expires_ns: _Optional[int] = ..., not_before_ns: _Optional[int] = ..., priority: _Optional[int] = ..., link_loss: _Optional[_Union[LinkLossPolicy, str]] = ..., issued_by: _Optional[str] = ..., return_home: _Optional[bool] = ..., survey: _Optional[_Union[Survey, _Mapping]] = ..., go_to: _Optional[_Union[GoTo, _Mapping]] = ..., patrol: _Optional[_Union[Patrol, _Mapping]] = ..., deliver: _Optional[_Union[Deliver, _Mapping]] = ..., wait: _Optional[_Union[Wait, _Mapping]] = ..., return_to_base: _Optional[_Union[ReturnToBase, _Mapping]] = ..., warrant: _Optional[_Union[_laws_pb2.Warrant, _Mapping]] = ..., packet: _Optional[_Union[_packet_pb2.Packet, _Mapping]] = ..., after: _Optional[_Iterable[str]] = ..., squad: _Optional[str] = ..., handoff: _Optional[_Union[_packet_pb2.Handoff, _Mapping]] = ..., max_speed_mps: _Optional[float] = ...) -> None: ...

class OrderAck(_message.Message):
    __slots__ = ("order_id", "status", "reason", "stamp_ns")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    status: AckStatus
    reason: str
    stamp_ns: int
    def __init__(self, order_id: _Optional[str] = ..., status: _Optional[_Union[AckStatus, str]] = ..., reason: _Optional[str] = ..., stamp_ns: _Optional[int] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("agent_id", "model", "skills", "pose", "home", "max_speed_mps", "radius_m", "software_version", "open_orders")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SKILLS_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    MAX_SPEED_MPS_FIELD_NUMBER: _ClassVar[int]
    RADIUS_M_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_VERSION_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    model: str
    skills: _containers.RepeatedScalarFieldContainer[str]
    pose: _common_pb2.Pose2D
    home: _common_pb2.Pose2D
    max_speed_mps: float
    radius_m: float
    software_version: str
    open_orders: _containers.RepeatedCompositeFieldContainer[OrderAck]
    def __init__(self, agent_id: _Optional[str] = ..., model: _Optional[str] = ..., skills: _Optional[_Iterable[str]] = ..., pose: _Optional[_Union[_common_pb2.Pose2D, _Mapping]] = ..., home: _Optional[_Union[_common_pb2.Pose2D, _Mapping]] = ..., max_speed_mps: _Optional[float] = ..., radius_m: _Optional[float] = ..., software_version: _Optional[str] = ..., open_orders: _Optional[_Iterable[_Union[OrderAck, _Mapping]]] = ...) -> None: ...

class Telemetry(_message.Message):
    __slots__ = ("stamp_ns", "pose", "speed_mps", "battery", "phase", "skill", "order_id", "progress", "distance_m", "violations", "negotiations", "tier", "seen", "hazards", "peers", "events_written", "events_synced", "crew")
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    SPEED_MPS_FIELD_NUMBER: _ClassVar[int]
    BATTERY_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    SKILL_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_M_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    NEGOTIATIONS_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    HAZARDS_FIELD_NUMBER: _ClassVar[int]
    PEERS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_WRITTEN_FIELD_NUMBER: _ClassVar[int]
    EVENTS_SYNCED_FIELD_NUMBER: _ClassVar[int]
    CREW_FIELD_NUMBER: _ClassVar[int]
    stamp_ns: int
    pose: _common_pb2.Pose2D
    speed_mps: float
    battery: float
    phase: str
    skill: str
    order_id: str
    progress: float
    distance_m: float
    violations: int
    negotiations: int
    tier: int
    seen: _common_pb2.CellSet
    hazards: _containers.RepeatedCompositeFieldContainer[_common_pb2.Point2D]
    peers: _containers.RepeatedScalarFieldContainer[str]
    events_written: int
    events_synced: int
    crew: _containers.RepeatedCompositeFieldContainer[CrewReport]
    def __init__(self, stamp_ns: _Optional[int] = ..., pose: _Optional[_Union[_common_pb2.Pose2D, _Mapping]] = ..., speed_mps: _Optional[float] = ..., battery: _Optional[float] = ..., phase: _Optional[str] = ..., skill: _Optional[str] = ..., order_id: _Optional[str] = ..., progress: _Optional[float] = ..., distance_m: _Optional[float] = ..., violations: _Optional[int] = ..., negotiations: _Optional[int] = ..., tier: _Optional[int] = ..., seen: _Optional[_Union[_common_pb2.CellSet, _Mapping]] = ..., hazards: _Optional[_Iterable[_Union[_common_pb2.Point2D, _Mapping]]] = ..., peers: _Optional[_Iterable[str]] = ..., events_written: _Optional[int] = ..., events_synced: _Optional[int] = ..., crew: _Optional[_Iterable[_Union[CrewReport, _Mapping]]] = ...) -> None: ...

class CrewReport(_message.Message):
    __slots__ = ("order_id", "held", "done", "heard", "taken")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    held: bytes
    done: bytes
    heard: _containers.RepeatedScalarFieldContainer[str]
    taken: _containers.RepeatedCompositeFieldContainer[CrewPart]
    def __init__(self, order_id: _Optional[str] = ..., held: _Optional[bytes] = ..., done: _Optional[bytes] = ..., heard: _Optional[_Iterable[str]] = ..., taken: _Optional[_Iterable[_Union[CrewPart, _Mapping]]] = ...) -> None: ...

class EventBatch(_message.Message):
    __slots__ = ("writer", "first_seq", "lines", "checkpoint", "cosigned", "step", "held")
    WRITER_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQ_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    COSIGNED_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    writer: str
    first_seq: int
    lines: _containers.RepeatedScalarFieldContainer[bytes]
    checkpoint: str
    cosigned: str
    step: _common_pb2.HeadStep
    held: int
    def __init__(self, writer: _Optional[str] = ..., first_seq: _Optional[int] = ..., lines: _Optional[_Iterable[bytes]] = ..., checkpoint: _Optional[str] = ..., cosigned: _Optional[str] = ..., step: _Optional[_Union[_common_pb2.HeadStep, _Mapping]] = ..., held: _Optional[int] = ...) -> None: ...

class EventAck(_message.Message):
    __slots__ = ("writer", "seq", "error", "cosigned", "checkpoint", "step", "held")
    WRITER_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    COSIGNED_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    writer: str
    seq: int
    error: str
    cosigned: str
    checkpoint: str
    step: _common_pb2.HeadStep
    held: int
    def __init__(self, writer: _Optional[str] = ..., seq: _Optional[int] = ..., error: _Optional[str] = ..., cosigned: _Optional[str] = ..., checkpoint: _Optional[str] = ..., step: _Optional[_Union[_common_pb2.HeadStep, _Mapping]] = ..., held: _Optional[int] = ...) -> None: ...

class Identity(_message.Message):
    __slots__ = ("system_prompt", "sha256")
    SYSTEM_PROMPT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    system_prompt: str
    sha256: str
    def __init__(self, system_prompt: _Optional[str] = ..., sha256: _Optional[str] = ...) -> None: ...

class TierToken(_message.Message):
    __slots__ = ("token_id", "agent_id", "tier", "issued_ns", "expires_ns", "mandate", "granted_by")
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    ISSUED_NS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_NS_FIELD_NUMBER: _ClassVar[int]
    MANDATE_FIELD_NUMBER: _ClassVar[int]
    GRANTED_BY_FIELD_NUMBER: _ClassVar[int]
    token_id: str
    agent_id: str
    tier: int
    issued_ns: int
    expires_ns: int
    mandate: _laws_pb2.Mandate
    granted_by: str
    def __init__(self, token_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., tier: _Optional[int] = ..., issued_ns: _Optional[int] = ..., expires_ns: _Optional[int] = ..., mandate: _Optional[_Union[_laws_pb2.Mandate, _Mapping]] = ..., granted_by: _Optional[str] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("identity", "tier_token", "supervisor_id", "resume")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    TIER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SUPERVISOR_ID_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    identity: _common_pb2.Signed
    tier_token: _common_pb2.Signed
    supervisor_id: str
    resume: _containers.RepeatedCompositeFieldContainer[EventAck]
    def __init__(self, identity: _Optional[_Union[_common_pb2.Signed, _Mapping]] = ..., tier_token: _Optional[_Union[_common_pb2.Signed, _Mapping]] = ..., supervisor_id: _Optional[str] = ..., resume: _Optional[_Iterable[_Union[EventAck, _Mapping]]] = ...) -> None: ...

class Recall(_message.Message):
    __slots__ = ("order_id", "reason")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    reason: str
    def __init__(self, order_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Stop(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class AgentUp(_message.Message):
    __slots__ = ("hello", "telemetry", "ack", "events")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    TELEMETRY_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    telemetry: Telemetry
    ack: OrderAck
    events: EventBatch
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., telemetry: _Optional[_Union[Telemetry, _Mapping]] = ..., ack: _Optional[_Union[OrderAck, _Mapping]] = ..., events: _Optional[_Union[EventBatch, _Mapping]] = ...) -> None: ...

class SupervisorDown(_message.Message):
    __slots__ = ("welcome", "order", "recall", "stop", "tier_token", "event_ack", "revocations", "identity")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    TIER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EVENT_ACK_FIELD_NUMBER: _ClassVar[int]
    REVOCATIONS_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    order: _common_pb2.Signed
    recall: _common_pb2.Signed
    stop: _common_pb2.Signed
    tier_token: _common_pb2.Signed
    event_ack: EventAck
    revocations: _laws_pb2.Revocations
    identity: _common_pb2.Signed
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., order: _Optional[_Union[_common_pb2.Signed, _Mapping]] = ..., recall: _Optional[_Union[_common_pb2.Signed, _Mapping]] = ..., stop: _Optional[_Union[_common_pb2.Signed, _Mapping]] = ..., tier_token: _Optional[_Union[_common_pb2.Signed, _Mapping]] = ..., event_ack: _Optional[_Union[EventAck, _Mapping]] = ..., revocations: _Optional[_Union[_laws_pb2.Revocations, _Mapping]] = ..., identity: _Optional[_Union[_common_pb2.Signed, _Mapping]] = ...) -> None: ...
