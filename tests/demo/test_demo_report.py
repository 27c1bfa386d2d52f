# SPDX-License-Identifier: Apache-2.0
"""The report is one page that needs nothing from elsewhere."""

import json
import re

import numpy as np

from swarm_config.maps import GridMap
from swarm_supervisor.report import RunData, TimelineEvent, write_report


def grid() -> GridMap:
    free = np.ones((10, 20), dtype=bool)
    return GridMap(
        name='m', resolution_m=0.1, origin_x_m=0.0, origin_y_m=0.0, occupied=~free, free=free
    )


def page(tmp_path, text: str) -> str:
    run = RunData(
        title='t',
        grid=grid(),
        figures={'passed': True, 'reasons': ()},
        robots={'amr_1': 0.28},
        track=[{'t_s': 0.0, 'poses': {'amr_1': [1.0, 0.5, 0.0]}, 'coverage': 0.5, 'objects': []}],
        events=[TimelineEvent(at_s=1.0, lane='amr_1 reflex', kind='SYSTEM', text=text)],
    )
    write_report(tmp_path / 'r.html', run)
    return (tmp_path / 'r.html').read_text()


def test_the_page_loads_nothing_from_elsewhere(tmp_path):
    found = re.findall(r'(?:src|href)\s*=\s*["\'](?!data:)', page(tmp_path, 'x'))
    assert not found
    assert 'http://' not in page(tmp_path, 'x').replace('http://www.w3.org/2000/svg', '')


def test_text_of_an_event_cannot_break_out_of_its_place(tmp_path):
    hostile = '</script><script>alert(1)</script>'
    html = page(tmp_path, hostile)
    assert hostile not in html
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert json.loads(data[1])['events'][0]['text'] == hostile
