# SPDX-License-Identifier: Apache-2.0
"""`./swarm --help`, and what a shell completes."""

JOBS = {
    'demo': 'three simulated robots survey a depot, with faults; ends in a report and an audit',
    'up': "start a fleet plan's processes on this machine",
    'mission': 'give the fleet an order, list orders, recall one',
    'agent': "make a robot's agent folder from a template",
    'memory': 'what robots have learned, and what of it becomes a standing rule',
    'playbook': 'run stages of orders with gates for humans; durable over restarts',
    'people': 'say who is in a zone of people, for the judge',
    'codex': 'sign laws and policy, and see that they are as signed',
    'plan': 'prove a plan against the skill cards, the map and the battery before anything moves',
    'status': 'what the fleet is doing now',
    'watch': 'follow the running fleet',
    'stop': 'stop robots at once',
    'freeze': 'hold all robots still, or let them go',
    'revoke': 'take the trust from a robot',
    'votes': 'what the robots decide among themselves',
    'escalations': 'what waits for a human',
    'mediations': 'what the mediator was called for, and what it decided',
    'resolve': 'answer an escalation',
    'pending': 'orders that wait for a human',
    'approve': 'approve one of them',
    'deny': 'deny one of them',
    'tier': 'how far each robot is trusted; promote, demote, trust again',
    'budget': 'what went wrong in each mission, against what may',
    'operators': 'who may do what; give a person keys and a role',
    'audit': 'verify, show and replay what was decided; go back to a moment, ask what if',
    'bench': 'measure, each figure beside its control: reflex, vault, mesh, mapf, planner, …',
    'doctor': 'check everything a start depends on, and how to mend it',
}
"""Done by swarm_supervisor.cli."""
OWN = {
    'test': 'all checks and tests; --all adds the slow ones and the language model',
    'setup': 'only set up; --slm compiles the language model, --recall adds the sentence model',
    'proto': 'write the Python of swarm_msgs/proto anew, check that no number changed',
    'completion': 'for your shell: eval "$(./swarm completion bash)" (or zsh)',
}
"""Done by ./swarm itself."""

HELP = """\
hybrid_swarm: mission command for ROS 2 fleets.

Usage: ./swarm COMMAND [OPTIONS]          ./swarm COMMAND --help tells a command's options

Start here:
  ./swarm demo                   the main job, about two minutes
  ./swarm test                   the tests
  ./swarm doctor                 what is wrong on this machine

Commands:
{commands}

The first command sets the project up in this folder (.venv, .build): about two minutes, resumable.
A sourced ROS 2 (Jazzy or later) is used; where none is sourced, ROS 2 Jazzy comes from wheels.
"""

BASH = """\
_swarm_completion() {{
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{words}" -- "$2"))
    else
        local IFS=$'\\n'
        COMPREPLY=($(COMP_WORDS="${{COMP_WORDS[*]}}" COMP_CWORD=$COMP_CWORD \
_SWARM_COMPLETE=complete_bash "$1" 2>/dev/null))
    fi
}}
complete -o default -F _swarm_completion swarm
"""
ZSH = """\
_swarm_completion() {{
    if (( CURRENT == 2 )); then
        compadd {words}
    else
        eval "$(_TYPER_COMPLETE_ARGS="${{words[1,$CURRENT]}}" _SWARM_COMPLETE=complete_zsh \
"${{words[1]}}" 2>/dev/null)"
    fi
}}
compdef _swarm_completion swarm
"""
"""The first word comes from here, options from Typer; nothing is set up for a completion."""


def help_text() -> str:
    """What `./swarm --help` prints."""
    rows = [f'  {name:<12} {line}' for name, line in {**JOBS, **OWN}.items()]
    return HELP.format(commands='\n'.join(rows))


def completion_script(shell: str) -> str | None:
    """The completion for a shell; None for one that is not supported."""
    scripts = {'bash': BASH, 'zsh': ZSH}
    if shell not in scripts:
        return None
    return scripts[shell].format(words=' '.join([*JOBS, *OWN]))
