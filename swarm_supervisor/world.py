# SPDX-License-Identifier: Apache-2.0
"""The common picture: what the robots have seen together, how long ago, what hazards they met."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swarm_config.fleets import Fleet
from swarm_config.floor import coarsen, floor_of
from swarm_config.maps import GridMap, Mask
from swarm_supervisor.core.cells import pack_cells, unpack_cells

Times = npt.NDArray[np.int64]
SAME_HAZARD_M = 0.75
"""Reports nearer to each other than this are of one hazard [m]."""
MAX_HAZARDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyGrid:
    """The cells in which the floor is surveyed, and which of them are floor of this fleet."""

    cell_m: float
    floor: Mask
    """Cells that some robot of the fleet can get to, shape (rows, cols)."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.floor.shape
        return rows, cols


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """Something that is on no map."""

    x_m: float
    y_m: float
    reporters: tuple[str, ...]
    heard_ns: int


def survey_grid(grid: GridMap, fleet: Fleet) -> SurveyGrid:
    """The fleet's survey grid: the floor is what the smallest robot reaches from the homes."""
    factor = max(1, round(fleet.file.survey_cell_m / grid.resolution_m))
    radius_m = min(robot.model.radius_m for robot in fleet.robots)
    poses = [pose for robot in fleet.robots for pose in (robot.home, robot.start)]
    seeds = [grid.cell_of(pose[0], pose[1]) for pose in poses]
    floor = floor_of(grid, radius_m, [cell for cell in seeds if grid.contains(*cell)])
    return SurveyGrid(cell_m=factor * grid.resolution_m, floor=coarsen(floor, factor))


class World:
    """When each survey cell was last newly seen by any robot; 0 for never."""

    def __init__(self, grid: SurveyGrid, *, seen_ttl_s: float, hazard_ttl_s: float) -> None:
        """Start with nothing seen.

        Args:
            grid: The survey grid.
            seen_ttl_s: After this a cell counts as unseen again [s].
            hazard_ttl_s: After this an unconfirmed hazard is forgotten [s].
        """
        self.grid = grid
        self._seen_ttl_ns = int(seen_ttl_s * 1e9)
        self._hazard_ttl_ns = int(hazard_ttl_s * 1e9)
        self._seen_ns: Times = np.zeros(grid.shape, dtype=np.int64)
        self._newest_ns = 0
        self._reported: dict[str, Mask] = {}
        self._hazards: list[Hazard] = []
        self.changed = False

    def restore(self, stored: bytes) -> None:
        """Take over the times that `stored` holds; those of another map are ignored."""
        if len(stored) == self._seen_ns.nbytes:
            self._seen_ns = np.frombuffer(stored, dtype='<i8').reshape(self.grid.shape).copy()
            self._newest_ns = int(self._seen_ns.max(initial=0))

    def restore_reported(self, masks: Mapping[str, bytes]) -> None:
        """Take over what `reported` holds: a robot's next mask adds to it, and dates that."""
        for agent_id, bits in masks.items():
            with contextlib.suppress(ValueError):  # of another map
                self._reported[agent_id] = unpack_cells(bits, self.grid.shape)

    def reported(self) -> dict[str, bytes]:
        """What each robot has told that it has seen since its start, packed."""
        return {agent_id: pack_cells(mask) for agent_id, mask in self._reported.items()}

    def stored(self) -> bytes:
        """The times as bytes, for `restore`."""
        return self._seen_ns.astype('<i8').tobytes()

    def begin(self, now_ns: int) -> int:
        """A time from which what is seen counts as new: now, or later where the clock went back.

        Nothing that was seen before is as late, and nothing that is seen after is earlier [ns].
        """
        self._newest_ns = max(now_ns, self._newest_ns + 1)
        return self._newest_ns

    def report(self, agent_id: str, mask: Mask, now_ns: int) -> None:
        """Take over what one robot has seen since its start.

        The mask only grows while the robot runs; what it adds is seen now. Its first mask after a
        restart of this process may be old news, and dates only cells that nobody had seen.
        """
        before = self._reported.get(agent_id)
        now_ns = max(now_ns, self._newest_ns)
        fresh = mask & (self._seen_ns == 0) if before is None else mask & ~before
        self._reported[agent_id] = mask
        if fresh.any():
            self._seen_ns[fresh] = self._newest_ns = now_ns
            self.changed = True

    def seen(self, now_ns: int) -> Mask:
        """Cells seen within the time to live."""
        return self.seen_since(max(1, now_ns - self._seen_ttl_ns))

    def seen_since(self, since_ns: int) -> Mask:
        """Cells seen at this time or later."""
        return np.asarray(self._seen_ns >= max(1, since_ns))

    def coverage(self, now_ns: int) -> float:
        """Share of the floor that is seen, 0 to 1."""
        floor = self.grid.floor
        return float((self.seen(now_ns) & floor).sum() / max(1, int(floor.sum())))

    def report_hazards(
        self, agent_id: str, points: tuple[tuple[float, float], ...], now_ns: int
    ) -> None:
        """Take over the hazards that one robot knows of [m, map frame]."""
        for x_m, y_m in points:
            self._merge(agent_id, x_m, y_m, now_ns)

    def hazards(self, now_ns: int) -> tuple[Hazard, ...]:
        """Hazards that were reported within the time to live."""
        self._hazards = [h for h in self._hazards if now_ns - h.heard_ns <= self._hazard_ttl_ns]
        return tuple(self._hazards)

    def _merge(self, agent_id: str, x_m: float, y_m: float, now_ns: int) -> None:
        for number, known in enumerate(self._hazards):
            if np.hypot(known.x_m - x_m, known.y_m - y_m) <= SAME_HAZARD_M:
                reporters = tuple(sorted({*known.reporters, agent_id}))
                self._hazards[number] = Hazard(
                    x_m=known.x_m, y_m=known.y_m, reporters=reporters, heard_ns=now_ns
                )
                return
        if len(self._hazards) < MAX_HAZARDS:
            found = Hazard(x_m=x_m, y_m=y_m, reporters=(agent_id,), heard_ns=now_ns)
            self._hazards.append(found)
