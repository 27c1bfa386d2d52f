# SPDX-License-Identifier: Apache-2.0
"""A run as one self-contained HTML page: the map, the paths over time, the timeline, the figures."""

from swarm_supervisor.report.page import RunData, TimelineEvent, write_report

__all__ = ['RunData', 'TimelineEvent', 'write_report']
