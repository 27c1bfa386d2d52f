# SPDX-License-Identifier: Apache-2.0
"""A local HTTP server that speaks the language model's messages API, well or badly."""

import contextlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import Self


class ModelServer:
    """Answers POST /v1/messages as `answer` says; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.answer: Callable[[dict], dict | str | None] = lambda _request: None
        self.status = 200
        self.stop_reason = 'end_turn'
        self.hold = threading.Event()
        self.hold.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers['content-length']))
                request = json.loads(body)
                outer.asked.append({'path': self.path, 'headers': dict(self.headers), **request})
                outer.hold.wait(20)
                self._send(outer.reply_to(request))

            def _send(self, content: bytes) -> None:
                self.send_response(outer.status)
                self.send_header('content-type', 'application/json')
                self.send_header('content-length', str(len(content)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # the client of the slow case has gone
                    self.wfile.write(content)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def reply_to(self, request: dict) -> bytes:
        if self.status != 200:
            kind = {429: 'rate_limit_error', 401: 'authentication_error'}
            error = {'type': kind.get(self.status, 'api_error'), 'message': 'not today'}
            return json.dumps({'type': 'error', 'error': error}).encode()
        answer = self.answer(request)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return json.dumps(
            {
                'id': 'msg_1',
                'type': 'message',
                'role': 'assistant',
                'model': request['model'],
                'content': [{'type': 'text', 'text': text}],
                'stop_reason': self.stop_reason,
                'stop_sequence': None,
                'usage': {'input_tokens': 11, 'output_tokens': 22},
            }
        ).encode()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def task(skill: str, **fields: object) -> dict:
    """One task as the model writes it."""
    empty = {'robot': None, 'sector': None, 'places': [], 'loops': None, 'seconds': None}
    return {'skill': skill, **empty, 'mission': None, **fields}


def plan(*tasks: dict, assumptions: tuple[str, ...] = ()) -> dict:
    """A plan as the model writes it."""
    return {'kind': 'plan', 'tasks': list(tasks), 'assumptions': list(assumptions), 'text': ''}


def words(kind: str, text: str) -> dict:
    """A question or a refusal as the model writes it."""
    return {'kind': kind, 'tasks': [], 'assumptions': [], 'text': text}
