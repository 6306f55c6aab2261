"""What the next track goes on from: the last tokens of tracks, kept on disk, a bounded number of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy

KEPT_MAX = 64


@dataclass(frozen=True)
class Tail:
    """The end of a track as tokens [codebooks, frames].

    The last `ahead` frames are past the track's end: they were composed to be heard beyond it by the decoder, and are
    the first that a track which goes on from here plays.
    """

    tokens: numpy.ndarray
    ahead: int

    def last(self, frames: int) -> Tail:
        return Tail(self.tokens[:, -max(frames, self.ahead) :], self.ahead)


class Tails:
    """Tails by turn and position. Written whole or not at all; the oldest go first."""

    def __init__(self, directory: Path, codebooks: int, cardinality: int) -> None:
        self._directory = directory
        self._codebooks = codebooks
        self._cardinality = cardinality
        directory.mkdir(parents=True, exist_ok=True)

    def _path(self, turn: str, position: int) -> Path:
        return self._directory / f"{hashlib.sha256(turn.encode()).hexdigest()[:24]}_{position}.npy"

    def get(self, turn: str, position: int) -> Tail | None:
        """None where there is none, or where the file is not what this model wrote."""
        try:
            stored = numpy.load(self._path(turn, position), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        # The first column carries the count of frames ahead, so that one file is one array.
        if stored.ndim != 2 or stored.shape[0] != self._codebooks or stored.shape[1] < 2 or stored.dtype != numpy.int16:
            return None
        ahead, tokens = int(stored[0, 0]), stored[:, 1:]
        if not 0 <= ahead <= tokens.shape[1] or tokens.min() < 0 or tokens.max() >= self._cardinality:
            return None
        return Tail(tokens, ahead)

    def put(self, turn: str, position: int, tail: Tail) -> None:
        path = self._path(turn, position)
        head = numpy.full((self._codebooks, 1), tail.ahead, dtype=numpy.int16)
        hidden = path.with_name(f".{path.name}.{os.getpid()}")
        with open(hidden, "wb") as file:
            numpy.save(file, numpy.concatenate([head, tail.tokens.astype(numpy.int16)], axis=1))
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        kept = sorted(self._directory.glob("*.npy"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in kept[KEPT_MAX:]:
            path.unlink(missing_ok=True)
