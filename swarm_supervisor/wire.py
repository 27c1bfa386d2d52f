# SPDX-License-Identifier: Apache-2.0
"""Check what comes over the wire: what is odd ends in one sentence, never in a crash or effect."""

import math
from collections.abc import Iterable, Sequence
from unicodedata import category

from swarm.v1 import common_pb2, mission_pb2, operator_pb2

from swarm_config.fleets import Pose
from swarm_config.maps import Mask
from swarm_supervisor.core.cells import unpack_cells
from swarm_supervisor.world import SurveyGrid

MAX_NAME = 128
MAX_REASON = 500
MAX_LIST = 256
MAX_LINES = 500
WRITERS = ('reflex', 'situation', 'planner')
_UNSEEN = ('Cc', 'Cf', 'Cs', 'Co', 'Zl', 'Zp')
"""Unicode categories of letters that steer what is shown instead of being shown."""
_FINE = '\r\n\t\u200d'
"""Ends of lines, and what holds an emoji together."""
FAR_M = 1e6
DAY_NS = 86_400_000_000_000
LATEST_NS = 31 * DAY_NS
"""An order may be given so long before it begins [ns]."""


class WireError(ValueError):
    """A message that cannot be taken; the message of the error says which field and why."""


def check_text(field: str, value: str, *, longest: int = MAX_NAME, empty: bool = False) -> str:
    """A text of bounded length without control characters.

    Raises:
        WireError: It is something else.
    """
    if not empty and not value.strip():
        raise WireError(f'{field}: empty, expected 1 to {longest} characters')
    if len(value) > longest:
        raise WireError(f'{field}: {len(value)} characters, expected at most {longest}')
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise WireError(f'{field}: holds a control character, expected plain text')
    return value


def check_pose(field: str, pose: common_pb2.Pose2D) -> Pose:
    """A finite pose.

    Raises:
        WireError: A coordinate is not finite or absurd.
    """
    values = (pose.x_m, pose.y_m, pose.yaw_rad)
    if not all(math.isfinite(value) and abs(value) <= FAR_M for value in values):
        raise WireError(f'{field}: {values} is no pose, expected finite metres and radians')
    return values


def check_number(field: str, value: float, least: float, most: float) -> float:
    """A finite number within bounds.

    Raises:
        WireError: It is not.
    """
    if not (math.isfinite(value) and least <= value <= most):
        raise WireError(f'{field}: {value:g}, expected {least:g} to {most:g}')
    return value


def check_cells(field: str, cells: common_pb2.CellSet, grid: SurveyGrid) -> Mask:
    """A set of cells of this survey grid.

    Raises:
        WireError: Its size or resolution is another.
    """
    rows, cols = grid.shape
    found = (cells.height, cells.width)
    if found != (rows, cols) or not math.isclose(cells.resolution_m, grid.cell_m, rel_tol=1e-6):
        raise WireError(
            f'{field}: {found[0]} x {found[1]} cells of {cells.resolution_m:g} m,'
            f' expected {rows} x {cols} of {grid.cell_m:g} m'
        )
    try:
        return unpack_cells(cells.bits, (rows, cols))
    except ValueError as error:
        raise WireError(f'{field}.{error}') from error


def check_hello(hello: mission_pb2.Hello) -> Pose | None:
    """A robot's introduction; returns its pose, None if it did not say.

    Raises:
        WireError: A field is malformed.
    """
    check_text('hello.agent_id', hello.agent_id, longest=32)
    for field in ('model', 'software_version'):
        check_text(f'hello.{field}', getattr(hello, field), empty=True)
    _check_all('hello.skills', hello.skills)
    if len(hello.open_orders) > MAX_LIST:
        raise WireError(f'hello.open_orders: {len(hello.open_orders)}, expected <= {MAX_LIST}')
    for ack in hello.open_orders:
        check_ack(ack)
    check_pose('hello.home', hello.home)
    check_number('hello.max_speed_mps', hello.max_speed_mps, 0.0, 100.0)
    check_number('hello.radius_m', hello.radius_m, 0.0, 100.0)
    return check_pose('hello.pose', hello.pose) if hello.HasField('pose') else None


def check_ack(ack: mission_pb2.OrderAck) -> None:
    """An acknowledgement of an order.

    Raises:
        WireError: A field is malformed.
    """
    check_text('ack.order_id', ack.order_id)
    check_text('ack.reason', ack.reason, longest=MAX_REASON, empty=True)
    if ack.status not in mission_pb2.AckStatus.values() or ack.status == 0:
        raise WireError(f'ack.status: {ack.status} is none of the known values')


