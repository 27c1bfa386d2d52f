# SPDX-License-Identifier: Apache-2.0
"""Benches of the mesh: `swarm bench mesh` and `swarm bench scenarios`."""
