# SPDX-License-Identifier: Apache-2.0
"""What the situation core remembers between decisions, and what it works out once from its map."""

from dataclasses import dataclass

from swarm_agent.mesh.core import Hazard, RightOfWayState
from swarm_agent.situation.core.centre import MidField, make_mid_field
from swarm_agent.situation.core.consistency import Watch
from swarm_agent.situation.core.explore import Exploration
from swarm_agent.situation.core.floor_law import OPEN, FloorLaw, floor_law
from swarm_agent.situation.core.follow import Drive
from swarm_agent.situation.core.footing import Footing
from swarm_agent.situation.core.grid import PlanGrid, make_grid
from swarm_agent.situation.core.heard_again import LastHeard
from swarm_agent.situation.core.inquiry import Inquiry
from swarm_agent.situation.core.likelihood import LikelihoodField, make_field
from swarm_agent.situation.core.localise import Fix
from swarm_agent.situation.core.mission import Mission
from swarm_agent.situation.core.objects import Layer, no_objects
from swarm_agent.situation.core.params import Params
from swarm_agent.situation.core.path import Terrain
from swarm_agent.situation.core.refuge import Retreat
from swarm_agent.situation.core.roadmap import Roadmap, make_roadmap
from swarm_agent.situation.core.room import Room, make_room
from swarm_agent.situation.core.scan import Beams, make_beams
from swarm_agent.situation.core.se2 import Point, Pose
from swarm_agent.situation.core.seen import Seen, SurveyGrid, make_survey, nothing_seen
from swarm_config.maps import unpack_map


@dataclass(frozen=True, slots=True, kw_only=True)
class Statics:
    """What follows from map and body alone."""

    beams: Beams
    field: LikelihoodField
    grid: PlanGrid
    roadmap: Roadmap
    middle: MidField
    survey: SurveyGrid


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The situation as it was at the last decision."""

    statics: Statics
    room: Room
    layer: Layer
    seen: Seen
    fix: Fix
    pose: Pose
    """Of the robot, map frame."""
    pose_odom: Pose | None = None
    moved_ns: int = 0
    """When the robot was there."""
    last_scan_ns: int | None = None
    unfit_since_ns: int = -1
    """Since when the scans do not fit the map; -1 while they do."""
    distance_m: float = 0.0
    ticks: int = 0
    mission: Mission = Mission()
    retreat: Retreat = Retreat()
    watch: Watch = Watch()
    exploration: Exploration | None = None
    inquiry: Inquiry = Inquiry()
    drive: Drive = Drive()
    rights: RightOfWayState = RightOfWayState()
    told: tuple[Point, ...] = ()
    """What peers were told of the way with the last decision, from where the robot was."""
    law: FloorLaw = OPEN
    """Which floor is closed and where to be slow."""
    trespass: str = ''
    """Why the robot must not be where it is; empty where it may."""
    heard: LastHeard = ()
    """When peers were heard last."""
    hazards: tuple[Hazard, ...] = ()
    """Reported by peers."""
    yields_to: str = ''
    """The peer that goes first, by the last decision."""
    dodged: str = ''
    """The peer for which a way around was looked for in this encounter."""
    waiting_since_ns: int = -1
    """Since when right of way keeps the robot from driving; -1 if it does not."""


def initial(params: Params) -> State:
    """The state before the first decision; builds the grids of the map."""
    grid_map = unpack_map(params.map)
    body, tuning = params.body, params.tuning
    grid = make_grid(grid_map, tuning.object_gap_m)
    survey = make_survey(params.map, params.survey_range_m, params.survey_cell_m, body.beams)
    statics = Statics(
        beams=make_beams(body.beams),
        field=make_field(grid_map),
        grid=grid,
        roadmap=make_roadmap(grid, body.radius_m + tuning.min_margin_m),
        middle=make_mid_field(grid_map),
        survey=survey,
    )
    return State(
        statics=statics,
        room=make_room(grid),
        layer=no_objects(),
        seen=nothing_seen(survey),
        fix=Fix(),
        pose=params.start,
        law=floor_law(params.bars.and_walls(params.always), grid, body.radius_m),
    )


def terrain_of(state: State, params: Params) -> Terrain:
    """The floor as it is known now."""
    return Terrain(
        grid=state.statics.grid,
        roadmap=state.statics.roadmap,
        middle=state.statics.middle,
        room=state.room,
        body=params.body,
        tuning=params.tuning,
        law=state.law,
    )


def footing_of(state: State) -> Footing:
    """Where the robot stands, and the law around it."""
    statics = state.statics
    return Footing(law=state.law, grid=statics.grid, roadmap=statics.roadmap, pose=state.pose)
