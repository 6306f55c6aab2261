"""A loaded model and everything it needs to render batches."""

from __future__ import annotations

import os
from pathlib import Path

from . import checkpoint, memory, weights
from .batch import Batch, Listener
from .decoder import Decoder, TorchDecoder
from .failures import OutOfMemory
from .items import Item
from .names import ModelName
from .options import Options
from .reporting import Report
from .stock import StockEngine
from .tails import Tails
from .texts import Texts, listen_with_t5, listen_with_table
from .tracks import AHEAD_FRAMES
from .windows import Engine, Sampling

# Python, torch, transformers and AudioCraft themselves.
LIBRARIES_BYTES = 450_000_000
# The codec at work on one piece, and the attention's cache of one window, in AudioCraft's own code.
WORKING_BYTES = 400_000_000

class Player:
    """One life: made by `load`, used for batches, dropped by `unload`."""

    def __init__(self, model: ModelName, engine: Engine, decoder: Decoder, texts: Texts, tails: Tails, overlap_s: float):
        self.model = model
        self._engine = engine
        self._decoder = decoder
        self._texts = texts
        self._tails = tails
        shape = engine.shape
        wanted = round(overlap_s * shape.frame_rate)
        self._overlap_frames = max(AHEAD_FRAMES + 1, min(wanted, shape.window_frames // 2))

    @property
    def batch_max(self) -> int:
        return self._engine.rows_max

    def set_threads(self, count: int) -> None:
        self._engine.set_threads(count)
        self._decoder.set_threads(count)

    def render(self, items: list[Item], directory: Path, report: Report, listener: Listener) -> Batch:
        with report.during("reading the prompts", 0.0):
            texts = self._texts.embed([item.text for item in items])
        batch = Batch(
            items, texts, self._engine, self._decoder, self._tails, directory, self._overlap_frames, listener
        )
        batch.run()
        return batch

def estimate_bytes(model: ModelName) -> int:
    """What AudioCraft's own code will hold: weights are stored in half precision and used in full."""
    if model.is_debug:
        return LIBRARIES_BYTES
    found = weights.find(model)
    return LIBRARIES_BYTES + WORKING_BYTES + 2 * found.lm.stat().st_size + found.compression.stat().st_size

def load(
    options: Options, model: ModelName, directory: Path, threads: int, memory_bytes_max: int | None, report: Report
) -> Player:
    """Reads the model. NotInstalled and OutOfMemory are told in a sentence."""
    if not model.is_debug:
        weights.find(model)  # Before anything that takes time.
    _refuse_if_too_big(model, estimate_bytes(model), memory_bytes_max)
    with report.during("importing AudioCraft", 0.05):
        checkpoint.import_libraries()
    player = _load_stock(options, model, directory, threads, report)
    memory.give_back()
    held = memory.resident_bytes()
    if memory_bytes_max is not None and held > memory_bytes_max:
        del player
        memory.give_back()
        raise _too_big(model, held, memory_bytes_max)
    return player

def _load_stock(options: Options, model: ModelName, directory: Path, threads: int, report: Report) -> Player:
    import torch

    device = options.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(threads)
    with report.during("reading the weights", 0.3):
        lm, codec, shape = checkpoint.load(model, device)
    if model.is_debug:
        name = lm.fuser.fuse2cond["cross"][0]
        listener = listen_with_table(lm.condition_provider.conditioners[name])
        fingerprint = f"debug:{torch.__version__}"
    else:
        found = weights.find(model)
        listener = listen_with_t5(found)
        fingerprint = found.fingerprint()
    own = directory / model.slug
    texts = Texts(own / "texts", fingerprint, listener)
    tails = Tails(own / "tails", shape.codebooks, shape.cardinality)
    sampling = Sampling(options.guidance, options.temperature, options.top_k)
    hop = round(shape.sample_rate / shape.frame_rate)
    decoder = TorchDecoder(codec, hop, onednn=not model.is_debug)
    return Player(model, StockEngine(lm, shape, sampling), decoder, texts, tails, options.window_overlap_s)

def _refuse_if_too_big(model: ModelName, wanted: int, allowed: int | None) -> None:
    if allowed is not None and wanted > allowed:
        raise _too_big(model, wanted, allowed)

def _too_big(model: ModelName, wanted: int, allowed: int) -> OutOfMemory:
    return OutOfMemory(
        f"{model.name} needs {memory.in_words(wanted)} for one track and may use {memory.in_words(allowed)}: "
        "allow more memory or use a smaller model"
    )

def default_threads() -> int:
    return max(1, len(os.sched_getaffinity(0)))

