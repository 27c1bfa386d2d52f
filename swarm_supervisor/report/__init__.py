# SPDX-License-Identifier: Apache-2.0
"""A run as one self-contained HTML page: map, paths over time, timeline, figures."""

from swarm_supervisor.report.page import RunData, TimelineEvent, write_report

__all__ = ['RunData', 'TimelineEvent', 'write_report']
