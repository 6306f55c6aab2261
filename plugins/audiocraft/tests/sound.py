"""Reads the files that the plug-in writes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy


def read(path: Path) -> tuple[numpy.ndarray, int]:
    """([channels, frames], rate) of a WAV file of 32-bit floats, every size in its header checked."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    chunks, at = {}, 12
    while at < len(data):
        name, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        chunks[name] = data[at + 8 : at + 8 + size]
        assert len(chunks[name]) == size
        at += 8 + size
    kind, channels, rate, _bytes, _block, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
    assert (kind, bits) == (3, 32)
    samples = numpy.frombuffer(chunks[b"data"], dtype="<f4").reshape(-1, channels).T
    assert struct.unpack("<I", chunks[b"fact"])[0] == samples.shape[1]
    return samples, rate


def seconds(path: Path) -> float:
    samples, rate = read(path)
    return samples.shape[1] / rate
