# SPDX-License-Identifier: Apache-2.0
"""Orders in words are read by written rules; exams of others say how well."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_supervisor.core.language.commands import read_commands
from swarm_supervisor.core.language.faculties import Faculty
from swarm_supervisor.core.language.names import mark_names
from swarm_supervisor.core.language.orders import Act, NameKind, read_orders
from swarm_supervisor.core.language.patterns import Pattern, read_pattern
from swarm_supervisor.core.strips import Action, Problem, execute, solve
from swarm_supervisor.exams import __main__ as exams
from swarm_supervisor.exams import gpsr, huric, injection, planbench, planned, rai_bench
from swarm_supervisor.exams.score import Score, nearest, turned
from swarm_supervisor.exams.shots import Known, asked
from swarm_supervisor.strategist_grammar import read_order

NAMES = ('dock', 'gate', 'aisle west')
DATA = exams.DATA


@pytest.mark.parametrize(
    ('text', 'pattern', 'times'),
    [
        ('visit the dock and the gate in any order', Pattern.VISIT, 1),
        ('go to the dock, then to the gate', Pattern.SEQUENCED_VISIT, 1),
        ('go to the dock, and only then go to the gate', Pattern.ORDERED_VISIT, 1),
        ('visit dock, then gate, each exactly once', Pattern.STRICTLY_ORDERED_VISIT, 1),
        ('keep visiting the dock and the gate', Pattern.PATROLLING, 1),
        ('never go to the dock', Pattern.GLOBAL_AVOIDANCE, 1),
        ('visit the dock at most three times', Pattern.AT_MOST, 3),
        ('visit the dock at least twice', Pattern.AT_LEAST, 2),
        ('go to the dock exactly 4 times', Pattern.EXACTLY, 4),
        ('stay at the dock until the gate is seen', Pattern.WAIT, 1),
        ('whenever you see the dock, you must go to the gate', Pattern.DELAYED_REACTION, 1),
        ('go to the gate immediately after you see the dock', Pattern.PROMPT_REACTION, 1),
        ('once you visit the dock you can not go to the gate', Pattern.FUTURE_AVOIDANCE, 1),
        ('do not go to the gate until you see the dock', Pattern.PAST_AVOIDANCE, 1),
    ],
)
def test_the_kind_of_a_mission_is_read(text: str, pattern: Pattern, times: int) -> None:
    reading = read_pattern(text, NAMES)
    assert reading is not None
    assert (reading.pattern, reading.times) == (pattern, times)


def test_a_sentence_without_a_known_place_is_no_mission() -> None:
    assert read_pattern('do something clever', NAMES) is None


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    read_pattern(text, NAMES)
    read_commands(text)
    read_orders(text, dict.fromkeys(NAMES, NameKind.PLACE))
    mark_names(text, NAMES)


def test_the_longest_name_is_meant_and_underscores_are_spaces() -> None:
    marked = mark_names('Go to Aisle West and aisle', ('aisle', 'aisle_west'))
    assert marked.names == ('aisle_west', 'aisle')


def test_a_command_becomes_frames_with_roles() -> None:
    go, bring = read_commands('please go to the kitchen and bring me the book on the table')
    assert (go.name, go.roles) == ('Motion', (('Goal', 'to the kitchen'),))
    assert bring.name == 'Bringing'
    assert ('Beneficiary', 'me') in bring.roles


def test_clauses_keep_their_order_and_senses() -> None:
    known = {'dock': NameKind.PLACE, 'apple': NameKind.OBJECT, 'Ada': NameKind.PERSON}
    said = read_orders('Could you go to the dock, find the apple, and take it to Ada', known)
    assert [clause.act for clause in said] == [Act.GO, Act.FIND, Act.BRING]
    assert read_orders('take Ada to the dock', known)[0].act is Act.GUIDE
    assert read_orders('the dock is nice', known) == ()


def test_a_chain_of_actions_is_planned_and_a_cut_plan_is_refused() -> None:
    def act(name: str, needs: set[int], adds: set[int], removes: set[int]) -> Action:
        return Action(
            name=name, needs=frozenset(needs), adds=frozenset(adds), removes=frozenset(removes)
        )

    problem = Problem(
        start=frozenset({0}),
        goal=frozenset({3}),
        actions=(act('a', {0}, {1}, {0}), act('b', {1}, {2}, set()), act('c', {2}, {3}, {1})),
    )
    assert solve(problem) == ('a', 'b', 'c')
    assert execute(problem, ('a', 'b')) == 'the goal is not reached'
    assert execute(problem, ('b',)) == "'b' cannot be done then"
    assert solve(Problem(start=frozenset(), goal=frozenset({9}), actions=problem.actions)) is None


def test_the_first_logistics_instances_are_solved() -> None:
    place = DATA / 'planbench' / 'logistics'
    for number in (2, 6, 16):
        problem = planbench.read_problem(place / 'domain.pddl', place / f'instance-{number}.pddl')
        plan = solve(problem)
        assert plan is not None
        assert execute(problem, plan) == ''
        assert execute(problem, plan[:-1]) != ''


def test_the_floor_and_the_control_are_what_they_say() -> None:
    words = [frozenset('ab'), frozenset('ab'), frozenset('xy')]
    assert nearest(words, ['1', '1', '2']) == pytest.approx(2 / 3)
    assert turned([1, 2, 3, 4]) == [3, 4, 1, 2]


def test_generated_orders_are_always_the_same_and_read_right() -> None:
    first, known = gpsr.cases(DATA, 60)
    again, _ = gpsr.cases(DATA, 60)
    assert [case.text for case in first] == [case.text for case in again]
    assert all(gpsr.right(case, read_orders(case.text, known), known) for case in first)


def test_the_extended_grammar_is_read_far_above_the_nearest_neighbour() -> None:
    orders, acts = gpsr.score_extended(DATA)
    assert orders.value > 0.97
    assert acts.value > 0.97 > (acts.floor or 1.0) > (acts.control or 1.0)


def test_a_wildcard_of_a_grammar_is_filled_as_it_asks() -> None:
    drawn, known = gpsr.cases(DATA, 300, gpsr.EGPSR)
    assert not [case.text for case in drawn if '{' in case.text or '$' in case.text]
    texts = [case.text.removesuffix(' please') for case in drawn]
    poured = [text.split()[-1] for text in texts if ' some ' in text and ' in a ' in text]
    assert len(poured) > 1
    assert all(known[name] is NameKind.OBJECT for name in poured)


def test_hardly_anything_else_is_planned_than_what_was_said() -> None:
    errands, fleet = planned.household(DATA, gpsr.EGPSR)
    done = [planned.deeds(read_order(errand.text, fleet)) for errand in errands]
    assert [
        e.text for e, did in zip(errands, done, strict=True) if did not in e.meant | {()}
    ] == []
    can = [did for errand, did in zip(errands, done, strict=True) if errand.meant]
    assert len(can) > 10
    assert all(can)


def test_the_rounds_of_a_mission_follow_from_its_formula() -> None:
    from swarm_supervisor.exams import lang2ltl

    counted = {case.text: case.times for case in lang2ltl.load(DATA) if 'exactly' in case.text}
    assert next(n for text, n in counted.items() if 'exactly five times' in text) == 5


def test_no_injected_text_becomes_a_plan_and_no_benign_one_blocks() -> None:
    assert [score.value for score in injection.score(DATA)] == [0.0, 0.0]


def test_the_commands_of_others_are_read_above_the_floor() -> None:
    frames, roles, _ = huric.score(DATA)
    assert frames.value > 0.9 > (frames.floor or 1.0)
    assert roles.value > 0.8


def test_the_bench_prints_and_writes_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'scores.json'
    assert exams.main(['--only', 'injection', '--json', str(out)]) == 0
    assert 'injection' in capsys.readouterr().out
    assert json.loads(out.read_text())[0]['control'] == 1.0


def test_a_folder_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert exams.main(['--data', 'nowhere']) == 2
    assert "no folder 'nowhere'" in capsys.readouterr().err


def test_a_folder_that_lacks_an_exam_is_told_and_the_others_are_sat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'injection').symlink_to(DATA / 'injection')
    assert exams.main(['--data', str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert 'injection' in said.out
    assert 'rai_bench is left out: no file' in said.err
    assert exams.main(['--data', str(tmp_path), '--only', 'rai_bench']) == 2


def test_what_a_task_of_others_needs_follows_from_its_calls() -> None:
    tasks = {case['task']: rai_bench.needs(case) for case in rai_bench.load(DATA)}
    assert tasks['SortingTask'] == {Faculty.HANDLE, Faculty.SEE}
    assert tasks['GetROS2TopicsTask'] == {Faculty.SYSTEM}
    assert tasks['GetPointcloudTask'] == {Faculty.SEE}
    assert tasks['PublishROS2HRIMessageTextTask'] == {Faculty.SPEAK}


def test_no_task_for_an_arm_becomes_a_plan_and_the_refusal_says_why() -> None:
    brief, _, plans = rai_bench.score(DATA)
    assert (plans.value, plans.control) == (0.0, 1.0)
    assert brief.value > 0.85 > (brief.floor or 1.0) > (brief.control or 1.0)


@pytest.mark.slow
def test_the_mission_kinds_are_read_above_the_floor() -> None:
    from swarm_supervisor.exams import lang2ltl

    kinds: Score = lang2ltl.score(DATA)[0]
    assert kinds.value > 0.95
    assert (kinds.control or 0.0) < 0.2


@pytest.mark.slow
def test_missions_are_planned_as_meant_and_hardly_anything_else_is() -> None:
    missions, *_, other = planned.score(DATA)[:4]
    assert missions.value > 0.85
    assert (missions.control or 0.0) < 0.05
    assert other.value <= 5 < (other.control or 0.0)


def test_a_models_questions_come_from_the_half_that_no_example_comes_from() -> None:
    known = [
        Known(text=f't{n}', words=frozenset({f'w{n // 2}'}), label='even' if n % 4 < 2 else 'odd')
        for n in range(20)
    ]
    questions = asked('Which?', known, ('even', 'odd'), 3, 5)
    assert [case.prompt.splitlines()[-1] for case in questions] == [
        f'"t{n}":' for n in (1, 5, 9, 13, 17)
    ]
    for case in questions:
        numbers = [int(line[2:].split('"')[0]) for line in case.prompt.splitlines()[1:-1]]
        assert len(numbers) == 3
        assert all(number % 2 == 0 for number in numbers)
        assert case.nearest == case.right
