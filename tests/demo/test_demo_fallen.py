# SPDX-License-Identifier: Apache-2.0
"""A demo with a process that does not stay up ends with what the process said last."""

from swarm_supervisor.demo.fallen import fallen


def test_the_last_line_of_what_does_not_stay_up_is_told(tmp_path):
    (tmp_path / 'amr_1.situation.log').write_text('Traceback:\nno space left\n\n')
    said = fallen(('amr_1.situation', 'amr_2.reflex'), {'amr_2'}, tmp_path)
    assert said == 'amr_1.situation does not stay up: no space left'
    assert fallen(('sim',), (), tmp_path) == 'sim does not stay up: it said nothing'


def test_what_was_killed_on_purpose_is_not_told(tmp_path):
    assert fallen(('amr_2.reflex',), {'amr_2'}, tmp_path) == ''
    assert fallen((), (), tmp_path) == ''
