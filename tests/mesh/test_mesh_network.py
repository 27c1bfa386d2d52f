# SPDX-License-Identifier: Apache-2.0
"""On the air: TLS, access control, a router between subnets, multicast, tiles, bounded rate."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zenoh
from mesh_air import fleet_file, until
from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.network import zenoh_config
from swarm_agent.mesh.session import MeshSession
from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_config.loopback import free_row
from swarm_vault.keys import ensure_authority

NAMES = ('amr_1', 'amr_2', 'tb4_1')


def intent(agent, x_m=1.0, **more):
    return mesh_pb2.PeerIntent(
        agent_id=agent,
        stamp_ns=time.time_ns(),
        pose=common_pb2.Pose2D(x_m=x_m, y_m=2.0),
        radius_m=0.28,
        **more,
    )


def hears(a, b, **more):
    """Whether b hears what a says."""

    def heard():
        a.publish_intent(intent('amr_1', **more))
        return any(peer.agent_id == 'amr_1' for peer in b.drain().peers)

    return heard


@pytest.fixture
def keys(tmp_path):
    ensure_authority(tmp_path, NAMES)
    return tmp_path


def test_robots_hear_each_other_over_mutual_tls_and_nobody_speaks_under_anothers_key(keys):
    fleet = fleet_file(keys, 'tls: true, access_control: true')
    a, b = (MeshSession(name, fleet, keys) for name in NAMES[:2])
    assert until(hears(a, b))
    assert until(lambda: 'amr_1' in b.alive)
    config = zenoh_config(fleet, 'tb4_1', keys)
    with zenoh.open(zenoh.Config.from_json5(json.dumps(config))) as rogue:

        def own_key_passes():
            rogue.put('swarm/depot/amr_1/heads', b'x')
            rogue.put('swarm/depot/tb4_1/intent/0_0', b'x')
            return b.dropped.get('intent: not a message', 0) > 2

        assert until(own_key_passes)
    assert 'heads: not a message' not in b.dropped
    a.close()
    b.close()


def test_without_a_certificate_the_plan_s_wish_for_tls_is_refused_in_a_sentence(tmp_path):
    fleet = fleet_file(tmp_path, 'tls: true')
    with pytest.raises(ConfigError, match=r'mesh.tls is on, but .*ca.pem is missing'):
        zenoh_config(fleet, 'amr_1', tmp_path)


@pytest.mark.parametrize(
    ('mesh', 'why'),
    [
        ('access_control: true', 'set mesh.tls'),
        ('tile_m: 5.0', 'expected 0 or at least'),
        ('mode: client', 'needs a router'),
    ],
)
def test_a_plan_that_cannot_work_is_refused(tmp_path, mesh, why):
    with pytest.raises(ConfigError, match=why):
        fleet_file(tmp_path, mesh)


def test_robots_of_two_subnets_meet_through_a_router(keys):
    port = free_row(1)
    router = zenoh.Config()
    router.insert_json5('mode', '"router"')
    router.insert_json5('listen/endpoints', f'["tcp/127.0.0.1:{port}"]')
    router.insert_json5('scouting/multicast/enabled', 'false')
    fleet = fleet_file(keys, f'mode: client, connect: ["tcp/127.0.0.1:{port}"]')
    with zenoh.open(router):
        a, b = (MeshSession(name, fleet, keys) for name in NAMES[:2])
        assert until(hears(a, b))
        assert until(lambda: 'amr_1' in b.alive)
        a.close()
        assert until(lambda: 'amr_1' not in b.alive)
        b.close()


def test_with_tiles_only_those_around_hear_an_intent(keys):
    fleet = fleet_file(keys, 'tile_m: 20.0')
    a, b, c = (MeshSession(name, fleet, keys) for name in NAMES)
    c.publish_intent(intent('tb4_1', x_m=300.0))
    b.publish_intent(intent('amr_2', x_m=15.0))
    assert until(hears(a, b, x_m=25.0))
    assert c.drain().peers == ()
    c.publish_intent(intent('tb4_1', x_m=41.0))
    assert until(hears(a, c, x_m=25.0))
    for one in (a, b, c):
        one.close()


def test_a_robot_says_no_more_than_its_rate_but_claims_always_pass(keys):
    fleet = fleet_file(keys, 'max_bytes_per_s: 4096')
    session = MeshSession('amr_1', fleet, keys)
    for _ in range(200):
        session.publish_intent(intent('amr_1', skill='x' * 100))
    traffic = session.traffic
    assert traffic['bytes'] < 3 * 4096
    assert traffic['held_back'] > 100
    session.close()


def test_hosts_of_their_own_are_connected_to_and_any_host_is_not(tmp_path):
    fleet = fleet_file(tmp_path, 'scouting: false')
    text = fleet.path.read_text().replace('host: 127.0.0.1, base', 'host: 0.0.0.0, base')
    text = text.replace('{id: amr_2,', '{id: amr_2, host: 10.0.0.2,')
    fleet.path.write_text(text)
    loaded = load_fleet(fleet.path)
    assert [end.split(':')[0] for end in loaded.mesh_connect('amr_1')] == ['tcp/10.0.0.2']


MULTICAST = """
import sys, time
sys.path.insert(0, {here!r})
from pathlib import Path
from mesh_air import fleet_file, until
from test_mesh_network import NAMES, hears
from swarm_agent.mesh.session import MeshSession
folder = Path({folder!r})
fleet = fleet_file(folder, 'scouting: true, interface: lo', base=27000)
text = fleet.path.read_text().replace('host: 127.0.0.1', 'host: 0.0.0.0')
fleet.path.write_text(text)
from swarm_config.fleets import load_fleet
fleet = load_fleet(fleet.path)
assert not fleet.mesh_connect('amr_1')
a, b = (MeshSession(name, fleet, folder) for name in NAMES[:2])
assert until(hears(a, b), 30.0)
a.close(); b.close()
print('found each other')
"""


@pytest.mark.slow
def test_robots_on_a_lan_find_each_other_by_multicast(keys):
    unshare = shutil.which('unshare')
    if unshare is None or subprocess.run([unshare, '-rn', 'true'], check=False).returncode:
        pytest.skip('no network namespace can be made here (unshare -rn)')
    code = MULTICAST.format(here=str(Path(__file__).parent), folder=str(keys))
    up = 'ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo && exec "$@"'
    found = subprocess.run(
        [unshare, '-rn', 'sh', '-c', up, 'sh', sys.executable, '-c', code],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert 'found each other' in found.stdout, found.stderr[-2000:]


OPENS = """
import json, sys, zenoh
with zenoh.open(zenoh.Config.from_json5(sys.argv[1])):
    print('.zenoh' in open('/proc/self/maps').read())
"""


def test_a_session_takes_no_shared_memory_which_may_be_full(tmp_path):
    config = zenoh_config(fleet_file(tmp_path), 'amr_1', tmp_path)
    took = []
    for one in (config, {**config, 'transport': {}}):
        done = subprocess.run(
            (sys.executable, '-c', OPENS, json.dumps(one)),
            capture_output=True,
            check=True,
            timeout=60,
        )
        took.append(done.stdout.strip())
    assert took == [b'False', b'True']
