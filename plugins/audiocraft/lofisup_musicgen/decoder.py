"""From tokens to sound, in pieces that join."""

from __future__ import annotations

from typing import Any, Protocol

import numpy

# The codec hears this much before and after a frame (measured: beyond it nothing changes but rounding).
LEFT_FRAMES = 50
RIGHT_FRAMES = 5
PIECE_FRAMES = 250


class Stream(Protocol):
    """One track being decoded. Samples come as float32 [channels, n], as soon as they are sure."""

    def push(self, tokens: numpy.ndarray) -> numpy.ndarray: ...

    def end(self, beyond: int) -> numpy.ndarray:
        """The rest. The last `beyond` frames pushed were only there to be heard ahead and give no samples."""


class Decoder(Protocol):
    def stream(self, before: numpy.ndarray) -> Stream:
        """`before`: the tokens played before the first one, [codebooks, n]; none at a fresh start."""

    def set_threads(self, count: int) -> None: ...


class TorchDecoder:
    """AudioCraft's codec, given pieces with their surroundings.

    `onednn`: whether torch may use that library; the test model's odd shapes are fifty times slower in it.
    """

    def __init__(self, codec: Any, hop: int, *, onednn: bool = True) -> None:
        self._codec = codec
        self._hop = hop
        self._onednn = onednn

    def stream(self, before: numpy.ndarray) -> Stream:
        return _PiecewiseStream(self, before[:, -LEFT_FRAMES:])

    def set_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)

    def decode(self, tokens: numpy.ndarray, skip: int, keep: int) -> numpy.ndarray:
        """Samples of the frames skip..<skip+keep of `tokens`."""
        import torch

        device = next(self._codec.parameters()).device
        with torch.no_grad(), torch.backends.mkldnn.flags(enabled=self._onednn):
            codes = torch.from_numpy(tokens.astype(numpy.int64))[None].to(device)
            sound = self._codec.decode(codes, None)[0]
        return sound[:, skip * self._hop : (skip + keep) * self._hop].float().cpu().numpy()


class _PiecewiseStream:
    def __init__(self, decoder: TorchDecoder, before: numpy.ndarray) -> None:
        self._decoder = decoder
        self._tokens = before
        self._behind = before.shape[1]  # frames of `_tokens` that were played already

    def push(self, tokens: numpy.ndarray) -> numpy.ndarray:
        self._tokens = numpy.concatenate([self._tokens, tokens], axis=1) if self._tokens.size else tokens
        pieces = []
        while self._tokens.shape[1] - self._behind >= PIECE_FRAMES + RIGHT_FRAMES:
            pieces.append(self._piece(PIECE_FRAMES, RIGHT_FRAMES))
        return _joined(pieces)

    def end(self, beyond: int) -> numpy.ndarray:
        left = self._tokens.shape[1] - self._behind - beyond
        return self._piece(left, beyond) if left > 0 else _joined([])

    def _piece(self, frames: int, ahead: int) -> numpy.ndarray:
        end = self._behind + frames
        sound = self._decoder.decode(self._tokens[:, : end + ahead], self._behind, frames)
        kept = max(0, end - LEFT_FRAMES)
        self._tokens = self._tokens[:, kept:]
        self._behind = end - kept
        return sound


def _joined(pieces: list[numpy.ndarray]) -> numpy.ndarray:
    return numpy.concatenate(pieces, axis=1) if pieces else numpy.zeros((0, 0), dtype=numpy.float32)
