# SPDX-License-Identifier: Apache-2.0
"""Sweep a floor together, cell by cell: who goes where, and who takes over when one is lost.

- `board`, `travel`: the cells, and what driving over them costs;
- `ring`, `cut`, `search`, `plan`: one closed way over all, cut between the robots;
- `share`, `crew`: who answers for which cell, agreed between peers without a server.
"""
