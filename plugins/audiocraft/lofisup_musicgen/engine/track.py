"""The order in which a track's tokens are made: AudioCraft's delayed codebooks, and windows beyond the model's length.

A window is a sequence of its own: a column of special tokens, then the codebooks, each delayed. A track that is longer
than a window, and a track that continues another, are the same thing: a window that begins with tokens that are known
(the prompt), read in one go before the first new one is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shape import LMShape


@dataclass(frozen=True)
class Windowing:
    """`window` frames are what the model was trained on; a further window begins `stride` frames after the last one.

    AudioCraft's are 30 s and 18 s: 12 s are read again. A longer stride reads less again and remembers less.
    """

    window: int = 1500
    stride: int = 900

    def __post_init__(self) -> None:
        if not 0 < self.stride < self.window:
            raise ValueError(f"a stride of {self.stride} frames does not fit a window of {self.window}")


class Track:
    """The tokens of one track and the place in its window. Makes no sound and computes nothing."""

    UNKNOWN = -1

    def __init__(self, shape: LMShape, windowing: Windowing, frames: int, seed: int, prompt: np.ndarray | None) -> None:
        prompt = np.zeros((shape.codebooks, 0), np.int32) if prompt is None else np.asarray(prompt, np.int32)
        if frames < 1:
            raise ValueError("a track has at least one frame")
        if prompt.ndim != 2 or prompt.shape[0] != shape.codebooks:
            raise ValueError(f"a prompt has {shape.codebooks} codebooks, not the shape {prompt.shape}")
        if prompt.shape[1] >= windowing.window:
            raise ValueError(f"a prompt of {prompt.shape[1]} frames fills the window of {windowing.window}")
        if prompt.size and not (0 <= prompt.min() and prompt.max() < shape.card):
            raise ValueError("a prompt's tokens are out of range")
        self.shape, self.windowing, self.seed = shape, windowing, seed & (2**64 - 1)
        self.prompt_frames, self.frames = prompt.shape[1], frames
        self.codes = np.full((shape.codebooks, self.prompt_frames + frames), self.UNKNOWN, np.int32)
        self.codes[:, : self.prompt_frames] = prompt
        self._delays = np.asarray(shape.delays)
        self.finished = False
        self.passes = 0
        """Positions computed so far, what was read again included."""
        self._open(0, self.prompt_frames)

    def _open(self, base: int, known_frames: int) -> None:
        self._base = base
        self._length = min(self.codes.shape[1] - base, self.windowing.window)
        self._steps = self._length + self.shape.max_delay  # the last index of the window's sequence
        self._known = known_frames  # the last index whose tokens are known
        self._position = 0  # the next index to compute

    @property
    def waiting(self) -> int:
        """Positions that can be computed now: one when a new frame is to be drawn, more while a prompt is read."""
        return 0 if self.finished else self._known + 1 - self._position

    @property
    def frames_done(self) -> int:
        """New frames that will not change any more, with all codebooks."""
        if self.finished:
            return self.frames
        done = self._base + min(self._known - self.shape.max_delay, self._length) - self.prompt_frames
        return max(0, done, self._base + self._known_before - self.prompt_frames)

    @property
    def _known_before(self) -> int:
        """Frames of this window that the one before has made."""
        return self.windowing.window - self.windowing.stride if self._base else 0

    def take(self, most: int) -> tuple[range, np.ndarray, bool]:
        """The next positions, at most `most`, their tokens [n, K], and whether the last one draws."""
        first, last = self._position, min(self._position + most, self._known + 1)
        self._position = last
        self.passes += last - first
        frame = np.arange(first, last)[:, None] - 1 - self._delays[None, :]
        inside = (frame >= 0) & (frame < self._length)
        tokens = self.codes[np.arange(self.shape.codebooks)[None, :], self._base + np.where(inside, frame, 0)]
        return range(first, last), np.where(inside, tokens, self.shape.card).astype(np.int32), last == self._known + 1

    def wanted(self) -> np.ndarray:
        """For each codebook the new frame that the next draw decides, -1 where it decides none."""
        frame = self._known - self._delays
        inside = (frame >= 0) & (frame < self._length)
        at = self._base + np.where(inside, frame, 0)
        unknown = self.codes[np.arange(self.shape.codebooks), at] == self.UNKNOWN
        return np.where(inside & unknown, at - self.prompt_frames, -1).astype(np.int32)

    def accept(self, tokens: np.ndarray) -> None:
        """Takes what was drawn [K]; opens the next window where this one is full."""
        wanted = self.wanted()
        some = np.flatnonzero(wanted >= 0)
        self.codes[some, wanted[some] + self.prompt_frames] = tokens[some]
        self._known += 1
        if self._known < self._steps:
            return
        if self._base + self._length == self.codes.shape[1]:
            self.finished = True
        else:
            stride = self.windowing.stride
            self._open(self._base + stride, self._length - stride)

    def tokens(self) -> np.ndarray:
        """The new frames [K, frames]; -1 where they are not drawn yet."""
        return self.codes[:, self.prompt_frames :]
