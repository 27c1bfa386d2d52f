# SPDX-License-Identifier: Apache-2.0
"""`swarm bench mapf`: fleets in discrete worlds, decided by the core, talking over simulated air.

`movingai` reads maps and scenarios, `air` is the network, `lockstep` and `untimed` run a fleet,
`score` says what it cost, `picture` draws it, `rivals` are the controls of the same run.
"""
