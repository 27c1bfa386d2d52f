# SPDX-License-Identifier: Apache-2.0
"""What happened, provably: chained logs, frames of every decision, keys, agent folders, replay.

Import the module that you need (`swarm_vault.recorder`, `swarm_vault.keys`, ...): the cores import
`swarm_vault.core` alone and stay free of everything else.
"""
