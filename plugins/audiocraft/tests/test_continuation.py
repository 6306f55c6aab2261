"""An hour that flows: tracks of one turn go on from each other's tokens, and are heard as one piece."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy
import pytest
import sound
from lofisup_musicgen import checkpoint, names, options
from lofisup_musicgen.batch import Batch
from lofisup_musicgen.decoder import Decoder, KernelDecoder, TorchDecoder
from lofisup_musicgen.engine.encodec import CodecDecoder
from lofisup_musicgen.engine.encodec_weights import extract
from lofisup_musicgen.items import Item
from lofisup_musicgen.tails import KEPT_MAX, Tail, Tails
from lofisup_musicgen.windows import Fragment, Pulse, Shape, Window
from plugin_process import Plugin, item

OVERLAP = 60


class Score:
    """An engine whose tokens are written beforehand: one long sequence, played from the front."""

    rows_max = 2

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.windows: list[Window] = []
        self._waiting: list[Window] = []
        random = numpy.random.default_rng(5)
        self.tokens = random.integers(0, shape.cardinality, (shape.codebooks, 4000)).astype(numpy.int16)
        self._at = 0

    def admit(self, window: Window) -> None:
        self.windows.append(window)
        self._waiting.append(window)

    def advance(self, pulse: Pulse) -> list[Fragment]:
        window = self._waiting.pop(0)
        assert (window.context == self.tokens[:, self._at - window.context.shape[1] : self._at]).all()
        assert window.context.shape[1] + window.frames <= self.shape.window_frames
        first, self._at = self._at, self._at + window.frames
        half = first + window.frames // 2
        pulse(window.frames)
        return [
            Fragment(window, self.tokens[:, first:half]),
            Fragment(window, self.tokens[:, half : self._at], last=True),
        ]

    def drop(self) -> None:
        self._waiting.clear()


class Silent:
    def check(self) -> None: ...
    def progress(self, fraction: float, words: str) -> None: ...
    def track(self, pressed: object) -> None: ...


@pytest.fixture(scope="module")
def debug() -> tuple[object, Shape]:
    model = names.resolve(options.Options(model="debug"))
    _lm, codec, shape = checkpoint.load(model, "cpu")
    return codec, shape


def decoders(codec: object, shape: Shape) -> dict[str, Decoder]:
    hop = round(shape.sample_rate / shape.frame_rate)
    return {
        "torch": TorchDecoder(codec, hop, onednn=False),
        "kernels": KernelDecoder(CodecDecoder(extract(codec), threads=2)),
    }


def wanted(name: str, position: int, seconds: float, *continues: int) -> Item:
    return Item(name, "text", seconds, 1, "turn", position, continues)


@pytest.mark.parametrize("kind", ["torch", "kernels"])
def test_where_two_tracks_join_the_sound_is_that_of_one_piece(
    debug: tuple[object, Shape], tmp_path: Path, kind: str
) -> None:
    codec, shape = debug
    score, decoder = Score(shape), decoders(codec, shape)[kind]
    tails = Tails(tmp_path / "tails", shape.codebooks, shape.cardinality)
    text = {"text": numpy.zeros((1, 16), numpy.float32)}
    # 35 s is more than a window; the third track goes on in a batch of its own, from what stands on disk.
    for items in ([wanted("a", 0, 4.0), wanted("b", 1, 35.0, 0)], [wanted("c", 2, 3.0, 1)]):
        batch = Batch(items, text, score, decoder, tails, tmp_path, OVERLAP, Silent())
        batch.run()
        assert batch.failed == []
    heard = numpy.concatenate([sound.read(tmp_path / f"{name}.wav")[0] for name in "abc"], axis=1)
    frames = round(42 * shape.frame_rate)
    at_once = TorchDecoder(codec, 1280, onednn=False).decode(score.tokens[:, : frames + 5], 0, frames)
    assert heard.shape == at_once.shape
    assert abs(heard - at_once).max() < 1e-4 * abs(at_once).max()


def test_a_track_goes_on_in_the_same_batch_and_in_the_next_process(own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(own)
        first = [item("a", turn="5"), item("b", turn="5", position=1, continues=[0], seed=2)]
        plugin.generate(tmp_path / "x", *first)
        assert plugin.tracks()["a"]["continued"] is None
        assert plugin.tracks()["b"]["continued"] == 0
        tokens = Tails(own / "debug" / "tails", 4, 400).get("5", 1)
        assert tokens is not None
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(own)
        after = item("c", turn="5", position=2, continues=[1, 0], seed=2)
        plugin.generate(tmp_path / "x", after)
        assert plugin.tracks()["c"]["continued"] == 1
    assert (tmp_path / "x" / "c.wav").read_bytes() != (tmp_path / "x" / "b.wav").read_bytes()


def test_the_same_item_after_the_same_tail_is_the_same_sound(own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(own)
        plugin.generate(tmp_path / "x", item("a", turn="5"))
        for out in ("one", "two"):
            plugin.generate(tmp_path / out, item("b", turn="5", position=1, continues=[0], seed=2))
    assert (tmp_path / "one" / "b.wav").read_bytes() == (tmp_path / "two" / "b.wav").read_bytes()


def test_another_turn_starts_fresh(own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(own)
        plugin.generate(tmp_path / "x", item("a", turn="5"))
        plugin.generate(tmp_path / "x", item("b", turn="6", position=1, continues=[0], seed=2))
        plugin.generate(tmp_path / "x", item("c", turn="7", position=1, seed=2))
        assert plugin.tracks()["b"]["continued"] is None
    assert (tmp_path / "x" / "b.wav").read_bytes() == (tmp_path / "x" / "c.wav").read_bytes()


def test_the_dearest_position_that_is_known_is_taken(own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(own)
        plugin.generate(tmp_path / "x", item("a", turn="5", position=1), item("b", turn="5", position=2))
        late = [
            item("late", turn="5", position=9, continues=[8, 2, 1]),
            item("chain", turn="5", position=8, continues=[7, 1]),
        ]
        plugin.generate(tmp_path / "x", *late)
        assert plugin.tracks()["chain"]["continued"] == 1
        assert plugin.tracks()["late"]["continued"] == 8, "an item of the same batch is rendered before"


def test_items_that_wait_for_each_other_in_a_ring_are_rendered_all_the_same(own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", "debug") as plugin:
        plugin.load(own)
        ring = [item("a", turn="5", position=1, continues=[2]), item("b", turn="5", position=2, continues=[1, 2])]
        assert sorted(plugin.generate(tmp_path / "x", *ring)["done"]) == ["a", "b"]
        assert {each["continued"] for each in plugin.tracks().values()} == {None, 1}


def test_a_tail_that_is_spoilt_is_no_tail(tmp_path: Path) -> None:
    tails = Tails(tmp_path, codebooks=4, cardinality=100)
    tokens = numpy.arange(40, dtype=numpy.int16).reshape(4, 10)
    tails.put("t", 1, Tail(tokens, 5))
    kept = tails.get("t", 1)
    assert kept is not None and (kept.tokens == tokens).all() and kept.ahead == 5
    (path,) = tmp_path.glob("*.npy")
    whole = path.read_bytes()
    for spoilt in (whole[: len(whole) // 2], b"", b"garbage" * 99):
        path.write_bytes(spoilt)
        assert tails.get("t", 1) is None
    tails.put("t", 1, Tail(tokens + 90, 5))
    assert tails.get("t", 1) is None, "tokens of another model"


def test_tails_are_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    tails = Tails(tmp_path, codebooks=4, cardinality=100)
    for position in range(KEPT_MAX + 10):
        tails.put("t", position, Tail(numpy.zeros((4, 10), numpy.int16), 5))
    assert len(list(tmp_path.iterdir())) == KEPT_MAX
    assert tails.get("t", 0) is None and tails.get("t", KEPT_MAX + 9) is not None


def test_a_tail_survives_the_loss_of_everything_else(own: Path, tmp_path: Path) -> None:
    with Plugin.musicgen("--model", "debug", "--engine", "stock") as plugin:
        plugin.load(own)
        plugin.generate(tmp_path / "x", item("a", turn="5"))
    shutil.rmtree(own / "debug" / "texts")
    with Plugin.musicgen("--model", "debug", "--engine", "native") as plugin:
        plugin.load(own)
        plugin.generate(tmp_path / "x", item("b", turn="5", position=1, continues=[0]))
        assert plugin.tracks()["b"]["continued"] == 0, "tokens mean the same to every engine"
