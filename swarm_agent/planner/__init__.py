# SPDX-License-Identifier: Apache-2.0
"""Tactical supervision on each robot: mission orders become skills, skills become intents.

`core` decides and is pure; `node` is its shell; `ports` lets a language model propose among what
is feasible; `checkpoint` lets a restarted node resume its mission.
"""
