"""The two servers of one contract: `lofisup render-server` and the Ray application."""

import os
import pathlib
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from client import Server

HERE = pathlib.Path(__file__).parent
PROJECT = HERE.parent.parent.parent
TOKEN = "a-token-for-tests-0123456789"
QUEUE = 24


def lofisup() -> pathlib.Path | None:
    built = [os.environ.get("LOFISUP", ""), *map(str, (PROJECT / ".build/debug/lofisup", PROJECT / ".build/release/lofisup"))]
    return next((pathlib.Path(path) for path in built if path and os.access(path, os.X_OK)), None)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def token_file(directory: pathlib.Path) -> pathlib.Path:
    file = directory / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return file


@contextmanager
def running(command: list[str], ready: str, seconds: float, lines: list[str] | None = None,
            **options) -> Iterator[subprocess.Popen]:
    """A process that has said `ready`; it is gone, with its group, at the end. `lines` takes what it says."""
    lines = [] if lines is None else lines
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               start_new_session=True, **options)
    said: queue.Queue[bool] = queue.Queue()

    def read() -> None:
        for line in process.stdout or []:
            lines.append(line)
            if ready in line:
                said.put(True)
        said.put(False)

    threading.Thread(target=read, daemon=True).start()
    try:
        try:
            is_ready = said.get(timeout=seconds)
        except queue.Empty:
            is_ready = False
        assert is_ready, "it did not start:\n" + "".join(lines)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


@contextmanager
def render_server(directory: pathlib.Path) -> Iterator[Server]:
    binary = lofisup()
    if binary is None:
        pytest.skip("lofisup is not built: swift build, or set LOFISUP to the binary")
    port = free_port()
    (directory / "config").mkdir()
    (directory / "config" / "lofisup.toml").write_text(
        f'[render_server]\nport = {port}\ntoken_file = "{token_file(directory)}"\nqueue_tracks_max = {QUEUE}\n')
    with running([str(binary), "render-server", "--root", str(directory)], "listens on", 30):
        yield Server(f"http://127.0.0.1:{port}", TOKEN, QUEUE)


@contextmanager
def ray_server(directory: pathlib.Path, *more: str, lines: list[str] | None = None) -> Iterator[Server]:
    """`lines` takes what it says."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r plugins/ray/requirements.txt")
    port = free_port()
    command = [sys.executable, "-m", "lofisup_ray", "--port", str(port), "--token-file", str(token_file(directory)),
               "--directory", str(directory / "jobs"), "--queue-tracks-max", str(QUEUE), "--replicas", "2",
               "--replicas-max", "2", "--cpus-per-replica", "0.1", *more,
               "--", sys.executable, str(PROJECT / "plugins/example/chimes")]
    # By the mark a test knows the processes of its own server.
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "RAY_USAGE_STATS_ENABLED": "0",
                   "LOFISUP_TEST_MARK": str(directory)}
    with running(command, "listens on", 180, env=environment, lines=lines):
        server = Server(f"http://127.0.0.1:{port}", TOKEN, QUEUE)
        deadline = time.monotonic() + 60
        while server.ask("GET", "/v1/health").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield server


@pytest.fixture(scope="session", params=["lofisup", "ray"])
def server(request, tmp_path_factory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp(request.param)
    with (render_server if request.param == "lofisup" else ray_server)(directory) as running_server:
        yield running_server


@pytest.fixture
def job(request, server: Server) -> Iterator[str]:
    """A name for a job of this test; what is left of it is removed."""
    name = f"{request.node.originalname[:30]}-{time.time_ns()}".replace("[", "-")
    yield name
    server.ask("DELETE", f"/v1/jobs/{name}")
