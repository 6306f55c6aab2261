"""From tokens to sound, in pieces that join."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy

from .engine.encodec import FIRST_MIN, CodecDecoder, CodecStream

# The codec hears this much before and after a frame (measured: beyond it nothing changes but rounding).
LEFT_FRAMES = 50
RIGHT_FRAMES = 5
PIECE_FRAMES = 250

Tokens = numpy.ndarray  # int16 [codebooks, frames]
Sound = numpy.ndarray  # float32 [channels, samples]


class Piece:
    """Tokens for a stream. Where they end it, the last `beyond` frames are only to be heard ahead and give no sound."""

    def __init__(self, stream: Any, tokens: Tokens, ends: bool = False, beyond: int = 0) -> None:
        self.stream = stream
        self.tokens = tokens
        self.ends = ends
        self.beyond = beyond


class Decoder(Protocol):
    """Belongs to one thread."""

    def stream(self, before: Tokens) -> Any:
        """A track to be decoded. `before`: what was played before its first frame; nothing at a fresh start."""

    def push(self, pieces: Sequence[Piece]) -> list[Sound]:
        """For each piece, of different streams, the sound that is sure now."""

    def set_threads(self, count: int) -> None: ...


def joined(parts: list[Sound], channels: int) -> Sound:
    return numpy.concatenate(parts, axis=1) if parts else numpy.zeros((channels, 0), dtype=numpy.float32)


class TorchDecoder:
    """AudioCraft's codec, given pieces with their surroundings.

    `onednn`: whether torch may use that library; the odd shapes of small codecs are fifty times slower in it.
    """

    def __init__(self, codec: Any, hop: int, *, onednn: bool = True) -> None:
        self.channels = int(codec.channels)
        self._codec = codec
        self._hop = hop
        self._onednn = onednn

    def stream(self, before: Tokens) -> _Surrounded:
        return _Surrounded(self, before[:, -LEFT_FRAMES:])

    def push(self, pieces: Sequence[Piece]) -> list[Sound]:
        return [piece.stream.push(piece) for piece in pieces]

    def set_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)

    def decode(self, tokens: Tokens, skip: int, keep: int) -> Sound:
        """The sound of the frames skip..<skip+keep of `tokens`."""
        import torch

        device = next(self._codec.parameters()).device
        with torch.no_grad(), torch.backends.mkldnn.flags(enabled=self._onednn):
            codes = torch.from_numpy(tokens.astype(numpy.int64))[None].to(device)
            sound = self._codec.decode(codes, None)[0]
        return sound[:, skip * self._hop : (skip + keep) * self._hop].float().cpu().numpy()


class _Surrounded:
    """A stream of TorchDecoder: tokens that wait, and those played that are still heard."""

    def __init__(self, decoder: TorchDecoder, before: Tokens) -> None:
        self._decoder = decoder
        self._tokens = before
        self._behind = before.shape[1]

    def push(self, piece: Piece) -> Sound:
        self._tokens = numpy.concatenate([self._tokens, piece.tokens], axis=1)
        sounds = []
        while self._tokens.shape[1] - self._behind >= PIECE_FRAMES + RIGHT_FRAMES:
            sounds.append(self._next(PIECE_FRAMES, RIGHT_FRAMES))
        left = self._tokens.shape[1] - self._behind - piece.beyond
        if piece.ends and left > 0:
            sounds.append(self._next(left, piece.beyond))
        return joined(sounds, self._decoder.channels)

    def _next(self, frames: int, ahead: int) -> Sound:
        end = self._behind + frames
        sound = self._decoder.decode(self._tokens[:, : end + ahead], self._behind, frames)
        kept = max(0, end - LEFT_FRAMES)
        self._tokens = self._tokens[:, kept:]
        self._behind = end - kept
        return sound


class KernelDecoder:
    """EnCodec in our own C. It remembers what it has heard, so nothing is decoded twice within a track."""

    def __init__(self, codec: CodecDecoder) -> None:
        self._codec = codec

    def stream(self, before: Tokens) -> _Remembered:
        return _Remembered(self._codec.stream(), before[:, -LEFT_FRAMES:], self._codec.hop)

    def set_threads(self, count: int) -> None:
        self._codec.set_threads(count)

    def push(self, pieces: Sequence[Piece]) -> list[Sound]:
        ready = [piece for piece in pieces if piece.stream.take(piece)]
        sounds = self._codec.push([(piece.stream.inner, piece.stream.waiting(), piece.ends) for piece in ready])
        made = {id(piece): piece.stream.cut(sound, piece) for piece, sound in zip(ready, sounds, strict=True)}
        return [made.get(id(piece), joined([], self._codec.channels)) for piece in pieces]


class _Remembered:
    """A stream of KernelDecoder: what waits to be decoded, and how much of the sound was not asked for.

    The last frames are held back until the end is known, so that `beyond` can be cut from what was not handed over.
    """

    def __init__(self, inner: CodecStream, before: Tokens, hop: int) -> None:
        self.inner = inner
        self._hop = hop
        self._waiting = before
        self._ready = 0
        self._skip = before.shape[1] * hop

    def take(self, piece: Piece) -> bool:
        """Whether there is something to decode now."""
        self._waiting = numpy.concatenate([self._waiting, piece.tokens], axis=1)
        count = self._waiting.shape[1]
        if piece.ends and not self.inner.started and count < FIRST_MIN:
            # A track of a moment: its last frame is held, and cut off again.
            held = numpy.repeat(self._waiting[:, -1:], FIRST_MIN - count, axis=1)
            self._waiting = numpy.concatenate([self._waiting, held], axis=1)
            piece.beyond += held.shape[1]
        self._ready = self._waiting.shape[1] if piece.ends else count - RIGHT_FRAMES
        return piece.ends or self._ready >= (1 if self.inner.started else FIRST_MIN)

    def waiting(self) -> Tokens:
        tokens, self._waiting = self._waiting[:, : self._ready], self._waiting[:, self._ready :]
        return tokens

    def cut(self, sound: Sound, piece: Piece) -> Sound:
        skipped = min(self._skip, sound.shape[1])
        self._skip -= skipped
        beyond = piece.beyond * self._hop if piece.ends else 0
        return sound[:, skipped : sound.shape[1] - beyond]
