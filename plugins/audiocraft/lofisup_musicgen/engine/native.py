"""The C engine as Python sees it: its structures, and which files it is made of."""

from __future__ import annotations

import ctypes
import functools
import os
from ctypes import POINTER, Structure, c_double, c_float, c_int, c_int32, c_size_t, c_void_p

import numpy as np

from . import build
from .packing import PackedWeights, padded, padded_head_dim

CACHE_KINDS = {"f32": 0, "f16": 1, "int8": 2}
SCRATCH_POSITIONS = 4096  # as many positions as the kernels' scratch holds
CODEBOOKS_MAX = 16


class Linear(Structure):
    _fields_ = [("n", c_int32), ("k", c_int32), ("panels", c_void_p), ("scale", c_void_p), ("bias", c_void_p)]


class Norm(Structure):
    _fields_ = [("weight", c_void_p), ("bias", c_void_p)]


class Layer(Structure):
    _fields_ = [
        *((name, Linear) for name in ("qkv", "out", "cross_q", "cross_kv", "cross_out", "up", "down")),
        *((name, Norm) for name in ("norm1", "norm_cross", "norm2")),
        ("null_cross", c_void_p),
    ]


class Shape(Structure):
    _fields_ = [
        *((name, c_int32) for name in ("dim", "heads", "head_dim", "ff", "layers", "codebooks", "card")),
        *((name, c_int32) for name in ("dim_true", "card_true", "norm_first", "activation", "weight_kind", "isa")),
        ("attention_scale", c_float),
    ]


class Model(Structure):
    _fields_ = [
        ("shape", Shape),
        ("layers", POINTER(Layer)),
        ("logits", Linear),
        ("out_norm", Norm),
        ("embeddings", c_void_p),
        ("positions", c_void_p),
    ]


class Cache(Structure):
    _fields_ = [
        *((name, c_int32) for name in ("capacity", "kind", "head_dim", "layers", "heads")),
        *((name, c_size_t) for name in ("region", "value_offset", "key_scale_offset", "value_scale_offset", "bytes")),
        ("memory", c_void_p),
    ]


class Sequence(Structure):
    _fields_ = [("cache", POINTER(Cache)), ("cross", POINTER(Cache)), ("cross_count", c_int32)]


ROW = np.dtype([("sequence", np.int32), ("position", np.int32), ("output", np.int32)], align=True)
DRAW = np.dtype(
    [("conditional", np.int32), ("null", np.int32), ("seed", np.uint64), ("frame", np.int32, (CODEBOOKS_MAX,))],
    align=True,
)


class Sampling(Structure):
    _fields_ = [
        ("guidance", c_float),
        ("temperature", c_float),
        ("top_p", c_float),
        ("top_k", c_int32),
        ("sampling", c_int32),
    ]


@functools.cache
def library() -> ctypes.CDLL:
    """The kernels, compiled where they are not yet. Raises build.NoKernels."""
    sources = [path for path in build.KERNELS.glob("*.c") if not path.name.startswith("encodec")]
    lm = build.library("lm", sources)
    void, pointer = None, c_void_p
    for name, result, arguments in (
        ("isa_best", c_int, []),
        ("measure_read", c_double, [c_int, c_int]),
        ("measure_products", c_double, [c_int, c_int, c_int]),
        ("context_create", pointer, [POINTER(Model), c_int, c_int]),
        ("context_destroy", void, [pointer]),
        ("context_resize", void, [pointer, c_int]),
        ("context_bytes", c_size_t, [pointer]),
        ("context_forward", void, [pointer, POINTER(Sequence), pointer, pointer, c_int, pointer]),
        ("context_cross", void, [pointer, POINTER(Cache), pointer, c_int]),
        ("context_sample", void, [pointer, pointer, pointer, c_int, POINTER(Sampling), pointer]),
        ("cache_create", c_int, [POINTER(Cache), c_int, c_int, c_int, c_int, c_int]),
        ("cache_destroy", void, [POINTER(Cache)]),
    ):
        function = getattr(lm, name)
        function.restype, function.argtypes = result, arguments
    return lm


def isa() -> int:
    """The instruction set to use: the best there is, or what LOFISUP_ISA (avx2, avx512) asks for and there is.

    Raises build.NoKernels on a processor without AVX2.
    """
    best = library().isa_best()
    if best == 0:
        raise build.NoKernels("this processor has no AVX2: the torch engine is used")
    wanted = {"avx2": 1, "avx512": 2}.get(os.environ.get("LOFISUP_ISA", ""), best)
    return min(wanted, best)


def model(weights: PackedWeights, capacity: int) -> tuple[Model, list[object]]:
    """The structure that the kernels read, and what must live as long as it."""
    shape, arrays, kept = weights.shape, weights.arrays, []

    def address(name: str) -> int | None:
        return arrays[name].ctypes.data if name in arrays else None

    def linear(name: str) -> Linear:
        if name + ".panels" not in arrays:
            return Linear()
        n, k = arrays[name + ".panels"].shape
        return Linear(n, k, address(name + ".panels"), address(name + ".scale"), address(name + ".bias"))

    def norm(name: str) -> Norm:
        return Norm(address(name + ".weight"), address(name + ".bias"))

    layers = (Layer * shape.layers)()
    for index, layer in enumerate(layers):
        for name, kind in Layer._fields_[:-1]:
            setattr(layer, name, (linear if kind is Linear else norm)(f"{index}.{name}"))
        layer.null_cross = address(f"{index}.null_cross")
    positions = position_table(weights, capacity)
    kept += [layers, positions, arrays]
    sizes = Shape(
        dim=padded(shape.dim),
        heads=shape.heads,
        head_dim=padded_head_dim(shape),
        ff=padded(shape.ff),
        layers=shape.layers,
        codebooks=shape.codebooks,
        card=padded(shape.card),
        dim_true=shape.dim,
        card_true=shape.card,
        norm_first=shape.norm_first,
        activation=int(shape.activation == "gelu"),
        weight_kind=int(weights.kind == "int8"),
        isa=isa(),
        attention_scale=shape.head_dim**-0.5,
    )
    pointer = ctypes.cast(layers, POINTER(Layer))
    made = Model(sizes, pointer, linear("logits"), norm("out_norm"), address("embeddings"), positions.ctypes.data)
    return made, kept


def position_table(weights: PackedWeights, capacity: int) -> np.ndarray:
    """AudioCraft's sinusoidal positions, in its own float32 arithmetic, which shows at late positions."""
    shape = weights.shape
    half = shape.dim // 2
    exponent = np.arange(half, dtype=np.float32) / np.float32(half - 1)
    phase = np.arange(capacity, dtype=np.float32)[:, None] / np.float32(shape.max_period) ** exponent[None, :]
    table = np.zeros((capacity, padded(shape.dim)), np.float32)
    table[:, : 2 * half] = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    return table * np.float32(shape.position_scale)
