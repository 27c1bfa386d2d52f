# SPDX-License-Identifier: Apache-2.0
"""A TCP relay that stands for the radio link: it can be cut, and then connections are refused.

`python -m swarm_sim.link --listen 127.0.0.1:50600 --to 127.0.0.1:50551`, then lines on stdin:
`down`, `up`, `quit`. Each answer is a line `up|down <ns since the epoch> <host:port>` on stdout.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_BYTES = 65536
CONNECT_S = 5.0
CLOSE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen or to connect."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it is written on the command line."""
        return f'{self.host}:{self.port}'


def parse_address(text: str) -> Address:
    """Read `HOST:PORT`; port 0 lets the system choose.

    Raises:
        argparse.ArgumentTypeError: It has another form.
    """
    host, _, port = text.rpartition(':')
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(
            f'{text!r}: expected HOST:PORT, for example 127.0.0.1:50600'
        )
    return Address(host=host, port=int(port))


class Relay:
    """Forwards bytes both ways between each client and a connection of its own to the target."""

    def __init__(self, listen: Address, target: Address) -> None:
        """Start down.

        Args:
            listen: Where clients connect.
            target: Where their bytes go.
        """
        self.address = listen
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def up(self) -> None:
        """Listen; nothing changes when it does already.

        Raises:
            OSError: The address cannot be used.
        """
        if self._server is not None:
            return
        self._server = await asyncio.start_server(
            self._accept, self.address.host, self.address.port, reuse_address=True
        )
        port = self._server.sockets[0].getsockname()[1]
        self.address = Address(host=self.address.host, port=port)

    def down(self) -> None:
        """Stop listening and reset all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def close(self) -> None:
        """Go down and wait until every connection has been let go."""
        self.down()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._forward(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._kept(writer):
            if self._server is None:
                return
            try:
                there, back = await asyncio.wait_for(
                    asyncio.open_connection(self._target.host, self._target.port), CONNECT_S
                )
            except (OSError, asyncio.TimeoutError):
                return
            with self._kept(back):
                if self._server is not None:
                    await asyncio.gather(_pump(reader, back), _pump(there, writer))

    @contextlib.contextmanager
    def _kept(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Known to `down` while open, and closed at the end."""
        self._writers.add(writer)
        try:
            yield
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until the sender closes, then close that direction; pass a reset on too."""
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except ConnectionError:
        writer.transport.abort()


async def _obey(relay: Relay, words: 'asyncio.Queue[str]') -> None:
    await relay.up()
    _say('up', relay)
    while (word := await words.get()) != 'quit':
        if word == 'up':
            await relay.up()
        elif word == 'down':
            relay.down()
        else:
            sys.stderr.write(f'link: unknown word {word!r}; expected up, down or quit\n')
            continue
        _say(word, relay)
    await relay.close()


def _say(word: str, relay: Relay) -> None:
    sys.stdout.write(f'{word} {time.time_ns()} {relay.address}\n')
    sys.stdout.flush()


def _read_words(descriptor: int, take: Callable[[str], None]) -> None:
    """Hand over words until the source ends, then `quit`; closes the descriptor.

    Unbuffered: a daemon thread that holds the lock of stdin's buffer would crash the exit.
    """
    rest = b''
    while data := os.read(descriptor, 4096):
        *lines, rest = (rest + data).split(b'\n')
        for line in lines:
            if line.strip():
                take(line.decode('utf-8', 'replace').strip())
    os.close(descriptor)
    take('quit')


async def serve(listen: Address, target: Address, source: BinaryIO) -> None:
    """Relay until the source of words ends or says `quit`, or SIGTERM or SIGINT comes.

    Args:
        listen: Where clients connect.
        target: Where their bytes go.
        source: Lines `up`, `down`, `quit`.

    Raises:
        OSError: The address cannot be used.
    """
    loop, words = asyncio.get_running_loop(), asyncio.Queue[str]()

    def take(word: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before the source
            loop.call_soon_threadsafe(words.put_nowait, word)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, words.put_nowait, 'quit')
    descriptor = os.dup(source.fileno())
    threading.Thread(target=_read_words, args=(descriptor, take), daemon=True).start()
    await _obey(Relay(listen, target), words)


def main(argv: list[str] | None = None) -> int:
    """Run the relay.

    Returns:
        0, or 2 when the address or the control file cannot be used.
    """
    parser = argparse.ArgumentParser(prog='python -m swarm_sim.link', description=__doc__)
    parser.add_argument('--listen', type=parse_address, required=True, metavar='HOST:PORT')
    parser.add_argument('--to', type=parse_address, required=True, metavar='HOST:PORT')
    parser.add_argument('--control', default='stdin', help='a file or pipe of words, or stdin')
    chosen = parser.parse_args(argv)
    try:
        with contextlib.ExitStack() as stack:
            source: BinaryIO = sys.stdin.buffer
            if chosen.control != 'stdin':
                source = stack.enter_context(open(chosen.control, 'rb', buffering=0))  # noqa: PTH123
            asyncio.run(serve(chosen.listen, chosen.to, source))
    except OSError as error:
        sys.stderr.write(f'link: {error}; choose another address or control file\n')
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
