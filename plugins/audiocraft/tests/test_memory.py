"""Memory is bounded, told, and given back."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest
from lofisup_musicgen import memory
from made_models import TINY, write_model
from plugin_process import Plugin, Refused, item

# Large enough that its weights and caches show beside Python's own memory.
MIDDLE = replace(TINY, dim=512, heads=8, layers=8, card=512, filters=8, window_s=10)


@pytest.fixture(scope="module")
def middle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("middle") / "middle"
    write_model(directory, MIDDLE)
    return directory


@pytest.fixture(scope="module")
def own(middle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which the model is converted and the prompt read."""
    directory = tmp_path_factory.mktemp("own")
    with Plugin.musicgen("--model", str(middle)) as plugin:
        plugin.load(directory)
        plugin.generate(directory / "out", item("a", seconds=1))
    return directory


@pytest.mark.parametrize(("engine", "falls"), [("native", 40e6), ("stock", 100e6)])
def test_unloading_gives_memory_back_and_loading_again_works(
    middle: Path, own: Path, tmp_path: Path, engine: str, falls: float
) -> None:
    with Plugin.musicgen("--model", str(middle), "--engine", engine) as plugin:
        for _ in range(2):
            plugin.load(own)
            held = plugin.generate(tmp_path, item("a", seconds=2))["memory_bytes"]
            left = plugin.call("unload")["memory_bytes"]
            assert abs(left - plugin.resident_bytes()) < 10e6, "what is told is what is held"
            assert held - left > falls
        assert plugin.call("unload")["memory_bytes"] > 0


def test_less_memory_means_a_smaller_batch(middle: Path, own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", str(middle)) as plugin:
        most = plugin.load(own, memory_bytes_max=4_000_000_000)["batch_max"]
    allowed = 340_000_000
    with Plugin.musicgen("--model", str(middle)) as plugin:
        batch = plugin.load(own, memory_bytes_max=allowed)["batch_max"]
        assert 1 <= batch < most
        items = [item(f"i{n}", seconds=10, turn=str(n)) for n in range(batch)]
        assert plugin.generate(tmp_path, *items)["memory_bytes"] < allowed


@pytest.mark.parametrize("engine", ["native", "stock"])
def test_where_not_even_one_track_fits_a_sentence_says_so(middle: Path, own: Path, engine: str) -> None:
    with Plugin.musicgen("--model", str(middle), "--engine", engine) as plugin:
        with pytest.raises(Refused) as refused:
            plugin.load(own, memory_bytes_max=100_000_000)
    assert refused.value.code == -32002
    assert "100 MB" in refused.value.message and "one track" in refused.value.message


@pytest.mark.parametrize("engine", ["native", "stock"])
def test_running_out_of_memory_is_answered_and_survived(middle: Path, own: Path, tmp_path: Path, engine: str) -> None:
    with Plugin.musicgen("--model", str(middle), "--engine", engine) as plugin:
        plugin.load(own)
        size = int(Path(f"/proc/{plugin.process.pid}/statm").read_text(encoding="ascii").split()[0])
        limits = resource.prlimit(plugin.process.pid, resource.RLIMIT_AS)
        tight = size * resource.getpagesize() + 2_000_000
        resource.prlimit(plugin.process.pid, resource.RLIMIT_AS, (tight, limits[1]))
        items = [item(f"i{n}", seconds=9, turn=str(n)) for n in range(16)]
        with pytest.raises(Refused) as refused:
            plugin.generate(tmp_path, *items)
        assert refused.value.code == -32002
        resource.prlimit(plugin.process.pid, resource.RLIMIT_AS, limits)
        assert plugin.generate(tmp_path, item("after", seconds=1, turn="after"))["done"] == ["after"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_words_for_sizes() -> None:
    assert memory.in_words(3_900_000_000) == "3.9 GB" and memory.in_words(250_000_000) == "250 MB"
