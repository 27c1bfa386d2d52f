# SPDX-License-Identifier: Apache-2.0
"""The simulated world: MuJoCo behind the topics of real robots, and the referee.

`world` is physics only and knows no ROS; `node` gives it the topics. A robot or another simulator
takes its place by offering the same topics. What the referee says comes from the physics alone.
"""
