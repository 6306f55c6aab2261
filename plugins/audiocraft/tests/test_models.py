"""Models as users have them: in the hub's cache, in a directory, in stereo, and not there at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sound
from lofisup_musicgen import names, options, weights
from lofisup_musicgen.failures import NotInstalled
from made_models import TINY, TINY_STEREO, configuration, write_model
from plugin_process import Plugin, Refused, item


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tiny") / "tiny"
    write_model(directory, TINY)
    return directory


@pytest.fixture(scope="module")
def tiny_own(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of the plug-in's own in which the model is converted and the prompt read."""
    directory = tmp_path_factory.mktemp("tiny-own")
    with Plugin.musicgen("--model", str(tiny)) as plugin:
        plugin.load(directory)
        plugin.generate(directory / "out", item("a"))
    return directory


@pytest.fixture(scope="module")
def stereo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("stereo") / "tiny-stereo"
    write_model(directory, TINY_STEREO)
    return directory


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache of the hub's."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "AUDIOCRAFT_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    yield tmp_path / "hf" / "hub"


def put_in_cache(cache: Path, repository: str, source: Path) -> None:
    folder = cache / ("models--" + repository.replace("/", "--"))
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0123abcd", encoding="ascii")
    shutil.copytree(source, folder / "snapshots" / "0123abcd", ignore=shutil.ignore_patterns("t5-*"))


@pytest.mark.parametrize("engine", ["native", "stock"])
def test_without_weights_a_sentence_says_what_to_do(cache: Path, tmp_path: Path, engine: str) -> None:
    with Plugin.musicgen("--model", "stereo-small", "--engine", engine) as plugin:
        with pytest.raises(Refused) as refused:
            plugin.load(tmp_path / "own")
    assert refused.value.code == -32001
    for word in ("facebook/musicgen-stereo-small", str(cache), "lofisup_musicgen.download"):
        assert word in refused.value.message
    assert "Traceback" not in refused.value.message and "\n" not in refused.value.message


