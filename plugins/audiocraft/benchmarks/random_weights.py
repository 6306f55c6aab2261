"""Weights of a real model's shapes, drawn at random: speed does not depend on their values, sound does."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import numpy as np

from lofisup_musicgen.engine import LMShape


class RandomState(Mapping[str, np.ndarray]):
    """AudioCraft's state dict of a language model of `shape`; each tensor is made when it is asked for.

    Matrices keep the size of what they multiply, so that activations stay in the range of a trained model.
    """

    def __init__(self, shape: LMShape, seed: int = 0) -> None:
        self._seed, self._sizes = seed, dict(sizes(shape))

    def __getitem__(self, name: str) -> np.ndarray:
        size = self._sizes[name]
        random = np.random.default_rng([self._seed, zlib.crc32(name.encode())])
        if len(size) == 2:
            scale = 1.0 if name.startswith("emb.") else size[1] ** -0.5
            return random.standard_normal(size, np.float32) * np.float32(scale)
        middle = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        return np.float32(middle) + 0.1 * random.standard_normal(size, np.float32)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sizes)

    def __len__(self) -> int:
        return len(self._sizes)


def sizes(shape: LMShape) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and sizes as AudioCraft's released models have them: no biases in attention and the feed-forward part."""
    dim = shape.dim
    for k in range(shape.codebooks):
        yield f"emb.{k}.weight", (shape.card + 1, dim)
        yield f"linears.{k}.weight", (shape.card, dim)
    for i in range(shape.layers):
        prefix = f"transformer.layers.{i}."
        for name in ("self_attn", "cross_attention"):
            yield f"{prefix}{name}.in_proj_weight", (3 * dim, dim)
            yield f"{prefix}{name}.out_proj.weight", (dim, dim)
        yield f"{prefix}linear1.weight", (shape.ff, dim)
        yield f"{prefix}linear2.weight", (dim, shape.ff)
        for name in ("norm1", "norm2", "norm_cross"):
            yield f"{prefix}{name}.weight", (dim,)
            yield f"{prefix}{name}.bias", (dim,)
    yield "out_norm.weight", (dim,)
    yield "out_norm.bias", (dim,)
