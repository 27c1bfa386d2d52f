# SPDX-License-Identifier: Apache-2.0
"""What was configured: maps, robots, fleets and scenarios, validated once, at the boundary.

The lowest room: every other one may import it, it imports none of them.
"""
