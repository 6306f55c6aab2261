"""Tracks made side by side by the C engine."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import native
from .packing import PackedWeights, pack
from .settings import SamplingSettings
from .shape import LMShape, shape_of
from .track import Track, Windowing


class _Lane:
    """A track under way and the caches it owns."""

    def __init__(self, track: Track, cross: native.Cache | None, cross_count: int) -> None:
        self.track, self.cross, self.cross_count = track, cross, cross_count


class NativeLM:
    """MusicGen's language model on the CPU. One thread at a time may call it; it has threads of its own.

    A lane is a track under way. Lanes may start and finish at any time; what a lane's track becomes depends on its own
    condition, seed and prompt only, never on its neighbours or on the number of threads.
    """

    def __init__(
        self,
        weights: PackedWeights,
        *,
        kv: str = "int8",
        threads: int = 1,
        lanes: int = 8,
        sampling: SamplingSettings = SamplingSettings(),
        windowing: Windowing = Windowing(),
        rows_max: int = 64,
        skip_null: bool = True,
    ) -> None:
        """`kv` is the key/value cache: int8, f16 or f32. `rows_max` bounds the positions computed in one pass.

        `skip_null=False` computes the null condition's cross-attention like any other, which comes to the same: it is
        there to measure what leaving it out is worth.
        """
        if kv not in native.CACHE_KINDS:
            raise ValueError(f"the cache is int8, f16 or f32, not {kv}")
        shape = weights.shape
        capacity = windowing.window + shape.max_delay
        if capacity > native.SCRATCH_POSITIONS or shape.codebooks > native.CODEBOOKS_MAX:
            raise ValueError("the window or the number of codebooks is beyond the kernels' limits")
        self.weights, self.shape, self.lanes_max = weights, shape, lanes
        self.sampling, self.windowing = sampling, windowing
        self._kv, self._capacity, self._rows_max = native.CACHE_KINDS[kv], capacity, max(rows_max, 2 * lanes)
        self._library = native.library()
        self._model, self._kept = native.model(weights, capacity)
        self._context = self._library.context_create(ctypes.byref(self._model), threads, self._rows_max)
        if not self._context:
            raise MemoryError("no room for the engine's buffers")
        self._threads = threads
        self._nothing = None if skip_null else self._cross_cache(np.zeros((16, shape.dim)))
        self._lanes: dict[int, _Lane] = {}
        self._caches = [native.Cache() for _ in range(2 * lanes)]
        self._sequences = (native.Sequence * (2 * lanes))()
        self._rows = np.zeros(self._rows_max, native.ROW)
        self._tokens = np.zeros((self._rows_max, shape.codebooks), np.int32)
        self._draws = np.zeros(lanes, native.DRAW)
        self._drawn = np.zeros((lanes, shape.codebooks), np.int32)
        self._logits = np.zeros((2 * lanes, shape.codebooks, int(self._model.shape.card)), np.float32)

    @staticmethod
    def from_audiocraft(lm: Any, weights: str = "int8", consume: bool = False, **options: Any) -> NativeLM:
        """From an `audiocraft.models.lm.LMModel`; with `consume` the module's tensors go as they are packed."""
        state = dict(lm.state_dict())
        if consume:
            for parameter in [*lm.transformer.parameters(), *lm.emb.parameters(), *lm.linears.parameters()]:
                parameter.data = parameter.data.new_empty(0)
        return NativeLM.from_state(state, shape_of(lm), weights, consume=True, **options)

    @staticmethod
    def from_state(
        state: Mapping[str, Any], shape: LMShape, weights: str = "int8", consume: bool = False, **options: Any
    ) -> NativeLM:
        """From a state dict in AudioCraft's names; with `consume` its tensors go as they are packed."""
        return NativeLM(pack(state, shape, weights, consume), **options)

    @staticmethod
    def load(path: str | Path, **options: Any) -> NativeLM:
        """From a file that `save` wrote: mapped, so it is there at once and shared among processes."""
        return NativeLM(PackedWeights.load(path), **options)

    def save(self, path: str | Path) -> None:
        self.weights.save(path)

    @property
    def memory_bytes(self) -> int:
        """Weights, caches as far as they are reserved, and buffers."""
        caches = sum(cache.bytes for cache in self._caches)
        caches += sum(lane.cross.bytes for lane in self._lanes.values() if lane.cross)
        return self.weights.memory_bytes + caches + self._library.context_bytes(self._context)

    @property
    def threads(self) -> int:
        return self._threads

    def set_threads(self, count: int) -> None:
        """Between steps only. Changes the speed, never the tracks."""
        self._threads = max(1, count)
        self._library.context_resize(self._context, self._threads)

    @property
    def free_lanes(self) -> int:
        return self.lanes_max - len(self._lanes)

    def start(
        self, condition: np.ndarray | None, seed: int, frames: int, prompt: np.ndarray | None = None
    ) -> int:
        """Begins a track of `frames` new frames and gives its lane. Raises ValueError where no lane is free.

        `condition` [T, dim] is what cross-attention is given (for MusicGen: the projected T5 embedding, without
        padding); None is the null condition, without guidance. `prompt` [K, T] are tokens to go on from.
        """
        if not self.free_lanes:
            raise ValueError("no lane is free")
        track = Track(self.shape, self.windowing, frames, seed, prompt)
        number = next(i for i in range(self.lanes_max) if i not in self._lanes)
        cross, count = None, 0
        if condition is not None:
            cross, count = self._cross_cache(condition), len(condition)
        self._lanes[number] = _Lane(track, cross, count)
        for branch, cross in enumerate((cross, self._nothing)):
            sequence = self._sequences[2 * number + branch]
            sequence.cache = ctypes.pointer(self._cache(2 * number + branch))
            sequence.cross = ctypes.pointer(cross) if cross else None
            sequence.cross_count = count if branch == 0 else 16
        return number

    def _cache(self, index: int) -> native.Cache:
        cache = self._caches[index]
        if not cache.memory:
            self._create(cache, self._capacity)
        return cache

    def _create(self, cache: native.Cache, capacity: int) -> None:
        sizes = self._model.shape
        made = self._library.cache_create(
            ctypes.byref(cache), self._kv, capacity, sizes.layers, sizes.heads, sizes.head_dim
        )
        if made != 0:
            raise MemoryError("no room for a track's keys and values")

    def _cross_cache(self, condition: np.ndarray) -> native.Cache:
        if not self.shape.cross_attention:
            raise ValueError("this model takes no condition")
        condition = np.asarray(condition, np.float32)
        if condition.ndim != 2 or condition.shape[1] != self.shape.dim or not len(condition):
            raise ValueError(f"a condition is [T, {self.shape.dim}], not {condition.shape}")
        if len(condition) > native.SCRATCH_POSITIONS:
            raise ValueError("the text is too long")
        wide = np.zeros((len(condition), int(self._model.shape.dim)), np.float32)
        wide[:, : self.shape.dim] = condition
        cross = native.Cache()
        self._create(cross, len(condition))
        self._library.context_cross(self._context, ctypes.byref(cross), wide.ctypes.data, len(wide))
        return cross

    def step(self) -> list[int]:
        """Computes one pass: a new frame for every lane that has read its prompt, and some of what others still have
        to read. Gives the lanes that are finished now."""
        drawing = self._gather()
        if not self._count:
            return []
        self._forward()
        settings = native.Sampling(
            self.sampling.cfg_coef,
            self.sampling.temperature,
            self.sampling.top_p,
            self.sampling.top_k,
            self.sampling.use_sampling,
        )
        self._library.context_sample(
            self._context,
            self._logits.ctypes.data,
            self._draws.ctypes.data,
            len(drawing),
            ctypes.byref(settings),
            self._drawn.ctypes.data,
        )
        finished = []
        for index, number in enumerate(drawing):
            track = self._lanes[number].track
            track.accept(self._drawn[index])
            if track.finished:
                finished.append(number)
        return finished

    def _forward(self) -> None:
        self._library.context_forward(
            self._context,
            self._sequences,
            self._rows.ctypes.data,
            self._tokens.ctypes.data,
            self._count,
            self._logits.ctypes.data,
        )

    def _gather(self) -> list[int]:
        """Writes the rows of the next pass: those that draw first, then what is left to read."""
        self._count, self._output_count, drawing = 0, 0, []
        active = [(number, lane) for number, lane in self._lanes.items() if not lane.track.finished]
        for number, lane in sorted(active, key=lambda item: item[1].track.waiting):
            branches = 1 if lane.cross is None else 2
            room = (self._rows_max - self._count) // branches
            if room < 1:
                continue
            positions, tokens, draws = lane.track.take(room)
            if draws:
                self._draw(number, lane, branches, len(drawing))
                drawing.append(number)
            for branch in range(branches):
                self._put(2 * number + branch, positions, tokens, draws)
        return drawing

    def _draw(self, number: int, lane: _Lane, branches: int, index: int) -> None:
        draw = self._draws[index]
        draw["conditional"] = self._output_count
        draw["null"] = self._output_count + 1 if branches == 2 else -1
        draw["seed"] = lane.track.seed
        draw["frame"][: self.shape.codebooks] = lane.track.wanted()

    def _put(self, sequence: int, positions: range, tokens: np.ndarray, draws: bool) -> None:
        first, last = self._count, self._count + len(positions)
        rows = self._rows[first:last]
        rows["sequence"] = sequence
        rows["position"] = positions
        rows["output"] = -1
        self._tokens[first:last] = tokens
        self._count = last
        if draws:
            rows["output"][-1] = self._output_count
            self._output_count += 1

    def logits(self, condition: np.ndarray | None, codes: np.ndarray) -> np.ndarray:
        """What the model says after each of the tokens [K, T], which are given to it: [T + 1, branches, K, card].

        Entry t is about the frames that AudioCraft's delay pattern puts at index t + 1. Branch 0 is the condition's,
        branch 1 the null condition's. Needs a free lane; for measuring distances.
        """
        codes = np.asarray(codes)
        lane = self.start(condition, 0, 1, codes[:, : self.windowing.window - 1])
        try:
            track, branches = self._lanes[lane].track, 1 if condition is None else 2
            found, draws = [], False
            while not draws:
                self._count = self._output_count = 0
                positions, tokens, draws = track.take(self.lanes_max)
                for branch in range(branches):
                    first = self._count
                    self._put(2 * lane + branch, positions, tokens, False)
                    self._rows["output"][first : self._count] = np.arange(len(positions)) * branches + branch
                self._forward()
                rows = self._logits[: len(positions) * branches, :, : self.shape.card]
                found.append(rows.reshape(len(positions), branches, self.shape.codebooks, -1).copy())
            return np.concatenate(found)
        finally:
            self.free(lane)

    def tokens(self, lane: int) -> np.ndarray:
        """The new frames [K, frames], -1 where they are not drawn yet."""
        return self._lanes[lane].track.tokens()

    def frames_done(self, lane: int) -> int:
        """How many of the new frames are there with all codebooks: these may be decoded already."""
        return self._lanes[lane].track.frames_done

    def free(self, lane: int) -> None:
        """Ends a track, finished or not; its lane may be started anew."""
        gone = self._lanes.pop(lane)
        if gone.cross is not None:
            self._library.cache_destroy(ctypes.byref(gone.cross))

    def close(self) -> None:
        """Gives all memory back but that of the weights, which go with the last reference to them."""
        if not self._context:
            return
        for lane in list(self._lanes):
            self.free(lane)
        for cache in [*self._caches, *([self._nothing] if self._nothing else [])]:
            self._library.cache_destroy(ctypes.byref(cache))
        self._library.context_destroy(self._context)
        self._context = None

    def __del__(self) -> None:
        if getattr(self, "_context", None):
            self.close()
