# SPDX-License-Identifier: Apache-2.0
"""An agent's journal: one page a day, written from its events and from nothing else."""

from datetime import datetime, timezone
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic
from swarm_vault.folders import agent_folder
from swarm_vault.segments import day_of
from swarm_vault.story import Step, story_of


def write_journal(vault_dir: Path, agent_id: str) -> list[Path]:
    """Write a page for every day on which the agent's logs tell something; returns the pages.

    A page is replaced whole: it is always what the events say.

    Raises:
        VaultError: The logs tell nothing of this agent.
    """
    days: dict[str, list[Step]] = {}
    for step in story_of([vault_dir], agent_id=agent_id):
        days.setdefault(_day_of(step), []).append(step)
    if not days:
        raise VaultError(f'{vault_dir}: the logs tell nothing of {agent_id!r}')
    folder = agent_folder(vault_dir, agent_id) / 'journal'
    pages = []
    for day, steps in sorted(days.items()):
        page = folder / day[:7] / f'{day}.md'
        write_atomic(page, _page(agent_id, day, steps).encode('utf-8'))
        pages.append(page)
    return pages


def _day_of(step: Step) -> str:
    try:
        return day_of(step.time_ns)
    except (OverflowError, ValueError, OSError) as error:
        raise VaultError(f'{step.id_}: no calendar has the time {step.time_ns} ns') from error


def _page(agent_id: str, day: str, steps: list[Step]) -> str:
    lines = [f'# {agent_id}, {day}', '', 'Written from the log; the ids name its lines.', '']
    return '\n'.join(lines + [_entry(step) for step in steps]) + '\n'


def _entry(step: Step) -> str:
    moment = datetime.fromtimestamp(step.time_ns // 10**9, tz=timezone.utc).strftime('%H:%M:%S')
    why = f': {" ".join(step.why.split())}' if step.why else ''
    who = f' with {step.who}' if step.who else ''
    return f'- {moment} {step.layer} {step.type_}{who}{why} ({step.id_})'
