# SPDX-License-Identifier: Apache-2.0
"""The demo's options are checked before anything starts."""

import pytest

from swarm_config.errors import ConfigError
from swarm_supervisor.demo.options import (
    DemoOptions,
    check_kills,
    killed_by,
    parse_kill,
    parse_span,
)


def test_a_span_of_seconds_is_read():
    assert parse_span('20:40.5') == (20.0, 40.5)


@pytest.mark.parametrize('text', ['', '20', '40:20', '20:20', 'a:b', '-1:5', '1:2:3'])
def test_a_span_that_is_none_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match='20:40'):
        parse_span(text)


def test_a_kill_names_process_and_second():
    assert parse_kill('amr_1.planner@25') == ('amr_1.planner', 25.0)


@pytest.mark.parametrize('text', ['amr_1.planner', '@3', 'x@', 'x@-1'])
def test_a_kill_without_second_is_refused(text):
    with pytest.raises(ConfigError, match='PROCESS@SECONDS'):
        parse_kill(text)


def test_a_whole_robot_is_killed_for_good_by_its_name_and_a_star():
    kill = parse_kill('amr_2.*@25')
    assert kill == ('amr_2.*', 25.0)
    processes = ['sim', 'amr_2.planner', 'amr_2.reflex', 'amr_20.reflex']
    assert killed_by(kill[0], processes) == ('amr_2.planner', 'amr_2.reflex')
    assert DemoOptions(kills=(kill, ('sim', 3.0))).lost == {'amr_2'}
    check_kills([kill], processes)
    with pytest.raises(ConfigError, match='no such process'):
        check_kills([('amr_3.*', 1.0)], processes)


def test_a_kill_of_an_unknown_process_is_refused_with_the_known_ones():
    check_kills([('sim', 3.0)], ['sim', 'link'])
    with pytest.raises(ConfigError, match='no such process; expected one of sim'):
        check_kills([('sim', 3.0), ('amr_9.planner', 3.0)], ['sim', 'link'])
