"""A station of a few lines: starts a plug-in as the real one does and speaks the protocol with it over a socket."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

PLUGIN = Path(__file__).resolve().parent.parent
PATIENCE_S = 120.0
# Torch's threads crawl where several test runs share two cores.
THREADS = 1


class Refused(Exception):
    """An error that was answered."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Gone(Exception):
    """The plug-in closed its end."""


class Plugin:
    """A running plug-in. `told` collects its notifications."""

    def __init__(self, command: Sequence[str], environment: dict[str, str] | None = None) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE_S)
        surroundings = {**os.environ, "LOFISUP_PLUGIN_FD": str(theirs.fileno()), **(environment or {})}
        self.process = subprocess.Popen(
            list(command), env=surroundings, pass_fds=[theirs.fileno()], cwd="/", stdin=subprocess.DEVNULL
        )
        theirs.close()
        self.socket = ours
        self._lines = ours.makefile("rb")
        self._count = 0
        self.told: list[dict[str, Any]] = []

    @classmethod
    def musicgen(cls, *options: str, environment: dict[str, str] | None = None) -> Plugin:
        return cls([sys.executable, str(PLUGIN / "run.py"), *options], environment)

    def __enter__(self) -> Plugin:
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        self._lines.close()
        self.socket.close()

    def raw(self, line: bytes) -> None:
        self.socket.sendall(line)

    def send(self, method: str, params: dict[str, Any] | None = None) -> int:
        self._count += 1
        message = {"jsonrpc": "2.0", "id": self._count, "method": method, "params": params or {}}
        self.raw(json.dumps(message).encode() + b"\n")
        return self._count

    def notify(self, method: str, params: dict[str, Any]) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")

    def read(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise Gone
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def answer(self, request: int | None) -> dict[str, Any]:
        """The answer to a request; what is told before it goes to `told`."""
        while True:
            message = self.read()
            if "method" in message:
                self.told.append(message)
            elif message["id"] == request:
                if "error" in message:
                    raise Refused(message["error"]["code"], message["error"]["message"])
                return message["result"]

    def call(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.answer(self.send(method, params))

    def load(self, directory: Path, **more: Any) -> dict[str, Any]:
        directory.mkdir(parents=True, exist_ok=True)
        return self.call("load", {"directory": str(directory), "threads": THREADS, **more})

    def generate(self, directory: Path, *items: dict[str, Any]) -> dict[str, Any]:
        directory.mkdir(parents=True, exist_ok=True)
        return self.call("generate", {"directory": str(directory), "items": list(items)})

    def tracks(self) -> dict[str, dict[str, Any]]:
        """The tracks told of so far, by id."""
        return {each["params"]["id"]: each["params"] for each in self.told if each["method"] == "track"}

    def wait_told(self, method: str) -> dict[str, Any]:
        """The next notification of a kind."""
        while True:
            message = self.read()
            self.told.append(message)
            if message.get("method") == method:
                return message["params"]

    def hang_up(self) -> int:
        """Closes the station's end; gives the exit code."""
        self.socket.shutdown(socket.SHUT_RDWR)
        return self.process.wait(timeout=10)

    def resident_bytes(self) -> int:
        statm = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def item(name: str, **members: Any) -> dict[str, Any]:
    """An item with what a test does not care about filled in."""
    text = members.pop("text", "lofi tabla at night")
    members["seed"] = str(members.get("seed", 1))
    filled = {"seconds": 3, "turn": "1", "position": 0, "continues": [], **members}
    return {"id": name, "prompt": {"index": 0, "name": "Night", "text": text}, **filled}


def hidden_files(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.name.startswith(".")]


def eventually(holds: Any, seconds: float = 10.0) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return bool(holds())