@pytest.mark.parametrize("name", ["/no/such/directory", "musicgen", "melody", "a/b/c"])
def test_a_name_that_is_none_is_told(name: str, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", name) as plugin:
        assert plugin.call("describe", {"protocol": 1})["non_commercial"] is True
        with pytest.raises(Refused) as refused:
            plugin.load(tmp_path / "own")
    assert refused.value.code == -32001 and name in refused.value.message


def test_short_names_and_licences() -> None:
    model = names.resolve(options.parse(["--model", "stereo-large"]))
    assert model.name == "facebook/musicgen-stereo-large" and model.non_commercial
    own = names.resolve(options.parse(["--model", "me/mine", "--licence", "CC-BY-4.0"]))
    assert own.licence == "CC-BY-4.0" and not own.non_commercial
    strict = names.resolve(options.parse(["--model", "me/mine", "--licence", "mine", "--non-commercial", "yes"]))
    assert strict.non_commercial


def test_weights_are_found_where_the_hub_keeps_them(cache: Path, tiny: Path) -> None:
    model = names.resolve(options.parse(["--model", "small"]))
    with pytest.raises(NotInstalled):
        weights.find(model)
    put_in_cache(cache, "facebook/musicgen-small", tiny)
    assert weights.find(model).lm.is_file()
    put_in_cache(cache, "google-t5/t5-small", tiny / "t5-small")
    assert weights.find_t5("t5-small", model).is_dir()


def test_a_model_from_the_cache_plays_and_a_prompt_needs_the_text_model_once(
    cache: Path, tiny: Path, tmp_path: Path
) -> None:
    put_in_cache(cache, "facebook/musicgen-small", tiny)
    with Plugin.musicgen("--model", "small") as plugin:
        plugin.load(tmp_path / "own")
        with pytest.raises(Refused) as refused:
            plugin.generate(tmp_path / "out", item("a"))
        assert refused.value.code == -32001
        assert "t5-small" in refused.value.message and "download" in refused.value.message
        put_in_cache(cache, "t5-small", tiny / "t5-small")
        assert plugin.generate(tmp_path / "out", item("a"))["done"] == ["a"]
        assert plugin.resident_bytes() < 150e6, "neither torch nor the text model stays"
    shutil.rmtree(cache / "models--t5-small")
    with Plugin.musicgen("--model", "small") as plugin:
        plugin.load(tmp_path / "own")
        assert plugin.generate(tmp_path / "out", item("b"))["done"] == ["b"], "a prompt is read once"


@pytest.mark.parametrize("engine", ["native", "stock"])
def test_a_stereo_model_plays_in_stereo(stereo: Path, tmp_path: Path, engine: str) -> None:
    with Plugin.musicgen("--model", str(stereo), "--engine", engine) as plugin:
        plugin.load(tmp_path / "own")
        said = plugin.generate(tmp_path, item("s", seconds=6), item("t", position=1, continues=[0], seconds=2))
        assert said["done"] == ["s", "t"] and plugin.tracks()["t"]["continued"] == 0
    samples, rate = sound.read(tmp_path / "s.wav")
    assert samples.shape == (2, 6 * rate)
    assert abs(samples[0] - samples[1]).max() > 1e-3


def test_both_engines_decode_alike_what_they_compose(tiny: Path, tmp_path: Path) -> None:
    """Greedy, without the lossy forms, the C engine composes what AudioCraft composes, through the whole plug-in."""
    exact = ("--weights", "fp32", "--kv", "f32", "--top-k", "1")
    heard = {}
    for engine in ("native", "stock"):
        with Plugin.musicgen("--model", str(tiny), "--engine", engine, *exact) as plugin:
            plugin.load(tmp_path / engine)
            plugin.generate(tmp_path / engine, item("a", seconds=3))
        heard[engine], _rate = sound.read(tmp_path / engine / "a.wav")
    difference = abs(heard["native"] - heard["stock"]).max()
    assert difference < 1e-3 * abs(heard["stock"]).max()


def test_a_melody_model_is_refused_in_a_sentence(tiny: Path, tmp_path: Path) -> None:
    import torch
    from omegaconf import OmegaConf

    shutil.copytree(tiny, tmp_path / "melody")
    package = torch.load(tiny / "state_dict.bin")
    config = configuration(TINY)
    config.conditioners.self_wav = {"model": "chroma_stem"}
    config.fuser.prepend = ["self_wav", "description"]
    config.fuser.cross = []
    torch.save({**package, "xp.cfg": OmegaConf.to_yaml(config)}, tmp_path / "melody" / "state_dict.bin")
    with Plugin.musicgen("--model", str(tmp_path / "melody")) as plugin:
        with pytest.raises(Refused) as refused:
            plugin.load(tmp_path / "own")
    assert "melody" in refused.value.message


def test_a_converted_model_is_used_again_and_made_anew_when_weights_change(
    tiny: Path, tiny_own: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny, tmp_path / "tiny")  # Times are kept, so it counts as the same model.
    shutil.copytree(tiny_own, tmp_path / "own")
    folder = tmp_path / "own" / "tiny" / "converted"
    (before,) = folder.iterdir()
    with Plugin.musicgen("--model", str(tmp_path / "tiny")) as plugin:
        plugin.load(tmp_path / "own")
        assert list(folder.iterdir()) == [before]
        plugin.call("unload")
        os.utime(tmp_path / "tiny" / "state_dict.bin", ns=(1, 1))
        plugin.load(tmp_path / "own")
    (after,) = folder.iterdir()
    assert after.name != before.name


def test_a_spoilt_conversion_is_made_anew(tiny: Path, tiny_own: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_own, tmp_path / "own")
    (packed,) = (tmp_path / "own").rglob("lm.packed")
    packed.write_bytes(packed.read_bytes()[:-100])
    with Plugin.musicgen("--model", str(tiny)) as plugin:
        plugin.load(tmp_path / "own")
        assert plugin.generate(tmp_path / "out", item("a"))["done"] == ["a"]


def test_the_facts_of_a_converted_model_are_plain(tiny_own: Path) -> None:
    (facts,) = tiny_own.rglob("model.json")
    shape = json.loads(facts.read_text(encoding="utf-8"))["shape"]
    assert shape["codebooks"] == 4 and shape["frame_rate"] == 50.0 and shape["window_frames"] == 200


def test_our_torch_engine_plays_the_same_model(tiny: Path, tiny_own: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_own, tmp_path / "own")
    with Plugin.musicgen("--model", str(tiny), "--engine", "torch", "--device", "cpu") as plugin:
        assert plugin.load(tmp_path / "own")["batch_max"] > 1
        items = [item("a", seconds=5), item("b", turn="2"), item("c", position=1, continues=[0])]
        assert sorted(plugin.generate(tmp_path / "out", *items)["done"]) == ["a", "b", "c"]
        assert plugin.tracks()["c"]["continued"] == 0
    assert abs(sound.seconds(tmp_path / "out" / "a.wav") - 5) < 0.05
