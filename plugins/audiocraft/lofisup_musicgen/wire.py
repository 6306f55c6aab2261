"""The socket: JSON-RPC 2.0, one object a line, at most 1 MiB a line, in both directions."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

LINE_BYTES_MAX = 1 << 20

Message = dict[str, Any]


class Garbage(Exception):
    """A line that is no JSON object, or too long for one."""


class Wire:
    """One end of the connection. `send` may be called from any thread; `lines` belongs to one."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._writing = threading.Lock()

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Wire:
        return cls(socket.socket(fileno=descriptor))

    def lines(self) -> Iterator[Message | Garbage]:
        """Every message until the other side is gone; what is no message comes out as the reason why."""
        rest = b""
        skipping = False
        while True:
            try:
                piece = self._socket.recv(1 << 16)
            except ConnectionError:
                return
            if not piece:
                return
            rest += piece
            *whole, rest = rest.split(b"\n")
            for line in whole:
                if skipping:
                    skipping = False  # The end of the line that was too long.
                elif len(line) > LINE_BYTES_MAX:
                    yield Garbage("a line is longer than 1 MiB")
                elif line.strip():
                    yield _message(line)
            if len(rest) > LINE_BYTES_MAX:
                if not skipping:
                    yield Garbage("a line is longer than 1 MiB")
                skipping, rest = True, b""

    def send(self, message: Message) -> None:
        """Writes one line. A peer that is gone is no error here: `lines` sees it."""
        line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        with self._writing:
            try:
                self._socket.sendall(line)
            except (BrokenPipeError, ConnectionError):
                pass

    def answer(self, request: Any, result: Message) -> None:
        self.send({"id": request, "result": result})

    def refuse(self, request: Any, code: int, sentence: str) -> None:
        self.send({"id": request, "error": {"code": code, "message": sentence}})

    def notify(self, method: str, params: Message) -> None:
        self.send({"method": method, "params": params})


def _message(line: bytes) -> Message | Garbage:
    try:
        value = json.loads(line.decode())
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        return Garbage(f"a line is not JSON: {error}")
    return value if isinstance(value, dict) else Garbage("a line is not a JSON object")
