"""Language models for the engine's tests: AudioCraft's own modules with random weights."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from lofisup_musicgen.engine import LMShape, NativeLM, SamplingSettings, Windowing  # noqa: E402
from lofisup_musicgen.standins import import_audiocraft  # noqa: E402

import_audiocraft()
torch.set_num_threads(1)

GREEDY = SamplingSettings(use_sampling=False)


def debug_model() -> Any:
    """AudioCraft's test model, norms last and ReLU, with biases that are not all zero."""
    from audiocraft.models import MusicGen

    torch.manual_seed(0)
    model = MusicGen.get_pretrained("debug", device="cpu")
    for name, parameter in model.lm.named_parameters():
        if "bias" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


STEREO_DELAYS = [0, 0, 1, 1, 2, 2, 3, 3]


def wide_lm(
    layers: int = 2, card: int = 2048, dim: int = 1024, heads: int = 16, delays: list[int] | None = None
) -> Any:
    """Layers as musicgen-small has them: 1024 wide, 16 heads, norms first, GELU, no biases but the norms'."""
    from audiocraft.models.lm import LMModel
    from audiocraft.modules.codebooks_patterns import DelayedPatternProvider
    from audiocraft.modules.conditioners import ConditionFuser, ConditioningProvider, LUTConditioner

    torch.manual_seed(1)
    delays = delays or [0, 1, 2, 3]
    conditioner = LUTConditioner(n_bins=128, dim=16, output_dim=dim, tokenizer="whitespace")
    fuser = ConditionFuser({"cross": ["description"], "prepend": [], "sum": [], "input_interpolate": []})
    lm = LMModel(
        DelayedPatternProvider(len(delays), delays),
        ConditioningProvider({"description": conditioner}),
        fuser,
        n_q=len(delays),
        card=card,
        dim=dim,
        num_heads=heads,
        num_layers=layers,
        norm_first=True,
        bias_proj=False,
        bias_ff=False,
        bias_attn=False,
        causal=True,
        custom=False,
        memory_efficient=True,
        cross_attention=True,
        activation="gelu",
        weight_init="gaussian",
        depthwise_init="current",
        zero_bias_init=True,
    )
    for name, parameter in lm.named_parameters():
        if "norm" in name:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return lm.eval()


def attributes(text: str) -> list[Any]:
    from audiocraft.modules.conditioners import ConditioningAttributes

    return [ConditioningAttributes(text={"description": text})]


@torch.no_grad()
def condition_of(lm: Any, text: str) -> np.ndarray:
    provider = lm.condition_provider
    return provider(provider.tokenize(attributes(text)))["description"][0][0].numpy()


def run(engine: Any, *starts: tuple) -> list[np.ndarray]:
    """The tokens of tracks that were started together."""
    lanes = [engine.start(*start) for start in starts]
    left = set(lanes)
    while left:
        left -= set(engine.step())
    found = [engine.tokens(lane).copy() for lane in lanes]
    for lane in lanes:
        engine.free(lane)
    return found


__all__ = [
    "GREEDY",
    "STEREO_DELAYS",
    "LMShape",
    "NativeLM",
    "Windowing",
    "attributes",
    "condition_of",
    "debug_model",
    "run",
    "wide_lm",
]
