"""A plug-in process and the protocol it speaks (../../README.md), from the station's side."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

LINE_BYTES_MAX = 1 << 20
DESCRIBE_SECONDS = 20.0
SILENCE_SECONDS = 60.0
CANCELLED = -32800

Message = dict[str, Any]


class PluginError(Exception):
    """The plug-in said or did something that ends the request; the sentence is for the operator."""

    def __init__(self, sentence: str, code: int | None = None):
        super().__init__(sentence)
        self.code = code


@dataclass
class Track:
    """A file that the plug-in has handed over."""

    id: str
    file: str
    render_seconds: float
    continued: int | None
    title: str | None


class Plugin:
    """One life of a plug-in. Requests come from one thread; `cancel` from any."""

    def __init__(self, command: Sequence[str]):
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.set_inheritable(True)
            self.process = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, cwd="/", pass_fds=[theirs.fileno()], start_new_session=True,
                env={**os.environ, "LOFISUP_PLUGIN_FD": str(theirs.fileno())})
        self._socket = ours
        self._unread = b""
        self._sending = threading.Lock()
        self._last = 0
        self._running: int | None = None
        self.description: Message = {}

    # What is asked.

    def describe(self) -> Message:
        self.description = self._ask("describe", {"protocol": 1}, DESCRIBE_SECONDS)
        if self.description.get("protocol") != 1:
            raise PluginError(f"it speaks protocol {self.description.get('protocol')!r}, not 1")
        return self.description

    def load(self, directory: str, threads: int | None = None) -> Message:
        params: Message = {"directory": directory}
        if threads:
            params["threads"] = threads
        return self._ask("load", params, SILENCE_SECONDS)

    def generate(self, items: list[Message], directory: str, on_track: Callable[[Track], None],
                 on_progress: Callable[[float], None] = lambda _: None) -> dict[str, str]:
        """Renders a batch, telling of each track at once. Returns why each of the others failed."""
        wanted = {item["id"] for item in items}

        def hear(method: str, params: Message) -> None:
            if method == "progress":
                on_progress(float(params.get("fraction") or 0))
            elif method == "track" and params.get("id") in wanted:
                name = params.get("file")
                if not isinstance(name, str) or "/" in name or name.startswith("."):
                    raise PluginError(f"it handed over a file called {name!r}")
                wanted.discard(params["id"])
                on_track(Track(params["id"], os.path.join(directory, name), float(params.get("render_seconds") or 0),
                               params.get("continued"), params.get("title")))

        result = self._ask("generate", {"directory": directory, "items": items}, SILENCE_SECONDS, hear)
        failed = {entry["id"]: str(entry.get("why", "it failed")) for entry in result.get("failed") or []}
        return {name: failed.get(name, "the plug-in said nothing of it") for name in wanted}

    def cancel(self) -> None:
        """Ends what is under way, soon. Saying it again changes nothing."""
        running, self._running = self._running, None
        if running is not None:
            self._send("cancel", {"request": running})

    def close(self) -> None:
        self._socket.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    # The wire.

    def _send(self, method: str, params: Message) -> int:
        with self._sending:
            self._last += 1
            line = json.dumps({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
            try:
                self._socket.sendall(line.encode() + b"\n")
            except OSError as error:
                raise PluginError(f"the plug-in has gone: {error}") from error
            return self._last

    def _ask(self, method: str, params: Message, silence: float,
             hear: Callable[[str, Message], None] = lambda *_: None) -> Message:
        number = self._running = self._send(method, params)
        try:
            while True:
                message = self._read(silence)
                if message.get("id") == number and "method" not in message:
                    if error := message.get("error"):
                        raise PluginError(str(error.get("message", "it failed")), error.get("code"))
                    return message.get("result") or {}
                if "method" in message and (message.get("params") or {}).get("request") == number:
                    hear(message["method"], message["params"])
        finally:
            self._running = None

    def _read(self, seconds: float) -> Message:
        while b"\n" not in self._unread:
            if len(self._unread) > LINE_BYTES_MAX:
                raise PluginError("it sent a line of more than 1 MiB")
            self._socket.settimeout(seconds)
            try:
                more = self._socket.recv(1 << 16)
            except TimeoutError as error:
                raise PluginError(f"it said nothing for {seconds:.0f} s") from error
            except OSError as error:
                raise PluginError(f"it broke off: {error}") from error
            if not more:
                raise PluginError("it ended in the middle")
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            message = json.loads(line)
        except ValueError as error:
            raise PluginError(f"it sent a line that is no JSON: {line[:200]!r}") from error
        if not isinstance(message, dict):
            raise PluginError("it sent a line that is no message")
        return message
