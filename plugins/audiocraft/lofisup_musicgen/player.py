"""A loaded model and everything it needs to render batches."""

from __future__ import annotations

import functools
import logging
import os
import zipfile
from pathlib import Path
from typing import Any

from . import checkpoint, converted, memory, weights
from .batch import Batch, Listener
from .decoder import Decoder, KernelDecoder, TorchDecoder
from .engine import NativeLM, NoKernels, PackedWeights, UnsupportedModel, encodec, native, shape_of
from .engine.encodec import CodecDecoder
from .failures import Failure, OutOfMemory, UnsuitableModel
from .items import Item
from .lane_engine import LaneEngine, settings
from .names import ModelName
from .options import Options
from .reporting import Report
from .stock import StockEngine
from .tails import Tails
from .texts import Listener as Listen
from .texts import Texts, listen_with_t5, listen_with_table
from .tracks import AHEAD_FRAMES
from .windows import Engine, Sampling, Shape

log = logging.getLogger("lofisup_musicgen")

# Python, torch, transformers and AudioCraft themselves.
LIBRARIES_BYTES = 450_000_000
# The codec at work on one piece, and the attention's cache of one window, in AudioCraft's own code.
STOCK_WORKING_BYTES = 400_000_000
# Python and numpy, the decoder's buffers, and what the engine needs beside weights and caches.
NATIVE_WORKING_BYTES = 250_000_000
LANES_MAX = 16
# Codecs made for tests; MusicGen's has 57 million.
SMALL_CODEC_PARAMETERS = 5_000_000


