"""Writes a WAV file of 32-bit floats piece by piece, so that an hour of music needs no more memory than a second."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy

FLOAT_FORMAT = 3


class WavFile:
    """A file that carries a hidden name until `close` makes it whole under its own. One life: open, append, close.

    `discard` takes it away again; a process that dies leaves at most a hidden file.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self.path = path
        self._rate = rate
        self._channels = channels
        self._frames = 0
        self._hidden = path.with_name(f".{path.name}.part")
        self._file = open(self._hidden, "wb")
        self._file.write(self._header())

    @property
    def frames(self) -> int:
        return self._frames

    def append(self, samples: numpy.ndarray) -> None:
        """Takes samples shaped [channels, frames]."""
        interleaved = numpy.ascontiguousarray(samples.T, dtype="<f4")
        self._file.write(interleaved.tobytes())
        self._frames += interleaved.shape[0]

    def close(self) -> None:
        self._file.seek(0)
        self._file.write(self._header())
        self._file.close()
        os.replace(self._hidden, self.path)

    def discard(self) -> None:
        self._file.close()
        self._hidden.unlink(missing_ok=True)

    def _header(self) -> bytes:
        block = 4 * self._channels
        data = self._frames * block
        # A float format wants the extension's size and a fact chunk with the number of frames.
        fmt = struct.pack("<HHIIHHH", FLOAT_FORMAT, self._channels, self._rate, self._rate * block, block, 32, 0)
        chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"fact" + struct.pack("<II", 4, self._frames)
        riff = b"RIFF" + struct.pack("<I", 4 + len(chunks) + 8 + data) + b"WAVE"
        return riff + chunks + b"data" + struct.pack("<I", data)
