# SPDX-License-Identifier: Apache-2.0
"""Build a headquarters from a fleet plan and a vault, as it was when its process ended."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from swarm_config.fleets import Fleet
from swarm_config.maps import GridMap, load_map
from swarm_supervisor.allocator import Allocator, params_of
from swarm_supervisor.core.cells import pack_cells
from swarm_supervisor.core.spare import SpareParams
from swarm_supervisor.court import Court
from swarm_supervisor.crew_book import CrewBook
from swarm_supervisor.disputes import DisputeBook
from swarm_supervisor.experience import Experience
from swarm_supervisor.headquarters import SUPERVISOR, Headquarters
from swarm_supervisor.mandates import MandateShelf
from swarm_supervisor.mediation_records import tried_in
from swarm_supervisor.minds import minds_of
from swarm_supervisor.missions import Mission
from swarm_supervisor.model_call import ModelAccess
from swarm_supervisor.people import PeopleBook
from swarm_supervisor.places import load_places
from swarm_supervisor.plan_files import cards_of
from swarm_supervisor.post import Post
from swarm_supervisor.prover import Prover
from swarm_supervisor.recollection import Recollection
from swarm_supervisor.roster import Roster
from swarm_supervisor.settings import Settings
from swarm_supervisor.spare_desk import SpareDesk
from swarm_supervisor.standing_rules import StandingRules
from swarm_supervisor.store import Store
from swarm_supervisor.wire import WRITERS
from swarm_supervisor.wishing import WishDesk
from swarm_supervisor.world import SurveyGrid, World, survey_grid
from swarm_vault.folders import ensure_folder, facts_of, templates_of
from swarm_vault.heads.witness import Witness
from swarm_vault.keys import Signer, Trust, ensure_authority, load_signer, load_trust
from swarm_vault.laws.operators import register_of
from swarm_vault.laws.policy_file import policies_of
from swarm_vault.laws.revocation_book import RevocationBook
from swarm_vault.mirror import Mirror
from swarm_vault.recorder import Recorder
from swarm_vault.witness import WitnessBook


def build(
    fleet: Fleet,
    vault_dir: Path,
    settings: Settings,
    *,
    insecure: bool = False,
    access: ModelAccess | None = None,
    judge_access: ModelAccess | None = None,
    say: Callable[[str], None] = lambda _text: None,
) -> Headquarters:
    """Open the vault and take up what was left.

    Args:
        fleet: The fleet plan.
        vault_dir: The supervisor's vault; made if it is not there.
        settings: The supervisor's parameters.
        insecure: Whether the service runs in plain text.
        access: The language model to be asked, if any.
        judge_access: The model that is the second judge, if any.
        say: Takes one line for whoever watches the process.

    Raises:
        ConfigError: The map or the places file cannot be used.
        VaultError: The vault cannot be opened, or another supervisor uses it.
    """
    grid, places = load_map(fleet.map_path), load_places(fleet)
    seat = _open(fleet, vault_dir)
    recorder, memory = seat.recorder, _remember(fleet, vault_dir, grid, settings)
    minds = minds_of(recorder, vault_dir, settings, access, judge_access)
    rules = StandingRules(vault_dir, policies_of(fleet))
    return Headquarters(
        fleet=fleet,
        grid=grid,
        places=places,
        settings=settings,
        roster=memory.roster,
        world=memory.world,
        store=memory.store,
        post=Post(seat.signer, memory.store),
        recorder=recorder,
        mirror=seat.mirror,
        witness=seat.witness,
        vault_dir=vault_dir,
        allocator=Allocator(recorder, params_of(fleet, grid, settings)),
        prover=Prover(recorder, cards_of(fleet)),
        strategist=minds.strategist,
        mediation=minds.mediation,
        spares=SpareDesk(recorder, _spare_params(memory.world.grid, settings)),
        experience=Experience(recorder, vault_dir),
        wishes=WishDesk(recorder, vault_dir),
        recollection=Recollection(vault_dir, settings.recall_model),
        crews=_crews(memory),
        missions=memory.missions,
        disputes=DisputeBook(tried=tried_in(vault_dir)),
        counted=memory.store.counted(),
        court=_court(recorder, memory.store, fleet, settings, rules),
        rules=rules,
        mandates=MandateShelf(vault_dir, places.sectors),
        register=register_of(fleet, vault_dir),
        revoked=RevocationBook(vault_dir, SUPERVISOR, seat.trust),
        people=PeopleBook(vault_dir),
        second_judge=minds.second_judge,
        insecure=insecure,
        say=say,
        events_stored=_stored(seat.mirror, fleet),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seat:
    """The supervisor's place in the vault: its log, its key, and whom it believes."""

    recorder: Recorder
    mirror: Mirror
    signer: Signer
    trust: Trust
    witness: Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What it knew when its process ended."""

    store: Store
    roster: Roster
    missions: list[Mission]
    world: World


def _open(fleet: Fleet, vault_dir: Path) -> _Seat:
    """Open the vault for writing; keys and agent folders that are missing are made."""
    ensure_authority(vault_dir, [robot.agent_id for robot in fleet.robots])
    make_folders(fleet, vault_dir)
    recorder = Recorder(vault_dir=vault_dir, agent_id=SUPERVISOR, writer=SUPERVISOR)
    signer, trust = load_signer(vault_dir, SUPERVISOR), load_trust(vault_dir)
    book = WitnessBook(vault_dir=vault_dir, signer=signer, trust=trust, writer=SUPERVISOR)
    recorder.attach(book)
    return _Seat(
        recorder=recorder,
        mirror=Mirror(vault_dir),
        signer=signer,
        trust=trust,
        witness=Witness(book, recorder, trust, SUPERVISOR),
    )


def _remember(fleet: Fleet, vault_dir: Path, grid: GridMap, settings: Settings) -> _Memory:
    store, roster = Store(vault_dir), Roster(fleet)
    store.restore_members(roster)
    missions = store.missions()
    world = _world(store, missions, survey_grid(grid, fleet), settings)
    return _Memory(store=store, roster=roster, missions=missions, world=world)


def make_folders(fleet: Fleet, vault_dir: Path) -> None:
    """Make the agent folders that are missing, from the templates that the fleet plan names.

    Raises:
        VaultError: A template is missing.
    """
    for robot in fleet.robots:
        templates = templates_of(robot, fleet.templates_dir)
        ensure_folder(vault_dir, robot.agent_id, facts_of(robot), templates)


def _world(store: Store, missions: list[Mission], grid: SurveyGrid, settings: Settings) -> World:
    """What had been seen and reported before the supervisor ended."""
    world = World(grid, seen_ttl_s=settings.seen_ttl_s, hazard_ttl_s=settings.hazard_ttl_s)
    world.restore(store.world())
    world.restore_reported(store.reported())
    world.begin(max((mission.created_ns for mission in missions), default=0))
    return world


def _crews(memory: _Memory) -> CrewBook:
    """What the robots told of open surveys on this map; each owes a word of what it holds now."""
    open_ = [mission for mission in memory.missions if mission.open]
    size = len(pack_cells(memory.world.grid.floor))
    words = memory.store.crew([order.order_id for mission in open_ for order in mission.orders])
    told = {name: word for name, word in words.items() if len(word.held) in (0, size)}
    return CrewBook(words=told, owing={member.agent_id for member in memory.roster.available()})


def _spare_params(grid: SurveyGrid, settings: Settings) -> SpareParams:
    rows, cols = grid.shape
    least_cells = settings.leave_out_m2 / grid.cell_m**2
    return SpareParams(rows=rows, cols=cols, least_cells=least_cells)


def _court(
    recorder: Recorder, store: Store, fleet: Fleet, settings: Settings, rules: StandingRules
) -> Court:
    agents = [robot.agent_id for robot in fleet.robots]
    return Court(recorder, store, rules.policies, agents, settings.tier)


def _stored(mirror: Mirror, fleet: Fleet) -> int:
    """Lines of all robots' logs that lie in the vault."""
    names = [(robot.agent_id, writer) for robot in fleet.robots for writer in WRITERS]
    return sum(mirror.head(*name) + 1 for name in names)
