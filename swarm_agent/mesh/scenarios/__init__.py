# SPDX-License-Identifier: Apache-2.0
"""Meetings of robots over real Zenoh in a light kinematic world: `swarm bench scenarios`.

Each robot runs the real situation core and a real mesh session, several of them in each of a few
processes. Bodies move in a shared table of poses, in which a referee counts contacts.
"""
