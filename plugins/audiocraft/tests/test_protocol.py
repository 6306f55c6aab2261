"""What the station sees: the real program, over a real socket, with AudioCraft's own test model."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
import sound
from plugin_process import Gone, Plugin, Refused, eventually, hidden_files, item


def test_a_description_comes_before_anything_is_loaded() -> None:
    with Plugin.musicgen("--model", "small") as plugin:
        said = plugin.call("describe", {"protocol": 1})
        assert said["protocol"] == 1 and said["name"] == "audiocraft"
        assert said["model"] == "facebook/musicgen-small"
        assert said["licence"] == "CC-BY-NC-4.0" and said["non_commercial"] is True
        assert said["continues"] is True and said["repeatable"] is True
        assert plugin.resident_bytes() < 100e6, "torch is not for describing"


def test_the_test_model_has_no_licence_to_mind() -> None:
    with Plugin.musicgen("--model", "debug") as plugin:
        said = plugin.call("describe", {"protocol": 1})
        assert said["licence"] is None and said["non_commercial"] is False


def test_the_same_seed_gives_the_same_sound_in_another_batch(any_player: Plugin, tmp_path: Path) -> None:
    any_player.generate(tmp_path / "alone", item("a", seed=7, turn="x"))
    any_player.generate(
        tmp_path / "company",
        item("c", seed=9, turn="y", seconds=5),
        item("a", seed=7, turn="z"),
        item("b", seed=8, turn="w", seconds=1),
    )
    alone = (tmp_path / "alone" / "a.wav").read_bytes()
    assert alone == (tmp_path / "company" / "a.wav").read_bytes()
    assert alone != (tmp_path / "company" / "b.wav").read_bytes()[: len(alone)]


def test_threads_change_the_speed_and_not_the_sound(player: Plugin, tmp_path: Path) -> None:
    player.generate(tmp_path / "two", item("a", seed=7, turn="t1"))
    player.notify("tune", {"threads": 1})
    player.generate(tmp_path / "one", item("a", seed=7, turn="t2"))
    player.notify("tune", {"threads": 2})
    two, _rate = sound.read(tmp_path / "two" / "a.wav")
    one, _rate = sound.read(tmp_path / "one" / "a.wav")
    assert abs(two - one).max() <= 1e-5 * abs(two).max()


def test_a_track_of_more_than_a_window_has_its_length_and_is_whole(any_player: Plugin, tmp_path: Path) -> None:
    said = any_player.generate(tmp_path, item("long", seconds=61, turn="long"))
    assert said["done"] == ["long"] and said["failed"] == []
    assert any_player.tracks()["long"]["file"] == "long.wav"
    samples, rate = sound.read(tmp_path / "long.wav")
    assert rate == 32_000 and samples.shape[0] == 1
    assert abs(samples.shape[1] / rate - 61) < 0.05
    assert abs(samples).max() > 0 and abs(samples[:, -rate:]).max() > 0
    assert hidden_files(tmp_path) == []


def test_progress_never_goes_back_and_names_what_is_made(player: Plugin, tmp_path: Path) -> None:
    before = len(player.told)
    player.generate(tmp_path, item("p", seconds=40, turn="p"))
    told = [each["params"] for each in player.told[before:] if each["method"] == "progress"]
    fractions = [each["fraction"] for each in told]
    assert fractions == sorted(fractions) and 0 <= fractions[0] and fractions[-1] <= 1
    assert all(each["words"] for each in told)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"seed": "many"}, "seed"),
        ({"seed": str(1 << 64)}, "seed"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 1e9}, "seconds"),
        ({"text": "  "}, "text"),
        ({"continues": "3"}, "continues"),
    ],
)
def test_an_item_that_makes_no_sense_fails_alone(player: Plugin, tmp_path: Path, wrong: dict, word: str) -> None:
    said = player.generate(tmp_path, item("bad", **wrong), item("good", seconds=1, turn="good"))
    assert said["done"] == ["good"]
    assert [each["id"] for each in said["failed"]] == ["bad"] and word in said["failed"][0]["why"]


def test_a_name_that_leads_out_of_the_directory_is_refused(player: Plugin, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        player.generate(tmp_path, item("../escaped"))
    assert refused.value.code == -32003


def test_a_directory_that_is_not_there_is_refused(player: Plugin) -> None:
    with pytest.raises(Refused) as refused:
        player.call("generate", {"directory": "/nowhere/at/all", "items": [item("a")]})
    assert refused.value.code == -32003


def test_a_cancelled_batch_ends_soon_and_leaves_only_whole_files(any_player: Plugin, tmp_path: Path) -> None:
    items = [item(f"c{n}", seconds=2 if n == 0 else 3000, turn=f"c{n}") for n in range(2)]
    request = any_player.send("generate", {"directory": str(tmp_path), "items": items})
    any_player.wait_told("track")
    began = time.monotonic()
    assert any_player.call("cancel", {"request": request}) == {}
    with pytest.raises(Refused) as refused:
        any_player.answer(request)
    assert refused.value.code == -32800 and time.monotonic() - began < 10
    assert [path.name for path in tmp_path.iterdir()] == ["c0.wav"]
    sound.read(tmp_path / "c0.wav")
    assert any_player.generate(tmp_path, item("after", turn="after"))["done"] == ["after"]


def test_loading_can_be_cancelled(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with Plugin.musicgen("--model", "debug") as plugin:
        request = plugin.send("load", {"directory": str(tmp_path / "own")})
        plugin.wait_told("progress")
        began = time.monotonic()
        plugin.send("cancel", {"request": request})
        with pytest.raises(Refused) as refused:
            plugin.answer(request)
        assert refused.value.code == -32800 and time.monotonic() - began < 10
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_request_that_waits_can_be_cancelled_and_one_that_is_over_is_no_error(player: Plugin, tmp_path: Path) -> None:
    first = player.send("generate", {"directory": str(tmp_path), "items": [item("f", seconds=4, turn="f")]})
    second = player.send("generate", {"directory": str(tmp_path), "items": [item("s", turn="s")]})
    player.send("cancel", {"request": second})
    assert player.answer(first)["done"] == ["f"]
    with pytest.raises(Refused) as refused:
        player.answer(second)
    assert refused.value.code == -32800
    assert player.call("cancel", {"request": first}) == {}


def test_an_unknown_method_is_told_apart(player: Plugin) -> None:
    with pytest.raises(Refused) as refused:
        player.call("dance")
    assert refused.value.code == -32601


@pytest.mark.parametrize("garbage", [b"\x00\xff\xfe\n", b"not json\n", b"[1, 2]\n", b"[" * 5000 + b"\n", b"{}\n"])
def test_garbage_is_refused_and_the_next_line_is_answered(player: Plugin, garbage: bytes) -> None:
    player.raw(garbage)
    with pytest.raises(Refused) as refused:
        player.answer(None)
    assert refused.value.code in (-32700, -32600)
    assert player.call("describe", {"protocol": 1})["protocol"] == 1


def test_a_line_without_end_is_refused_and_the_next_one_is_answered(player: Plugin) -> None:
    player.raw(b'{"jsonrpc":"2.0","id":99,"method":"' + b"x" * (3 << 20) + b'"}\n')
    with pytest.raises(Refused) as refused:
        player.answer(None)
    assert refused.value.code == -32700
    assert player.call("describe", {"protocol": 1})["protocol"] == 1


def test_members_and_ids_of_any_kind_are_taken_as_they_are(player: Plugin) -> None:
    message = {"jsonrpc": "2.0", "id": "seven", "method": "describe", "params": {"protocol": 1, "new": [1]}, "extra": 1}
    player.raw(json.dumps(message).encode() + b"\n")
    answer = player.read()
    assert answer["id"] == "seven" and answer["result"]["protocol"] == 1


def test_loading_what_is_loaded_costs_nothing(player: Plugin, tmp_path: Path) -> None:
    began = time.monotonic()
    said = player.load(tmp_path / "other")
    assert time.monotonic() - began < 1 and said["memory_bytes"] > 0 and said["batch_max"] >= 1


def test_nothing_is_generated_before_loading_and_after_unloading(own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", "debug") as plugin:
        for _ in range(2):
            with pytest.raises(Refused) as refused:
                plugin.generate(tmp_path / "out", item("a"))
            assert "load" in refused.value.message
            plugin.load(own)
            assert plugin.generate(tmp_path / "out", item("a"))["done"] == ["a"]
            plugin.call("unload")


def test_it_ends_when_the_station_is_gone(own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(own)
        plugin.send("generate", {"directory": str(tmp_path), "items": [item("a", seconds=3000)]})
        plugin.wait_told("progress")
        assert plugin.hang_up() == 0
    assert eventually(lambda: [path for path in tmp_path.iterdir() if path.suffix == ".wav"] == [])


def test_a_kill_leaves_no_half_file_under_a_track_s_name(own: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(own)
        items = [item("a", seconds=2), item("b", seconds=3000, turn="2")]
        plugin.send("generate", {"directory": str(out), "items": items})
        plugin.wait_told("track")
        assert eventually(lambda: hidden_files(out) != [])
        plugin.process.send_signal(signal.SIGKILL)
        with pytest.raises(Gone):
            plugin.answer(99)
    assert [path.name for path in out.iterdir() if not path.name.startswith(".")] == ["a.wav"]
    sound.read(out / "a.wav")


def test_without_a_socket_it_says_who_starts_it() -> None:
    with Plugin.musicgen("--model", "debug", environment={"LOFISUP_PLUGIN_FD": ""}) as plugin:
        assert plugin.process.wait(timeout=30) == 64
