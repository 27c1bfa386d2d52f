# SPDX-License-Identifier: Apache-2.0
"""No process shares memory with another: one that is killed must not keep the others waiting."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarm_config.sockets import sockets, use_sockets

LISTENS = """
import rclpy
from std_msgs.msg import Empty
from swarm_config.sockets import use_sockets
if {chosen}:
    use_sockets()
rclpy.init()
node = rclpy.create_node('listens')
heard = []
node.create_subscription(Empty, 'said', heard.append, 10)
says = node.create_publisher(Empty, 'said', 10)
while not heard:
    says.publish(Empty())
    rclpy.spin_once(node, timeout_sec=0.05)
print('fastrtps_port' in open('/proc/self/maps').read())
"""


def shares_memory(*, chosen: bool, reach: str) -> bool:
    done = subprocess.run(
        (sys.executable, '-c', LISTENS.format(chosen=chosen)),
        env={
            **{key: value for key, value in os.environ.items() if 'FAST' not in key},
            'ROS_AUTOMATIC_DISCOVERY_RANGE': reach,
        },
        capture_output=True,
        text=True,
        timeout=60.0,
        check=True,
    )
    return done.stdout.strip() == 'True'


def test_a_node_of_this_machine_hears_and_listens_at_no_shared_memory():
    assert shares_memory(chosen=False, reach='LOCALHOST')
    assert not shares_memory(chosen=True, reach='LOCALHOST')


def test_on_a_network_all_talk_over_udp_and_on_one_machine_over_its_loopback():
    assert sockets({}) == {'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4'}
    assert sockets({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}) == sockets({})
    local = sockets({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'localhost'})
    assert local == sockets({'ROS_LOCALHOST_ONLY': '1'})
    assert '127.0.0.1' in Path(local['FASTRTPS_DEFAULT_PROFILES_FILE']).read_text()


@pytest.mark.parametrize('name', ['FASTDDS_BUILTIN_TRANSPORTS', 'FASTRTPS_DEFAULT_PROFILES_FILE'])
def test_what_the_user_chose_stays(monkeypatch: pytest.MonkeyPatch, name: str):
    local = name.startswith('FASTRTPS')
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST' if local else 'SUBNET')
    monkeypatch.setenv(name, 'chosen')
    use_sockets()
    assert os.environ[name] == 'chosen'
