"""EnCodec's decoder in our own C: the same sound as torch's to rounding, at a fraction of its time."""

from __future__ import annotations

import ctypes
import functools
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import build, native
from .encodec_weights import CodecWeights

FRAMES_MAX, STREAMS_MAX, FIRST_MIN = 40, 64, 8
SOURCES = ("encodec.c", "encodec_product.c", "encodec_lstm.c", "pool.c", "gemm_avx2.c", "gemm_avx512.c")

_pointer = ctypes.c_void_p
_int = ctypes.c_int32


class _Conv(ctypes.Structure):
    _fields_ = [("taps", _int), ("in_", _int), ("out", _int), ("panels", _pointer), ("bias", _pointer)]


class _Up(ctypes.Structure):
    _fields_ = [("stride", _int), ("in_", _int), ("out", _int), ("panels", _pointer), ("bias", _pointer)]


class _Block(ctypes.Structure):
    _fields_ = [("up", _Up), ("first", _Conv), ("second", _Conv)]


class _Lstm(ctypes.Structure):
    _fields_ = [("input", _pointer), ("hidden", _pointer), ("bias", _pointer)]


class _Codec(ctypes.Structure):
    _fields_ = [
        *((name, _int) for name in
          ("codebooks", "bins", "dimension", "width", "lstm_layers", "blocks", "reflect", "isa")),
        ("tables", _pointer), ("head", _Conv), ("lstm", _Lstm * 4), ("block", _Block * 8), ("tail", _Conv),
    ]  # fmt: skip


class _Piece(ctypes.Structure):
    _fields_ = [
        ("stream", _pointer), ("tokens", _pointer), ("frames", _int), ("last", _int), ("samples", _pointer),
        ("count", _int),
    ]  # fmt: skip


@functools.cache
def library() -> ctypes.CDLL:
    """The kernels, compiled where they are not yet. Raises build.NoKernels."""
    made = build.library("encodec", [build.KERNELS / name for name in SOURCES])
    made.decoder_create.restype = made.stream_create.restype = _pointer
    made.decoder_create.argtypes = [_pointer, ctypes.c_int]
    made.stream_create.argtypes = [_pointer]
    made.decoder_destroy.argtypes = made.stream_destroy.argtypes = [_pointer]
    made.decoder_resize.argtypes = [_pointer, ctypes.c_int]
    made.decoder_push.argtypes = [_pointer, _pointer, ctypes.c_int]
    return made


