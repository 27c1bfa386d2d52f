# SPDX-License-Identifier: Apache-2.0
"""The `swarm` command."""

from swarm_supervisor.cli.app import main

__all__ = ['main']
