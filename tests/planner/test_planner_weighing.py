# SPDX-License-Identifier: Apache-2.0
"""A model proposes; the checker and the least expected delay decide; losers are named."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planner_world import CARDS, order, trusted

from swarm_agent.planner.bench import __main__ as bench
from swarm_agent.planner.bench.scenarios import best_s, delay_s, scenarios
from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.question import unusable
from swarm_agent.planner.core.types import Candidate, Choice
from swarm_agent.planner.core.weighing import expected_s, reference, settle
from swarm_agent.planner.slm_text import WORDS, rank_prompt, ranked

SCENARIOS = tuple(scenarios(CARDS))
BY_CAUSE = {scenario.cause.name: scenario.question for scenario in SCENARIOS}
finite = st.floats(-50.0, 0.0)


def test_the_bench_has_160_scenarios_with_words_of_their_own() -> None:
    assert len({scenario.question.state for scenario in SCENARIOS}) >= 120
    assert len(SCENARIOS) == 160
    assert all(best_s(scenario) <= 9.0 for scenario in SCENARIOS)


def test_with_the_minute_before_them_the_scenarios_stay_the_same() -> None:
    told = tuple(scenarios(CARDS, minute=True))
    assert all(scenario.question.recent for scenario in told)
    assert len({scenario.question.recent for scenario in told}) == 7
    plain = (replace(one, question=replace(one.question, recent='')) for one in told)
    assert tuple(plain) == SCENARIOS


@pytest.mark.parametrize(
    ('cause', 'skill'),
    [
        ('free way', 'go_to'),
        ('peer in our way', 'yield'),
        ('box', 'explore'),
        ('map is wrong', 'explore'),
    ],
)
def test_the_reference_does_what_clears_the_likely_cause(cause: str, skill: str) -> None:
    question = BY_CAUSE[cause]
    found = reference(question)
    assert found.skill in {skill, question.options[0].skill}
    assert (
        unusable(
            Choice(
                question_id=question.question_id,
                skill=found.skill,
                parameters=found.parameters,
                source='x',
            ),
            question,
            CARDS,
        )
        == ''
    )


@given(st.tuples(*[finite] * len(WORDS)), st.sampled_from(SCENARIOS))
def test_whatever_the_odds_the_answer_is_usable_and_holds_what_the_rules_do(
    odds: tuple[float, ...], scenario: object
) -> None:
    question = scenario.question  # type: ignore[attr-defined]
    answer = ranked(question, dict(zip(WORDS, odds, strict=True)))
    skills = {answer.skill, *(other.skill for other in answer.others)}
    assert question.options[0].skill in skills
    taken, fault, losers = settle(answer, question, CARDS)
    assert fault == ''
    assert unusable(taken, question, CARDS) == ''
    assert len(losers) == len(answer.others)
    took = Candidate(skill=taken.skill, parameters=taken.parameters)
    rules = Candidate(skill=question.options[0].skill)
    assert expected_s(took, question) <= expected_s(rules, question)


def test_a_candidate_that_the_checker_refuses_loses_whatever_the_model_thinks() -> None:
    question = BY_CAUSE['box']
    answer = Choice(
        question_id=question.question_id,
        skill='explore',
        parameters=(('seconds', 900.0),),
        source='slm',
        others=(Candidate(skill='fly'), Candidate(skill='wait', parameters=(('seconds', 3.0),))),
    )
    taken, fault, losers = settle(answer, question, CARDS)
    assert (taken.skill, fault) == ('wait', '')
    assert losers[0].startswith('explore seconds 900: explore.seconds is 900')
    assert losers[1].startswith("fly: 'fly' is not feasible now")


def test_odds_that_are_no_numbers_fall_back_to_the_rules() -> None:
    question = BY_CAUSE['box']
    answer = ranked(question, dict.fromkeys(WORDS, float('nan')))
    assert answer.source.startswith('fallback: ')
    assert answer.skill == question.options[0].skill


@given(st.text(max_size=300))
def test_a_state_stays_between_its_quotes_and_the_beginning_stays_the_same(state: str) -> None:
    prompt = rank_prompt('blocked', state)
    assert prompt.startswith(rank_prompt('blocked', '').removesuffix('"":'))
    assert len(prompt.splitlines()) == len(rank_prompt('blocked', '').splitlines())


def test_the_reference_loses_less_time_than_pushing_on_or_chance() -> None:
    lost = {'reference': 0.0, 'rules': 0.0}
    for scenario in SCENARIOS:
        question = scenario.question
        lost['reference'] += delay_s(scenario, reference(question))
        lost['rules'] += delay_s(scenario, Candidate(skill=question.options[0].skill))
    assert lost['reference'] < 0.5 * lost['rules']


def test_the_bench_prints_and_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'figures.json'
    assert bench.main(['--planner', 'deterministic', '--cases', '16', '--json', str(out)]) == 0
    assert 'valid after' in capsys.readouterr().out
    assert '"valid after the checker"' in out.read_text()


def test_without_the_model_the_bench_says_what_to_install(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench.main(['--model', 'missing.gguf']) == 2
    assert capsys.readouterr().err.startswith('swarm bench planner: ')


def test_the_core_settles_and_names_the_losers() -> None:
    robot = trusted()
    question = robot.decide(orders=(order(Task.GO_TO, stops=((5.0, 3.0, 0.0),)),)).question
    assert question is not None
    answer = Choice(
        question_id=question.question_id,
        skill='wait',
        parameters=(('seconds', 4.0),),
        source='slm',
        others=(Candidate(skill='go_to', score=-1.0),),
    )
    outputs = robot.decide(choice=answer)
    kept = next(note for note in outputs.notes if note.type == 'choice.kept')
    assert kept.rejected == ('wait seconds 4: 4.0 s',)
