"""Weights are fetched when the operator asks, from a hub of a few lines on this machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from made_models import TINY, write_model
from plugin_process import PLUGIN

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a hub that holds facebook/musicgen-small (a tiny one) and t5-small."""
    root = tmp_path_factory.mktemp("hub")
    write_model(root / "tiny", TINY)
    holds = {"facebook/musicgen-small": root / "tiny", "t5-small": root / "tiny" / "t5-small"}

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            repository, _resolve, rest = self.path.lstrip("/").partition("/resolve/main/")
            path = holds.get(repository, root / "nothing") / rest
            if not path.is_file():
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = path.read_bytes()
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_words: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def download(hub: str, home: Path, name: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_OFFLINE"))
    }
    environment.update(HF_ENDPOINT=hub, HF_HOME=str(home), PYTHONPATH=str(PLUGIN), HF_HUB_DISABLE_XET="1")
    return subprocess.run(
        [sys.executable, "-m", "lofisup_musicgen.download", name],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_model_comes_with_its_text_model_and_says_so_in_lines(hub: str, tmp_path: Path) -> None:
    done = download(hub, tmp_path, "small")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "CC-BY-NC-4.0" in lines[0] and lines[-1] == "everything is here"
    assert any(line.startswith("facebook/musicgen-small state_dict.bin: here") for line in lines)
    snapshot = tmp_path / "hub" / "models--facebook--musicgen-small" / "snapshots" / COMMIT
    assert {path.name for path in snapshot.iterdir()} >= {"state_dict.bin", "compression_state_dict.bin"}
    text = tmp_path / "hub" / "models--t5-small" / "snapshots" / COMMIT
    assert {path.name for path in text.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}


def test_what_is_not_there_is_told_without_a_stack_trace(hub: str, tmp_path: Path) -> None:
    done = download(hub, tmp_path, "medium")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "the download failed" in done.stderr