def check_telemetry(
    telemetry: mission_pb2.Telemetry, grid: SurveyGrid
) -> tuple[Pose | None, Mask | None]:
    """A robot's report; returns its pose and what it has seen, None for what it did not say.

    Raises:
        WireError: A field is malformed.
    """
    told = telemetry.HasField('pose')
    pose = check_pose('telemetry.pose', telemetry.pose) if told else None
    check_number('telemetry.speed_mps', telemetry.speed_mps, -100.0, 100.0)
    check_number('telemetry.battery', telemetry.battery, 0.0, 1.0)
    check_number('telemetry.progress', telemetry.progress, 0.0, 1.0)
    check_number('telemetry.distance_m', telemetry.distance_m, 0.0, 1e9)
    for field in ('phase', 'skill', 'order_id'):
        check_text(f'telemetry.{field}', getattr(telemetry, field), empty=True)
    _check_all('telemetry.peers', telemetry.peers)
    if len(telemetry.hazards) > MAX_LIST:
        raise WireError(f'telemetry.hazards: {len(telemetry.hazards)}, expected <= {MAX_LIST}')
    for point in telemetry.hazards:
        check_pose('telemetry.hazards', common_pb2.Pose2D(x_m=point.x_m, y_m=point.y_m))
    seen = telemetry.HasField('seen')
    return pose, check_cells('telemetry.seen', telemetry.seen, grid) if seen else None


def check_crew(
    reports: Sequence[mission_pb2.CrewReport], grid: SurveyGrid
) -> Sequence[mission_pb2.CrewReport]:
    """What a robot tells of the surveys that it shares; sets of cells may be missing.

    Raises:
        WireError: A field is malformed.
    """
    if len(reports) > MAX_LIST:
        raise WireError(f'telemetry.crew: {len(reports)}, expected <= {MAX_LIST}')
    for report in reports:
        check_text('telemetry.crew.order_id', report.order_id)
        _check_all('telemetry.crew.heard', report.heard)
        _check_all('telemetry.crew.taken', [part.agent_id for part in report.taken])
        sets = [report.held, report.done, *(part.bits for part in report.taken)]
        for bits in filter(None, sets):
            _check_bits('telemetry.crew', bits, grid)
    return reports


def _check_bits(field: str, bits: bytes, grid: SurveyGrid) -> None:
    try:
        unpack_cells(bits, grid.shape)
    except ValueError as error:
        raise WireError(f'{field}.{error}') from error


def check_batch(batch: mission_pb2.EventBatch) -> None:
    """Lines of a log, as far as their envelope goes.

    Raises:
        WireError: The writer is unknown or there are too many lines.
    """
    if batch.writer not in WRITERS:
        raise WireError(f'events.writer: {batch.writer[:32]!r}, expected one of {WRITERS}')
    if len(batch.lines) > MAX_LINES:
        raise WireError(f'events.lines: {len(batch.lines)}, expected at most {MAX_LINES}')


def check_submit(request: operator_pb2.SubmitRequest, now_ns: int) -> None:
    """An operator's order.

    Args:
        request: The order.
        now_ns: Now, since the epoch [ns].

    Raises:
        WireError: A field is malformed.
    """
    check_text('request_id', request.request_id)
    check_operator(request.operator)
    check_legible('text', request.text)
    if request.priority > 10:
        raise WireError(f'priority: {request.priority}, expected 1 to 10, or 0 for 5')
    if not 0 <= request.not_before_ns <= now_ns + LATEST_NS:
        raise WireError(
            f'not_before_ns: {request.not_before_ns}, expected nanoseconds since 1970,'
            f' at most {LATEST_NS // DAY_NS} days from now'
        )
    if request.link_loss not in mission_pb2.LinkLossPolicy.values():
        raise WireError(f'link_loss: {request.link_loss} is none of the known policies')


def check_legible(field: str, value: str) -> None:
    """A text that people read as it is: nothing in it moves the cursor or turns the direction.

    Raises:
        WireError: It holds such a letter.
    """
    odd = next((c for c in value if category(c) in _UNSEEN and c not in _FINE), '')
    if odd:
        raise WireError(f'{field}: holds U+{ord(odd):04X}, which cannot be seen; write plain text')


def check_operator(name: str) -> None:
    """The name of who gives an order.

    Raises:
        WireError: It is empty or odd.
    """
    check_text('operator', name, longest=64)


def _check_all(field: str, values: Iterable[str]) -> None:
    for number, value in enumerate(values):
        if number >= MAX_LIST:
            raise WireError(f'{field}: more than {MAX_LIST} entries')
        check_text(field, value, longest=64, empty=True)