class CodecDecoder:
    """Decodes many streams; calls come from one thread at a time. Raises build.NoKernels where it cannot be had."""

    def __init__(self, weights: CodecWeights, threads: int, isa: int | None = None) -> None:
        """`isa`: 1 for AVX2, 2 for AVX-512, for tests; otherwise the best there is."""
        chosen = isa or native.isa()
        self.weights = weights
        self.library = library()
        numbers = weights.numbers
        self.codebooks: int = numbers["codebooks"]
        self.channels = 2 if numbers.get("stereo") else 1
        self.hop = 1
        for index in range(numbers["blocks"]):
            self.hop *= numbers[f"block{index}/up/stride"]
        self._arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in weights.arrays.items()}
        self.codec = self._describe(chosen)
        self.handle = self.library.decoder_create(ctypes.byref(self.codec), threads)
        if not self.handle:
            raise MemoryError("the decoder's buffers")
        self._release = weakref.finalize(self, self.library.decoder_destroy, self.handle)

    def _describe(self, isa: int) -> _Codec:
        numbers = self.weights.numbers

        def at(name: str) -> int:
            return self._arrays[name].ctypes.data

        def conv(name: str) -> _Conv:
            sizes = (numbers[f"{name}/{size}"] for size in ("taps", "in", "out"))
            return _Conv(*sizes, at(f"{name}/panels"), at(f"{name}/bias"))

        codec = _Codec(isa=isa, tables=at("tables"), head=conv("head"), tail=conv("tail"))
        for name in ("codebooks", "bins", "dimension", "width", "lstm_layers", "blocks", "reflect"):
            setattr(codec, name, numbers[name])
        for index in range(numbers["lstm_layers"]):
            codec.lstm[index] = _Lstm(*(at(f"lstm{index}/{part}") for part in ("input", "hidden", "bias")))
        for index in range(numbers["blocks"]):
            name = f"block{index}"
            sizes = (numbers[f"{name}/up/{size}"] for size in ("stride", "in", "out"))
            up = _Up(*sizes, at(f"{name}/up/panels"), at(f"{name}/up/bias"))
            codec.block[index] = _Block(up, conv(f"{name}/first"), conv(f"{name}/second"))
        return codec

    def set_threads(self, count: int) -> None:
        self.library.decoder_resize(self.handle, count)

    def stream(self) -> CodecStream:
        return CodecStream(self)

    def push(self, pieces: Sequence[tuple[CodecStream, np.ndarray, bool]]) -> list[np.ndarray]:
        """For each (stream, tokens [codebooks, frames], whether it ends) the samples [channels, n] that are sure now.

        A stream's first piece has at least FIRST_MIN frames. Streams that are pushed together share the reading of the
        LSTM's weights; what comes out does not depend on the company.
        """
        sounds: list[list[np.ndarray]] = [[] for _ in pieces]
        longest = max((tokens.shape[1] for _stream, tokens, _last in pieces), default=0)
        for start in range(0, max(longest, 1), FRAMES_MAX):
            now = []
            for index, (stream, tokens, last) in enumerate(pieces):
                part = tokens[:, start : start + FRAMES_MAX]
                ends = last and start + FRAMES_MAX >= tokens.shape[1]
                if part.shape[1] or (ends and start == 0):
                    now.append((index, stream, part, ends))
            for index, sound in self._push(now):
                sounds[index].append(sound)
        empty = np.zeros((self.channels, 0), dtype=np.float32)
        return [np.concatenate(parts, axis=1) if parts else empty for parts in sounds]

    def _push(self, now: list[tuple[int, CodecStream, np.ndarray, bool]]) -> list[tuple[int, np.ndarray]]:
        mono = [
            (index, channel, stream, tokens[channel :: self.channels], last)
            for index, stream, tokens, last in now
            for channel in range(self.channels)
        ]
        found: dict[int, dict[int, np.ndarray]] = {}
        for first in range(0, len(mono), STREAMS_MAX):
            for index, channel, sound in self._push_mono(mono[first : first + STREAMS_MAX]):
                found.setdefault(index, {})[channel] = sound
        return [(index, np.stack([by[channel] for channel in range(self.channels)])) for index, by in found.items()]

    def _push_mono(
        self, rows: list[tuple[int, int, CodecStream, np.ndarray, bool]]
    ) -> list[tuple[int, int, np.ndarray]]:
        delay = (self.weights.numbers["head/taps"] - 1) // 2

        def length(row: tuple[int, int, CodecStream, np.ndarray, bool]) -> int:
            _index, _channel, stream, tokens, last = row
            return tokens.shape[1] + (delay if last else 0) - (0 if stream.started else delay)

        rows = sorted(rows, key=length, reverse=True)
        pieces = (_Piece * len(rows))()
        held: list[tuple[np.ndarray, np.ndarray]] = []
        for place, (_index, channel, stream, tokens, last) in zip(pieces, rows, strict=True):
            if not stream.started and tokens.shape[1] < FIRST_MIN:
                raise ValueError(f"a stream begins with at least {FIRST_MIN} frames")
            codes = np.ascontiguousarray(tokens.T, dtype=np.int32)
            if codes.size and (codes.min() < 0 or codes.max() >= self.weights.numbers["bins"]):
                raise ValueError("there are tokens that are none")
            samples = np.empty((tokens.shape[1] + FIRST_MIN + 8) * self.hop, dtype=np.float32)
            held.append((codes, samples))
            place.stream, place.tokens, place.samples = stream.handles[channel], codes.ctypes.data, samples.ctypes.data
            place.frames, place.last = tokens.shape[1], int(last)
        if self.library.decoder_push(self.handle, pieces, len(rows)) != 0:
            raise MemoryError("the decoder's buffers")
        for row in rows:
            row[2].started = True
        return [
            (row[0], row[1], samples[: place.count].copy())
            for row, place, (_codes, samples) in zip(rows, pieces, held, strict=True)
        ]


class CodecStream:
    """What the decoder remembers of one track."""

    def __init__(self, decoder: CodecDecoder) -> None:
        self.started = False
        self.handles: list[Any] = []
        for _channel in range(decoder.channels):
            handle = decoder.library.stream_create(ctypes.byref(decoder.codec))
            if not handle:
                raise MemoryError("a stream of the decoder")
            self.handles.append(handle)
            weakref.finalize(self, decoder.library.stream_destroy, handle)
