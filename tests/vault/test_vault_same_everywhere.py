# SPDX-License-Identifier: Apache-2.0
"""A replay comes out the same under every hash seed, locale, time zone and optimisation."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from vault_world import record

HERE = Path(__file__).parent
PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from vault_world import CORES
from swarm_vault.moment import moment_of
from swarm_vault.replay import replay_vault
from swarm_vault.verify import verify_vault
vault = Path(sys.argv[1])
report = replay_vault(vault, cores=CORES)
known = moment_of(vault, 2**62).known
plain = [report.ok, report.decisions_reproduced, verify_vault(vault).exit_code, repr(known)]
print(hashlib.sha256(json.dumps(plain).encode()).hexdigest(), report.ok)
"""
PLACES = (
    {'PYTHONHASHSEED': '0', 'TZ': 'UTC', 'LC_ALL': 'C'},
    {'PYTHONHASHSEED': '1', 'TZ': 'Asia/Kathmandu', 'LC_ALL': 'C.UTF-8'},
    {'PYTHONHASHSEED': '2', 'TZ': 'America/St_Johns', 'LC_ALL': 'tr_TR.UTF-8'},
    {'PYTHONHASHSEED': '31337', 'PYTHONOPTIMIZE': '1', 'LC_NUMERIC': 'de_DE.UTF-8'},
    {'PYTHONHASHSEED': '4294967295', 'PYTHONOPTIMIZE': '2', 'OMP_NUM_THREADS': '2'},
)


OTHERS = 'SWARM_OTHER_PYTHONS'
"""Interpreters with the same libraries, to be named by whoever has them, ':' between."""


def digest(vault: Path, place: dict[str, str], python: str = sys.executable) -> str:
    path = os.pathsep.join([str(HERE), str(HERE.parents[1]), os.environ.get('PYTHONPATH', '')])
    done = subprocess.run(
        [python, '-c', PROGRAM, str(vault)],
        capture_output=True,
        text=True,
        env=os.environ | {'PYTHONPATH': path} | place,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_replay_is_equal_to_the_bit_in_every_place(tmp_path: Path):
    record(tmp_path, frames=200, events=5)
    found = {digest(tmp_path, place) for place in PLACES}
    assert len(found) == 1
    assert next(iter(found)).endswith('True\n')


def other_pythons() -> list[str]:
    """Interpreters of another minor version that have what the vault needs."""
    named = filter(None, os.environ.get(OTHERS, '').split(os.pathsep))
    versions = [f'python3.{minor}' for minor in range(10, 15) if minor != sys.version_info[1]]
    found = [path for name in (*named, *versions) if (path := shutil.which(name))]
    return [path for path in found if _runs(path)]


def _runs(python: str) -> bool:
    needs = 'import cryptography, mcap, numpy, orjson, pydantic, typing_extensions, yaml'
    return not subprocess.run([python, '-c', needs], capture_output=True, check=False).returncode


def test_a_replay_is_equal_to_the_bit_under_another_python(tmp_path: Path):
    others = other_pythons()
    if not others:
        pytest.skip(f'no other Python has the libraries here; name one in {OTHERS}')
    record(tmp_path, frames=200, events=5)
    expected = digest(tmp_path, {})
    assert [digest(tmp_path, {}, python) for python in others] == [expected] * len(others)


def test_another_constant_in_the_core_is_another_digest(tmp_path: Path):
    record(tmp_path, frames=5)
    assert digest(tmp_path, {'VAULT_WORLD_GAIN': '0.75'}).endswith('False\n')


@pytest.mark.parametrize('number', [1, 7, 19])
def test_the_first_decision_with_another_constant_is_named(
    tmp_path: Path, monkeypatch, number: int
):
    import vault_world

    from swarm_vault.replay import replay_vault

    record(tmp_path, frames=20)
    true_decide = vault_world.decide

    def mutated(state: float, inputs: vault_world.Inputs, params: vault_world.Params):
        monkeypatch.setattr(
            vault_world, 'GAIN', 0.5 if inputs.now_ns < number * 10_000_000 else 0.51
        )
        return true_decide(state, inputs, params)

    core = vault_world.Core(
        name='toy',
        version=1,
        params=vault_world.Params,
        inputs=vault_world.Inputs,
        outputs=vault_world.Outputs,
        initial=lambda _params: 0.0,
        decide=mutated,
    )
    monkeypatch.setattr(vault_world, 'CORE', core)
    (bag,) = replay_vault(tmp_path, cores=vault_world.CORES).bags
    assert bag.divergence is not None
    assert (bag.divergence.frame, bag.divergence.field) == (number, 'outputs.total')
    assert json.loads(bag.divergence.recorded) != json.loads(bag.divergence.recomputed)
