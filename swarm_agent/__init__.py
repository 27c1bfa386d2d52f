# SPDX-License-Identifier: Apache-2.0
"""What a robot decides for itself: situation (10 Hz), planner (2 Hz), mesh and uplink."""
