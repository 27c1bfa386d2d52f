# SPDX-License-Identifier: Apache-2.0
"""Strategic supervision: missions, who gets what area, trust; the gRPC service and its commands.

It knows no ROS and never drives a robot: it says what is to be done and keeps the common picture.
Losing it stops nobody. `python -m swarm_supervisor.server` serves a fleet; `core` holds the pure
decision on who surveys what; `strategist` turns an operator's words into a plan.
"""
