"""MusicGen's language model, made fast: our own C kernels on a CPU, torch elsewhere."""

from .build import NoKernels
from .lm import NativeLM
from .packing import PackedWeights, pack
from .settings import SamplingSettings
from .shape import MUSICGEN_LARGE, MUSICGEN_MEDIUM, MUSICGEN_SMALL, LMShape, UnsupportedModel, shape_of
from .track import Track, Windowing

__all__ = [
    "MUSICGEN_LARGE",
    "MUSICGEN_MEDIUM",
    "MUSICGEN_SMALL",
    "LMShape",
    "NativeLM",
    "NoKernels",
    "PackedWeights",
    "SamplingSettings",
    "Track",
    "UnsupportedModel",
    "Windowing",
    "pack",
    "shape_of",
]
