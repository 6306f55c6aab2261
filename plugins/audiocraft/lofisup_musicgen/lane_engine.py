"""The engine that is our own code: many tracks side by side, in C on a CPU, in torch on a GPU."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import Any

import numpy

from .engine import PackedWeights, SamplingSettings, Windowing, packing
from .windows import Fragment, Pulse, Sampling, Shape, Window

# New frames are handed over in lumps of this many: often enough for the decoder to keep up beside.
LUMP_FRAMES = 40


def settings(sampling: Sampling, shape: Shape) -> dict[str, Any]:
    """How the language model is to be made. Windows are cut by us, so its own windowing never comes into play."""
    return {
        "sampling": SamplingSettings(
            top_k=sampling.top_k, temperature=sampling.temperature, cfg_coef=sampling.guidance
        ),
        "windowing": Windowing(shape.window_frames, max(1, shape.window_frames * 3 // 5)),
    }


class LaneEngine:
    """Every window is a lane of the language model; `advance` is one frame for all of them."""

    def __init__(self, lm: Any, shape: Shape) -> None:
        """`lm` is a NativeLM or a TorchLM, made with `settings`."""
        self.shape = shape
        self.rows_max: int = lm.lanes_max
        self._lm = lm
        self._lanes: dict[int, tuple[Window, int]] = {}  # the window and how many frames were handed over
        self._refused: deque[Fragment] = deque()

    @staticmethod
    def lane_bytes(weights: PackedWeights, shape: Shape, kv: str) -> int:
        """What one track holds: keys and values of a whole window, with the prompt and without."""
        model = weights.shape
        positions = -(-(shape.window_frames + model.max_delay) // 16) * 16
        a_value = {"int8": 1, "f16": 2, "f32": 4}[kv]
        a_head = 2 * positions * (packing.padded_head_dim(model) * a_value + (4 if kv == "int8" else 0))
        return 2 * a_head * model.heads * model.layers

    def admit(self, window: Window) -> None:
        prompt = window.context if window.context.size else None
        try:
            lane = self._lm.start(window.text, window.seed, window.frames, prompt)
        except ValueError as error:
            self._refused.append(Fragment(window, last=True, error=error))
            return
        except MemoryError:
            self._free_unknown()
            raise
        self._lanes[lane] = (window, 0)

    def advance(self, pulse: Pulse) -> list[Fragment]:
        fragments = list(self._refused)
        self._refused.clear()
        if not self._lanes:
            return fragments
        finished = set(self._lm.step())
        for lane, (window, given) in list(self._lanes.items()):
            done = self._lm.frames_done(lane)
            last = lane in finished
            if not last and done - given < LUMP_FRAMES:
                continue
            tokens = self._lm.tokens(lane)[:, given:done].astype(numpy.int16)
            fragments.append(Fragment(window, tokens, last))
            self._lanes[lane] = (window, done)
            if last:
                self._lm.free(lane)
                del self._lanes[lane]
        pulse(0)
        return fragments

    def _free_unknown(self) -> None:
        """A lane that failed to begin is still taken in the language model's books."""
        for lane in range(self.rows_max):
            if lane not in self._lanes:
                with contextlib.suppress(KeyError):
                    self._lm.free(lane)

    def drop(self) -> None:
        for lane in self._lanes:
            self._lm.free(lane)
        self._lanes.clear()
        self._refused.clear()

    def set_threads(self, count: int) -> None:
        self._lm.set_threads(count)

    def close(self) -> None:
        self._lanes.clear()
        self._lm.close()
