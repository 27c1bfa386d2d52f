# SPDX-License-Identifier: Apache-2.0
"""`swarm bench planner`: how good, how fast and how large the local model is."""