class Player:
    """One life: made by `load`, used for batches, dropped by `unload`."""

    def __init__(
        self, model: ModelName, engine: Engine, decoder: Decoder, texts: Texts, tails: Tails, overlap_s: float
    ) -> None:
        self.model = model
        self._engine = engine
        self._decoder = decoder
        self._texts = texts
        self._tails = tails
        shape = engine.shape
        wanted = round(overlap_s * shape.frame_rate)
        self._overlap_frames = max(AHEAD_FRAMES + 1, min(wanted, shape.window_frames // 2))

    def close(self) -> None:
        """Gives the engine's memory back; the rest goes with the last reference."""
        self._engine.close()

    @property
    def batch_max(self) -> int:
        return self._engine.rows_max

    def set_threads(self, count: int) -> None:
        self._engine.set_threads(count)
        self._decoder.set_threads(count)

    def render(self, items: list[Item], directory: Path, report: Report, listener: Listener) -> Batch:
        with report.during("reading the prompts", 0.0):
            texts = self._texts.embed([item.text for item in items], report.check)
        batch = Batch(
            items, texts, self._engine, self._decoder, self._tails, directory, self._overlap_frames, listener
        )
        batch.run()
        return batch


class Loader:
    """Reads a model with the engine that was chosen, or the best that works here."""

    def __init__(
        self, options: Options, model: ModelName, directory: Path, threads: int, allowed: int | None, report: Report
    ) -> None:
        self._options = options
        self._model = model
        self._directory = directory
        self._threads = threads
        self._allowed = allowed
        self._report = report

    def load(self) -> Player:
        """NotInstalled and OutOfMemory are told in a sentence."""
        if not self._model.is_debug:
            weights.find(self._model)  # Before anything that takes time.
        player = self._by_engine()
        memory.give_back()
        held = memory.resident_bytes()
        if self._allowed is not None and held > self._allowed:
            del player
            memory.give_back()
            raise self._too_big(held)
        return player

    def _by_engine(self) -> Player:
        wanted = self._options.engine
        if wanted == "native":
            return self._native()
        if wanted == "auto" and not self._on_a_gpu():
            try:
                return self._native()
            except (NoKernels, UnsuitableModel) as reason:
                log.warning("%s", reason)
        if wanted == "stock":
            return self._audiocraft(by_lanes=False)
        try:
            return self._audiocraft(by_lanes=True)
        except UnsupportedModel as reason:
            if wanted == "torch":
                raise Failure(f"the torch engine cannot be had: {reason}") from reason
            log.warning("%s", reason)
            return self._audiocraft(by_lanes=False)

    def _on_a_gpu(self) -> bool:
        """Whether a GPU was asked for, or is there and nothing was said. torch is only asked where a driver is."""
        if self._options.device != "auto" or not Path("/dev/nvidia0").exists():
            return self._options.device not in ("auto", "cpu")
        checkpoint.import_libraries()
        import torch

        return torch.cuda.is_available()

    def _native(self) -> Player:
        options, model = self._options, self._model
        try:
            native.isa()
            encodec.library()
        except NoKernels as reason:
            if options.engine == "native":
                raise Failure(f"the native engine cannot be had: {reason}") from reason
            raise
        arguments = _model_arguments(options)
        folder = converted.folder_of(model, options.weights, self._directory)
        found, packed, codec = self._converted(arguments, folder)
        room = None if self._allowed is None else self._allowed - NATIVE_WORKING_BYTES
        fixed = packed.memory_bytes + codec.weights.memory_bytes
        lane = LaneEngine.lane_bytes(packed, found.shape, options.kv)
        if room is not None and room < fixed + lane:
            raise self._too_big(fixed + lane + NATIVE_WORKING_BYTES)
        lanes = LANES_MAX if room is None else min(LANES_MAX, (room - fixed) // lane)
        sampling = _sampling(options, found.shape)
        made = settings(sampling, found.shape)
        lm = NativeLM(packed, kv=options.kv, threads=self._threads, lanes=lanes, **made)
        engine = LaneEngine(lm, found.shape)

        listen = functools.partial(converted.listen, arguments)
        return self._player(engine, KernelDecoder(codec), listen, converted.fingerprint(model))

    def _converted(self, arguments: list[str], folder: Path) -> tuple[converted.Converted, PackedWeights, CodecDecoder]:
        """The converted model, made where there is none or it is spoilt."""
        for attempt in range(2):
            found = converted.find(folder) if attempt == 0 else None
            if found is None:
                with self._report.during("converting the weights, once", 0.1):
                    found = converted.convert(arguments, folder, self._report.check)
            try:
                with self._report.during("reading the weights", 0.8):
                    return found, found.language_model(), CodecDecoder(found.codec(), self._threads)
            except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as reason:
                log.warning("the converted model is spoilt and is made anew: %s", reason)
        raise Failure(f"the converted model in {folder} cannot be read: remove that folder and load again")

    def _audiocraft(self, *, by_lanes: bool) -> Player:
        """In this process, on any device: with our torch code for many tracks at once, or with AudioCraft's own."""
        options, model, report = self._options, self._model, self._report
        estimate = _stock_bytes(model)
        if self._allowed is not None and estimate > self._allowed:
            raise self._too_big(estimate)
        with report.during("importing AudioCraft", 0.05):
            checkpoint.import_libraries()
        import torch

        device = options.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.set_num_threads(self._threads)
        with report.during("reading the weights", 0.3):
            lm, codec, shape = checkpoint.load(model, device)
        if model.is_debug:
            name = lm.fuser.fuse2cond["cross"][0]
            listener = listen_with_table(lm.condition_provider.conditioners[name])
        else:
            listener = listen_with_t5(weights.find(model))
        sampling = _sampling(options, shape)
        large = sum(parameter.numel() for parameter in codec.parameters()) > SMALL_CODEC_PARAMETERS
        decoder = TorchDecoder(codec, round(shape.sample_rate / shape.frame_rate), onednn=large)
        engine: Engine = StockEngine(lm, shape, sampling)
        if by_lanes:
            engine = self._by_lanes(lm, shape, sampling, device)
        return self._player(engine, decoder, listener, converted.fingerprint(model))

    def _by_lanes(self, lm: Any, shape: Shape, sampling: Sampling, device: str) -> LaneEngine:
        from .engine.torch_lm import TorchLM

        kind, value_bytes = ("fp32", 4) if device == "cpu" else ("fp16", 2)
        lanes = LANES_MAX
        if self._allowed is not None and device == "cpu":
            model = shape_of(lm)
            lane = 4 * value_bytes * model.dim * model.layers * shape.window_frames
            lanes = max(1, min(LANES_MAX, (self._allowed - memory.resident_bytes()) // lane))
        made = TorchLM.from_audiocraft(
            lm, weights=kind, device=device, threads=self._threads, lanes=lanes, **settings(sampling, shape)
        )
        return LaneEngine(made, shape)

    def _player(self, engine: Engine, decoder: Decoder, listen: Listen, fingerprint: str) -> Player:
        own = self._directory / self._model.slug
        texts = Texts(own / "texts", fingerprint, listen)
        tails = Tails(own / "tails", engine.shape.codebooks, engine.shape.cardinality)
        return Player(self._model, engine, decoder, texts, tails, self._options.window_overlap_s)

    def _too_big(self, wanted: int) -> OutOfMemory:
        allowed = memory.in_words(self._allowed or 0)
        return OutOfMemory(
            f"{self._model.name} needs {memory.in_words(wanted)} for one track and may use {allowed}: "
            "allow more memory or use a smaller model"
        )


def _model_arguments(options: Options) -> list[str]:
    return ["--model", options.model, "--weights", options.weights]


def _sampling(options: Options, shape: Shape) -> Sampling:
    return Sampling(options.guidance, options.temperature, min(options.top_k, shape.cardinality))


def _stock_bytes(model: ModelName) -> int:
    """What AudioCraft's own code will hold: weights are stored in half precision and used in full."""
    if model.is_debug:
        return LIBRARIES_BYTES
    found = weights.find(model)
    return LIBRARIES_BYTES + STOCK_WORKING_BYTES + 2 * found.lm.stat().st_size + found.compression.stat().st_size


def default_threads() -> int:
    return max(1, len(os.sched_getaffinity(0)))
