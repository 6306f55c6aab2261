"""The worked example keeps to the protocol."""

from __future__ import annotations

import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "audiocraft" / "tests"))

from plugin_process import Plugin, Refused, hidden_files, item  # noqa: E402


@pytest.fixture
def chimes(tmp_path: Path) -> Iterator[Plugin]:
    with Plugin([sys.executable, str(HERE / "chimes"), "--bells", "3"]) as plugin:
        said = plugin.call("describe", {"protocol": 1})
        assert said["name"] == "chimes" and said["model"] == "3 bells" and said["licence"] is None
        plugin.load(tmp_path / "own")
        yield plugin


def test_tracks_are_whole_as_long_as_wanted_and_the_same_for_a_seed(chimes: Plugin, tmp_path: Path) -> None:
    for out in ("one", "two"):
        said = chimes.generate(tmp_path / out, item("a", seconds=4, seed=5), item("b", seconds=2, seed=6))
        assert said["done"] == ["a", "b"] and said["failed"] == []
        with wave.open(str(tmp_path / out / "a.wav")) as sound:
            assert sound.getnframes() == 4 * sound.getframerate()
            assert any(sound.readframes(sound.getnframes()))
    assert (tmp_path / "one" / "a.wav").read_bytes() == (tmp_path / "two" / "a.wav").read_bytes()
    assert (tmp_path / "one" / "a.wav").read_bytes() != (tmp_path / "one" / "b.wav").read_bytes()


def test_a_cancelled_batch_ends_soon(chimes: Plugin, tmp_path: Path) -> None:
    params = {"directory": str(tmp_path), "items": [item("a", seconds=1), item("b", seconds=3600)]}
    request = chimes.send("generate", params)
    chimes.wait_told("track")
    began = time.monotonic()
    assert chimes.call("cancel", {"request": request}) == {}
    with pytest.raises(Refused) as refused:
        chimes.answer(request)
    assert refused.value.code == -32800 and time.monotonic() - began < 10
    assert hidden_files(tmp_path) == [] and (tmp_path / "a.wav").is_file()


def test_what_it_does_not_know_is_refused_and_it_goes_on(chimes: Plugin, tmp_path: Path) -> None:
    chimes.notify("tune", {"threads": 1})
    with pytest.raises(Refused) as refused:
        chimes.call("dance")
    assert refused.value.code == -32601
    chimes.raw(b"garbage\n")
    with pytest.raises(Refused):
        chimes.answer(None)
    said = chimes.generate(tmp_path, item("long", seconds=1e6), item("short", seconds=1))
    assert said["done"] == ["short"] and said["failed"][0]["id"] == "long"


def test_after_unloading_it_wants_to_be_loaded_again(chimes: Plugin, tmp_path: Path) -> None:
    assert chimes.call("unload")["memory_bytes"] > 0
    with pytest.raises(Refused):
        chimes.generate(tmp_path, item("a"))
    chimes.load(tmp_path / "own")
    assert chimes.generate(tmp_path, item("a", seconds=1))["done"] == ["a"]


def test_it_ends_with_the_station(chimes: Plugin) -> None:
    assert chimes.hang_up() == 0
