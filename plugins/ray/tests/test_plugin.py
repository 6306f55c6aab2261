"""The station's side of the plug-in protocol, with real plug-ins: the worked example, and some that misbehave."""

import pathlib
import sys
import threading
import time

import pytest

from lofisup_ray.plugin import CANCELLED, Plugin, PluginError, Track

CHIMES = [sys.executable, str(pathlib.Path(__file__).parents[2] / "example" / "chimes")]


def item(name: str, seconds: float = 2) -> dict:
    return {"id": name, "prompt": {"index": 0, "name": "", "text": "rain"}, "seconds": seconds, "seed": "5",
            "turn": "1", "position": 0, "continues": []}


@pytest.fixture
def chimes(tmp_path):
    plugin = Plugin(CHIMES)
    plugin.describe()
    plugin.load(str(tmp_path))
    yield plugin
    plugin.close()


def misbehaving(source: str) -> Plugin:
    head = "import os,socket,sys,time\ns=socket.socket(fileno=int(os.environ['LOFISUP_PLUGIN_FD']))\ns.recv(65536)\n"
    return Plugin([sys.executable, "-c", head + source])


def test_a_batch_is_handed_over_track_by_track(chimes: Plugin, tmp_path):
    assert chimes.description["name"] == "chimes"
    tracks: list[Track] = []
    failed = chimes.generate([item("a"), item("b", seconds=9999), item("c")], str(tmp_path), tracks.append)
    assert [track.id for track in tracks] == ["a", "c"]
    assert list(failed) == ["b"] and "hour" in failed["b"]
    assert all(pathlib.Path(track.file).read_bytes().startswith(b"RIFF") for track in tracks)


def test_a_batch_that_is_cancelled_ends_soon(chimes: Plugin, tmp_path):
    threading.Timer(0.3, chimes.cancel).start()
    began = time.monotonic()
    with pytest.raises(PluginError) as caught:
        chimes.generate([item("a", seconds=3600)], str(tmp_path), lambda _: None)
    assert caught.value.code == CANCELLED
    assert time.monotonic() - began < 10


def test_a_plugin_that_dies_is_said_to(chimes: Plugin, tmp_path):
    threading.Timer(0.3, chimes.process.kill).start()
    with pytest.raises(PluginError, match="ended in the middle|broke off"):
        chimes.generate([item("a", seconds=3600)], str(tmp_path), lambda _: None)


@pytest.mark.parametrize("source, words", [
    ("s.sendall(b'hello\\n')", "no JSON"), ("s.sendall(b'[]\\n')", "no message"), ("sys.exit(3)", "ended in the middle"),
    ("s.sendall(b'a'*3_000_000); time.sleep(9)", "more than 1 MiB"),
    ("s.sendall(b'{\"id\":1,\"result\":{\"protocol\":2}}\\n'); time.sleep(9)", "protocol 2"),
])
def test_nonsense_is_told_in_words(source: str, words: str):
    plugin = misbehaving(source)
    try:
        with pytest.raises(PluginError, match=words):
            plugin.describe()
    finally:
        plugin.close()
    assert plugin.process.poll() is not None


def test_a_file_outside_the_directory_is_not_taken(tmp_path):
    plugin = misbehaving("s.sendall(b'{\"method\":\"track\",\"params\":{\"request\":1,\"id\":\"a\",\"file\":\"../x\"}}\\n')\n"
                         "time.sleep(9)")
    try:
        with pytest.raises(PluginError, match="handed over a file called"):
            plugin.generate([item("a")], str(tmp_path), lambda _: None)
    finally:
        plugin.close()
