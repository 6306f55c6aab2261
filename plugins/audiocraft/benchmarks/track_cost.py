"""What a whole track costs, from steps that were timed at a few positions.

A step's time grows with its position in the window, evenly between the positions measured, and a window after the first
reads its prompt first. A 60 s track would take AudioCraft a quarter of an hour to time as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lofisup_musicgen.engine import Windowing

FRAME_RATE = 50
POSITIONS = (0, 600, 1400)


@dataclass(frozen=True)
class Cost:
    """Seconds of a batch: of a step at each of POSITIONS, and of reading one position of every track."""

    batch: int
    steps: tuple[float, ...]
    reading: float

    def language_model(self, seconds: float, windowing: Windowing = Windowing(), max_delay: int = 3) -> float:
        """Seconds for a batch of tracks of that length."""
        total = 0.0
        for read, last in windows(round(seconds * FRAME_RATE), windowing, max_delay):
            total += read * self.reading
            total += float(np.interp(np.arange(read, last), POSITIONS, self.steps).sum())
        return total


def windows(frames: int, windowing: Windowing, max_delay: int) -> list[tuple[int, int]]:
    """For each window how many positions are read at its start, and at which position its steps end."""
    found, base, known = [], 0, 0
    while True:
        length = min(frames - base, windowing.window)
        found.append((known, length + max_delay))
        if base + length >= frames:
            return found
        base, known = base + windowing.stride, length - windowing.stride
