"""What a language model's engine is asked and answers: windows of tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy


@dataclass(frozen=True)
class Shape:
    """What the rest needs to know of a model."""

    codebooks: int
    cardinality: int
    frame_rate: float
    window_frames: int
    sample_rate: int
    channels: int


@dataclass(frozen=True)
class Sampling:
    guidance: float
    temperature: float
    top_k: int


@dataclass(eq=False)
class Window:
    """One stretch of tokens to compose: `frames` new ones after `context`, heard through `text`."""

    text: numpy.ndarray  # float32 [words, width]: the prompt as the model hears it
    context: numpy.ndarray  # int16 [codebooks, n], n may be 0
    frames: int
    seed: int


@dataclass
class Fragment:
    """New tokens of a window, in order; `last` ends it, and so does an error, which concerns this window alone."""

    window: Window
    tokens: numpy.ndarray = field(default_factory=lambda: numpy.zeros((0, 0), dtype=numpy.int16))
    last: bool = False
    error: Exception | None = None


# Called often while an engine is at work; raises Cancelled to stop it. Its argument: frames composed since last time.
Pulse = Callable[[float], None]


class Engine(Protocol):
    """Composes tokens. Belongs to one thread."""

    shape: Shape
    rows_max: int  # windows it works on at once

    def admit(self, window: Window) -> None:
        """Takes a window to work on; at most `rows_max` at a time."""

    def advance(self, pulse: Pulse) -> list[Fragment]:
        """Works on what was admitted for a while and hands over what came of it."""

    def drop(self) -> None:
        """Forgets everything admitted."""

    def set_threads(self, count: int) -> None: ...

    def close(self) -> None: ...


def window_seed(seed: int, index: int) -> int:
    """The seed of a track's n-th window, below 2^63."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:8], "big") >> 1
