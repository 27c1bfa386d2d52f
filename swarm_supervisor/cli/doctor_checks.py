# SPDX-License-Identifier: Apache-2.0
"""The doctor's checks, in the order in which a start depends on them."""

from collections.abc import Callable, Mapping

from swarm_supervisor.cli import doctor_laws as law
from swarm_supervisor.cli import doctor_machine as machine
from swarm_supervisor.cli import doctor_project as project
from swarm_supervisor.cli.doctor_finding import Finding, Subject

CHECKS: Mapping[str, Callable[[Subject], Finding]] = {
    'python': machine.python,
    'compiler': machine.compiler,
    'cores': machine.cores,
    'memory': machine.memory,
    'clock': machine.clock,
    'real time': machine.real_time,
    'ros': project.ros,
    'swarm_msgs': project.messages,
    'libraries': project.libraries,
    'language model': project.language_model,
    'discovery': project.discovery,
    'fleet plan': project.fleet_plan,
    'laws': law.laws,
    'link': project.plain_text,
    'ports': project.ports,
    'vault': machine.disk,
    'keys': project.keys,
}


def examine(subject: Subject) -> dict[str, Finding]:
    """Run all checks."""
    return {name: check(subject) for name, check in CHECKS.items()}
