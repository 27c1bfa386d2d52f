# SPDX-License-Identifier: Apache-2.0
"""The relay as a process, with real sockets on the loopback."""

import contextlib
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_sim.link import Address, main, parse_address

WAIT_S = 20.0
LINK = (sys.executable, '-m', 'swarm_sim.link', '--listen', '127.0.0.1:0', '--to')


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets, connection after connection."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        thread = threading.Thread(target=_serve_echo, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(WAIT_S)


def _serve_echo(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection, contextlib.suppress(ConnectionError):
                while data := connection.recv(65536):
                    connection.sendall(data)


class Link:
    """A relay process."""

    def __init__(self, *argv: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe)
        self.port = int(self.answer()[2].rpartition(':')[2])

    def say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f'{word}\n'.encode())
        self.process.stdin.flush()

    def answer(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().split()

    def connect(self) -> socket.socket:
        return socket.create_connection(('127.0.0.1', self.port), WAIT_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(WAIT_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def link(echo: int) -> Iterator[Link]:
    relay = Link(*LINK, f'127.0.0.1:{echo}')
    yield relay
    relay.close()


def exchange(connection: socket.socket, data: bytes) -> bytes:
    connection.sendall(data)
    received = b''
    while len(received) < len(data) and (part := connection.recv(65536)):
        received += part
    return received


def test_bytes_pass_both_ways(link: Link):
    data = bytes(range(256)) * 400
    with link.connect() as client:
        assert exchange(client, data) == data


def test_the_end_of_the_senders_stream_is_passed_on(link: Link):
    with link.connect() as client:
        client.sendall(b'last words')
        client.shutdown(socket.SHUT_WR)

        assert client.makefile('rb').read() == b'last words'


def test_a_cut_link_resets_its_connections_and_refuses_new_ones(link: Link):
    with link.connect() as client:
        assert exchange(client, b'before') == b'before'
        link.say('down')
        assert link.answer()[0] == 'down'
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b''
    with pytest.raises(ConnectionRefusedError):
        link.connect()


def test_a_link_comes_back_on_the_same_port_as_often_as_wanted(link: Link):
    for _ in range(3):
        link.say('down')
        link.say('up')
        down, up = link.answer(), link.answer()

        assert (down[0], up[0]) == ('down', 'up')
        assert int(up[1]) >= int(down[1])
        assert up[2] == f'127.0.0.1:{link.port}'
        with link.connect() as client:
            assert exchange(client, b'again') == b'again'


def test_a_client_that_resets_is_gone_for_the_target_too():
    with socket.create_server(('127.0.0.1', 0)) as server:
        relay = Link(*LINK, f'127.0.0.1:{server.getsockname()[1]}')
        client = relay.connect()
        target, _ = server.accept()
        target.settimeout(WAIT_S)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        client.close()
        with target, contextlib.suppress(ConnectionResetError):
            assert target.recv(1) == b''
        relay.close()


def test_a_client_is_let_go_when_the_target_refuses(link: Link):
    with socket.create_server(('127.0.0.1', 0)) as gone:
        port = gone.getsockname()[1]
    relay = Link(*LINK, f'127.0.0.1:{port}')
    with relay.connect() as client, contextlib.suppress(ConnectionResetError):
        assert client.recv(1) == b''
    relay.close()


@pytest.mark.parametrize('ending', ['quit', 'end of stdin', 'SIGTERM'])
def test_the_relay_ends_well(link: Link, ending: str):
    with link.connect() as client:
        exchange(client, b'busy')
        if ending == 'quit':
            link.say('quit')
        elif ending == 'SIGTERM':
            link.process.send_signal(signal.SIGTERM)
        else:
            assert link.process.stdin is not None
            link.process.stdin.close()

        assert link.process.wait(WAIT_S) == 0
        assert link.process.stderr is not None
        assert link.process.stderr.read() == b''


def test_words_may_come_from_a_file(tmp_path: Path, echo: int):
    words = tmp_path / 'words'
    words.write_text('down\nmumble\nup\nquit\n')
    done = subprocess.run(
        [*LINK, f'127.0.0.1:{echo}', '--control', str(words)],
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_S,
    )

    assert [line.split()[0] for line in done.stdout.splitlines()] == ['up', 'down', 'up']
    assert "unknown word 'mumble'" in done.stderr


def test_an_address_in_use_gets_one_sentence(capsys: pytest.CaptureFixture[str], echo: int):
    used = f'127.0.0.1:{echo}'

    assert main(['--listen', used, '--to', used, '--control', '/dev/null']) == 2
    assert capsys.readouterr().err.count('\n') == 1


def test_an_address_is_host_and_port():
    assert parse_address('127.0.0.1:50600') == Address(host='127.0.0.1', port=50600)


@pytest.mark.parametrize('text', ['50600', ':50600', 'host:', 'host:port', 'host:70000'])
def test_a_malformed_address_ends_with_the_usage(text: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(['--listen', text, '--to', '127.0.0.1:1'])
    assert 'expected HOST:PORT' in capsys.readouterr().err
