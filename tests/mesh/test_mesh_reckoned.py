# SPDX-License-Identifier: Apache-2.0
"""Scenarios in reckoned time: real cores, no clock, the same run each time."""

import math

import pytest

from swarm_agent.mesh.core import Claim, ClaimKind
from swarm_agent.mesh.scenarios.__main__ import main
from swarm_agent.mesh.scenarios.air import Air, AirSession
from swarm_agent.mesh.scenarios.clock import ReckonedClock
from swarm_agent.mesh.scenarios.impairment import NETWORKS, Impairment
from swarm_agent.mesh.scenarios.places import SCENARIOS
from swarm_agent.mesh.scenarios.reckoned import play_reckoned
from swarm_agent.mesh.scenarios.referee import recovered_s

BAD = Impairment(loss=0.3, delay_s=0.2, doubled=0.1)


def played(seed=1, *, name='corridor', seconds=1.0, bad=BAD):
    return play_reckoned(SCENARIOS[name], seed=seed, bad=bad, seconds=seconds)


def test_the_same_run_comes_out_twice():
    first, second = ([story['track'] for story in played().stories] for _ in range(2))
    assert first == second


def test_time_is_reckoned_and_not_the_machines():
    result = played()
    assert result.seconds == pytest.approx(1.0, abs=0.11)
    assert result.slowest_tick_s == 0.0


def test_a_killed_robot_is_gone_at_once_and_a_frozen_one_after_its_silence():
    killed = played(name='killed', seconds=4.5, bad=Impairment())
    assert killed.noticed_s <= 0.2
    frozen = played(name='stalled', seconds=5.5, bad=Impairment())
    assert 0.9 < frozen.noticed_s < 1.3


def air_of(bad, *names, seed=1):
    clock = ReckonedClock()
    air = Air(clock=clock, bad=bad, seed=seed, begun_ns=clock.now_ns)
    return air, [AirSession(name, air) for name in names]


def said(session, to, count=200):
    for number in range(count):
        session.send_claim(
            Claim(
                claim_id=str(number), kind=ClaimKind.DONE, from_agent='r000', to_agent=to,
                priority=3, waited_ms=0, path=(), place=None, reason='',
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ('bad', 'least', 'most'),
    [
        (Impairment(), 200, 200),
        (Impairment(loss=0.3), 110, 170),
        (Impairment(doubled=0.5), 260, 340),
        (Impairment(cut_to_s=60.0), 0, 0),
        (Impairment(delay_s=30.0), 0, 0),
    ],
)
def test_the_air_loses_doubles_delays_and_parts(bad, least, most):
    air, (speaker, hearer) = air_of(bad, 'r000', 'r001')
    said(speaker, 'r001')
    air.clock.now_ns += 10**9
    air.deliver()
    assert least <= len(hearer.drain().claims) <= most
    assert hearer.drain().claims == ()
    assert speaker.drain().claims == ()


def test_what_the_air_loses_hangs_on_the_seed_alone():
    heard = []
    for seed in (1, 1, 2):
        air, (speaker, hearer) = air_of(BAD, 'r000', 'r001', seed=seed)
        said(speaker, 'r001')
        air.clock.now_ns += 10**9
        air.deliver()
        heard.append(hearer.drain().claims)
    assert heard[0] == heard[1]
    assert heard[0] != heard[2]


@pytest.mark.slow
@pytest.mark.parametrize('network', NETWORKS)
def test_over_every_bad_network_two_pass_in_the_corridor_and_nobody_touches(network):
    result = play_reckoned(SCENARIOS['corridor'], seed=1, bad=NETWORKS[network])
    assert (result.arrived, result.contacts, result.deadlocks) == (2, 0, 0)
    assert math.isnan(result.recovered_s) or result.recovered_s <= 5.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'network', 'arrived'),
    [
        ('same_goal', 'cut', 2),
        ('killed', 'doubled', 2),
        ('stalled', 'late', 2),
        ('crossing', 'late', 8),
    ],
)
def test_over_bad_networks_more_of_them_meet_and_no_right_is_held_by_two(name, network, arrived):
    result = play_reckoned(SCENARIOS[name], seed=1, bad=NETWORKS[network])
    assert (result.arrived, result.contacts, result.held_by_two_s) == (arrived, 0, 0.0)
    assert result.longest_free_wait_s < 30.0
    assert math.isnan(result.recovered_s) or result.recovered_s <= 5.0


def test_recovery_is_counted_from_the_end_of_the_partition_for_those_under_way():
    track = [(float(at), 0.0, 0.0, 'waits' if at < 13 else 'drives') for at in range(20)]
    late = {'goals': 1, 'done': False, 'arrivals_s': [], 'track': track}
    early = late | {'done': True, 'arrivals_s': [3.0]}
    assert recovered_s([late, early], 10.0) == 3.0
    assert recovered_s([early], 10.0) == 0.0
    assert math.isnan(recovered_s([late], 0.0))


@pytest.mark.slow
def test_one_that_is_killed_and_started_again_goes_on_and_arrives():
    result = play_reckoned(SCENARIOS['restarted'], seed=1, bad=Impairment())
    assert (result.arrived, result.contacts) == (2, 0)


def test_a_restart_is_played_in_reckoned_time_only(capsys):
    with pytest.raises(SystemExit, match='2'):
        main(['restarted'])
    assert '--reckoned' in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize('arguments', [(), ('--loss', '0.3', '--delay-ms', '200')])
def test_two_that_meet_head_on_in_a_corridor_pass(arguments):
    assert main(['corridor', '--reckoned', *arguments]) == 0


@pytest.mark.slow
def test_eight_that_cross_all_arrive():
    assert main(['crossing', '--reckoned']) == 0


def test_figures_that_cannot_be_kept_are_told_before_anything_is_played(capsys):
    with pytest.raises(SystemExit, match='2'):
        main(['corridor', '--reckoned', '--json', '/nowhere/figures.json'])
    assert '/nowhere/figures.json' in capsys.readouterr().err


def test_each_scenario_is_one_narrow_table_of_all_networks(capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '80')
    main(['corridor', '--reckoned', '--networks', '--seconds', '0.3'])
    lines = capsys.readouterr().out.splitlines()
    assert all(name in lines[1] for name in ('corridor', *NETWORKS))
    assert any(line.split()[:1] == ['longest_free_wait_s'] for line in lines)
