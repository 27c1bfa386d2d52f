# SPDX-License-Identifier: Apache-2.0
"""What the allocation decides on: plain values, so that they stand in the record as they are."""

from dataclasses import dataclass

from swarm_config.maps import PackedMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What holds for all allocations of one supervisor."""

    map: PackedMap
    """The floor plan."""
    survey_cell_m: float = 0.25
    """Edge of a survey cell, range 0.1 to 1.0 [m]."""
    radii_m: tuple[float, ...]
    """Radii of the fleet's robot classes; the smallest decides what counts as floor [m]."""
    swath_m: float = 4.0
    """Width of the strip that a surveying robot sees, range 0.5 to 20 [m]."""
    look_m: float = 2.0
    """How far into a place too narrow for it a robot looks from outside, range 0 to 5 [m]."""
    rounds: int = 8
    """How often the sites move to the middle of their regions, range 1 to 50."""
    balance_steps: int = 12
    """Corrections of the weights per round, range 1 to 50."""
    balance_gain: float = 0.6
    """Share of an imbalance that one correction takes away, range 0.1 to 1."""
    island_share: float = 0.15
    """Islands up to this share of their region go to a neighbour, range 0 to 0.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotInput:
    """A robot that can take a part."""

    agent_id: str
    pose: tuple[float, float, float]
    """x [m], y [m], yaw [rad] in the map frame."""
    home: tuple[float, float, float]
    """Where it goes when done, same units."""
    max_speed_mps: float
    radius_m: float
    busy_s: float = 0.0
    """How long it still works on earlier orders [s]."""
    lawful: bytes | None = None
    """Survey cells that the law lets it see, packed; None for all."""
    held_back: bool = False
    """It failed at this survey before: it gets only what nobody else can and may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """One question: who takes which part of an area."""

    now_ns: int
    reason: str
    """Why it is asked, for the reader of the record."""
    mission_id: str
    robots: tuple[RobotInput, ...]
    area: bytes | None
    """Survey cells to be split, packed; None for the whole floor."""
    seen: bytes | None
    """Survey cells already seen, packed; None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One robot's part."""

    agent_id: str
    cells: int
    bits: bytes
    """Survey cells, packed."""
    travel_s: float
    """Time to the region's nearest cell and from it home [s]."""
    sweep_s: float
    """Way that it drives to see its cells, over its speed [s]."""
    finish_s: float
    """Earlier work, travel and sweep together [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The split: regions are disjoint and together all of the area that somebody can reach."""

    shares: tuple[Share, ...]
    """One for each robot, by id."""
    target_cells: int
    """Cells of the area that are floor and not yet seen."""
    unreached: bytes
    """Cells of them that no robot can reach, packed."""
    unreached_cells: int
    balance: float
    """Longest finishing time over the mean of those that got something; 1 is perfect."""
    lost: tuple[str, ...]
    """Robots whose pose lies on no floor of the map: they get nothing."""
