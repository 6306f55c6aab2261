"""Weights in the order in which the kernels read them, in memory or in one file that is mapped.

A file is a line of magic, the header's length, a JSON header and the arrays, each at a multiple of 64 bytes. It does
not depend on the processor, so that a copy of it serves every x86-64 machine.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .shape import LMShape

MAGIC = b"lofisup language model 1\n"
PANEL, PAD, ALIGNMENT = 16, 32, 64


def padded(size: int, multiple: int = PAD) -> int:
    return -(-size // multiple) * multiple


def padded_head_dim(shape: LMShape) -> int:
    """Heads are widened with zeros until vectors of 8 and products of 32 columns fit."""
    size = padded(shape.head_dim, 8)
    while shape.heads * size % PAD:
        size += 8
    return size


@dataclass(frozen=True)
class PackedWeights:
    """`arrays` by name; `kind` is "int8" or "fp32"."""

    shape: LMShape
    kind: str
    arrays: Mapping[str, np.ndarray]

    @property
    def memory_bytes(self) -> int:
        return sum(array.nbytes for array in self.arrays.values())

    def save(self, path: str | Path) -> None:
        """Writes one file, atomically."""
        path, table, at = Path(path), {}, 0
        for name, array in self.arrays.items():
            table[name] = {"dtype": array.dtype.str, "shape": array.shape, "offset": at}
            at = padded(at + array.nbytes, ALIGNMENT)
        header = json.dumps({"shape": self.shape.to_json(), "kind": self.kind, "arrays": table, "bytes": at}).encode()
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with scratch.open("wb") as file:
                file.write(MAGIC + f"{len(header):012d}\n".encode() + header)
                start = padded(file.tell(), ALIGNMENT)
                for name, array in self.arrays.items():
                    file.seek(start + table[name]["offset"])
                    file.write(np.ascontiguousarray(array).data)
                file.truncate(start + at)
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)

    @staticmethod
    def load(path: str | Path) -> PackedWeights:
        """Maps a file that `save` wrote. Raises ValueError for any other."""
        with Path(path).open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError(f"{path} holds no packed language model, or one of another version")
            header = json.loads(file.read(int(file.read(13))))
            start = padded(file.tell(), ALIGNMENT)
            if os.fstat(file.fileno()).st_size != start + header["bytes"]:
                raise ValueError(f"{path} is not whole")
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        arrays = {}
        for name, entry in header["arrays"].items():
            kind, size = np.dtype(entry["dtype"]), entry["shape"]
            count = int(np.prod(size))
            array = np.frombuffer(memory, kind, count, start + entry["offset"])
            arrays[name] = array.reshape(size)
        return PackedWeights(LMShape.from_json(header["shape"]), header["kind"], arrays)


def pack(state: Mapping[str, Any], shape: LMShape, kind: str = "int8", consume: bool = False) -> PackedWeights:
    """Packs an AudioCraft state dict (torch tensors or arrays, any float type).

    With `consume`, tensors leave `state` as soon as they are packed, so that both copies are never there at once.
    """
    if kind not in ("int8", "fp32"):
        raise ValueError(f"weights are int8 or fp32, not {kind}")
    source = _Source(state, consume)
    packer = _Packer(shape, kind)
    for index in range(shape.layers):
        packer.layer(index, source)
    packer.ends(source)
    return PackedWeights(shape, kind, packer.arrays)


class _Source:
    """Takes tensors by name as float32 arrays."""

    def __init__(self, state: Mapping[str, Any], consume: bool) -> None:
        self._state, self._consume = state, consume

    def take(self, name: str) -> np.ndarray:
        array = self.maybe(name)
        if array is None:
            raise KeyError(f"the state dict has no {name}")
        return array

    def maybe(self, name: str) -> np.ndarray | None:
        if name not in self._state:
            return None
        value = self._state[name]
        if self._consume and isinstance(self._state, MutableMapping):
            del self._state[name]
        if hasattr(value, "detach"):
            value = value.detach().float().cpu().numpy()
        return np.asarray(value, np.float32)


class _Packer:
    def __init__(self, shape: LMShape, kind: str) -> None:
        self.shape, self.kind = shape, kind
        self.arrays: dict[str, np.ndarray] = {}
        self.dim, self.head = padded(shape.dim), padded_head_dim(shape)

    def layer(self, index: int, source: _Source) -> None:
        """Layer scales, where there are any, are folded into the matrix before them."""
        prefix, name = f"transformer.layers.{index}.", f"{index}."
        scale = source.maybe(prefix + "layer_scale_1.scale")
        weight, bias = source.take(prefix + "self_attn.in_proj_weight"), source.maybe(prefix + "self_attn.in_proj_bias")
        self.linear(name + "qkv", *self.heads_out(weight, bias, 3))
        self.out(name + "out", source, prefix + "self_attn.out_proj", scale)
        if self.shape.cross_attention:
            self.cross(name, prefix, source)
        scale = source.maybe(prefix + "layer_scale_2.scale")
        self.linear(name + "up", source.take(prefix + "linear1.weight"), source.maybe(prefix + "linear1.bias"))
        weight, bias = source.take(prefix + "linear2.weight"), source.maybe(prefix + "linear2.bias")
        self.linear(name + "down", *_scaled(weight, bias, scale))
        for norm in ("norm1", "norm2"):
            self.norm(name + norm, source, prefix + norm)

    def cross(self, name: str, prefix: str, source: _Source) -> None:
        dim, scale = self.shape.dim, source.maybe(prefix + "layer_scale_cross.scale")
        weight = source.take(prefix + "cross_attention.in_proj_weight")
        bias = source.maybe(prefix + "cross_attention.in_proj_bias")
        query, rest = (None, None) if bias is None else (bias[:dim], bias[dim:])
        self.linear(name + "cross_q", *self.heads_out(weight[:dim], query, 1))
        self.linear(name + "cross_kv", *self.heads_out(weight[dim:], rest, 2))
        out_weight, out_bias = self.out(name + "cross_out", source, prefix + "cross_attention.out_proj", scale)
        # The null condition is zeros: every value is the bias, and so is any mean of them.
        null = np.zeros(dim, np.float32) if out_bias is None else out_bias.copy()
        if bias is not None:
            null += out_weight @ bias[2 * dim :]
        if null.any():
            self.vector(name + "null_cross", null, self.dim)
        self.norm(name + "norm_cross", source, prefix + "norm_cross")

    def ends(self, source: _Source) -> None:
        shape, card = self.shape, padded(self.shape.card)
        weights = np.zeros((shape.codebooks, card, shape.dim), np.float32)
        biases = np.zeros((shape.codebooks, card), np.float32)
        table = np.zeros((shape.codebooks, shape.card + 1, self.dim), np.float32)
        for k in range(shape.codebooks):
            weights[k, : shape.card] = source.take(f"linears.{k}.weight")
            bias = source.maybe(f"linears.{k}.bias")
            biases[k, : shape.card] = 0 if bias is None else bias
            table[k, :, : shape.dim] = source.take(f"emb.{k}.weight")
        bias = biases.reshape(-1) if biases.any() else None
        self.linear("logits", weights.reshape(-1, shape.dim), bias)
        self.arrays["embeddings"] = table
        if shape.norm_first:
            self.norm("out_norm", source, "out_norm")

    def heads_out(self, weight: np.ndarray, bias: np.ndarray | None, parts: int) -> tuple[np.ndarray, Any]:
        """Widens each head's rows of a projection."""
        heads, size = self.shape.heads, self.shape.head_dim
        wide = np.zeros((parts, heads, self.head, weight.shape[1]), np.float32)
        wide[:, :, :size] = weight.reshape(parts, heads, size, -1)
        if bias is not None:
            rows = np.zeros((parts, heads, self.head), np.float32)
            rows[:, :, :size] = bias.reshape(parts, heads, size)
            bias = rows.reshape(-1)
        return wide.reshape(-1, weight.shape[1]), bias

    def out(self, name: str, source: _Source, prefix: str, scale: np.ndarray | None) -> tuple[np.ndarray, Any]:
        heads, size = self.shape.heads, self.shape.head_dim
        weight, bias = _scaled(source.take(prefix + ".weight"), source.maybe(prefix + ".bias"), scale)
        wide = np.zeros((weight.shape[0], heads, self.head), np.float32)
        wide[:, :, :size] = weight.reshape(-1, heads, size)
        self.linear(name, wide.reshape(weight.shape[0], -1), bias)
        return weight, bias

    def linear(self, name: str, weight: np.ndarray, bias: np.ndarray | None) -> None:
        n, k = padded(weight.shape[0]), padded(weight.shape[1])
        wide = weight
        if (n, k) != weight.shape:
            wide = np.zeros((n, k), np.float32)
            wide[: weight.shape[0], : weight.shape[1]] = weight
        if self.kind == "int8":
            scale = np.abs(wide).max(axis=1) / 127
            whole = np.rint(wide / np.where(scale > 0, scale, 1)[:, None]).astype(np.int8)
            panels = whole.reshape(n // PANEL, PANEL, k // 2, 2).transpose(0, 2, 1, 3)
            self.arrays[name + ".scale"] = scale.astype(np.float32)
        else:
            panels = wide.reshape(n // PANEL, PANEL, k).transpose(0, 2, 1)
        self.arrays[name + ".panels"] = np.ascontiguousarray(panels).reshape(n, k)
        if bias is not None:
            self.vector(name + ".bias", bias, n)

    def norm(self, name: str, source: _Source, prefix: str) -> None:
        self.vector(name + ".weight", source.take(prefix + ".weight"), self.dim)
        self.vector(name + ".bias", source.take(prefix + ".bias"), self.dim)

    def vector(self, name: str, values: np.ndarray, size: int) -> None:
        wide = np.zeros(size, np.float32)
        wide[: len(values)] = values
        self.arrays[name] = wide


def _scaled(weight: np.ndarray, bias: np.ndarray | None, scale: np.ndarray | None) -> tuple[np.ndarray, Any]:
    if scale is None:
        return weight, bias
    return weight * scale[:, None], None if bias is None else bias * scale
