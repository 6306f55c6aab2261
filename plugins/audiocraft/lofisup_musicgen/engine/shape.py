"""What kind of MusicGen a language model is: its sizes, and what of AudioCraft's many switches it uses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


class UnsupportedModel(ValueError):
    """The model uses something that this engine does not compute; AudioCraft itself does."""


@dataclass(frozen=True)
class LMShape:
    """Sizes and switches; `delays` is the codebook pattern, one delay in frames a codebook."""

    dim: int
    heads: int
    layers: int
    ff: int
    codebooks: int
    card: int
    delays: tuple[int, ...]
    norm_first: bool = True
    activation: str = "gelu"
    max_period: float = 10_000.0
    position_scale: float = 1.0
    cross_attention: bool = True

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    @property
    def max_delay(self) -> int:
        return max(self.delays)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(members: dict[str, Any]) -> LMShape:
        return LMShape(**{**members, "delays": tuple(members["delays"])})


MUSICGEN_SMALL = LMShape(dim=1024, heads=16, layers=24, ff=4096, codebooks=4, card=2048, delays=(0, 1, 2, 3))
MUSICGEN_MEDIUM = dataclasses.replace(MUSICGEN_SMALL, dim=1536, heads=24, layers=48, ff=6144)
MUSICGEN_LARGE = dataclasses.replace(MUSICGEN_SMALL, dim=2048, heads=32, layers=48, ff=8192)


def shape_of(lm: Any) -> LMShape:
    """The shape of an `audiocraft.models.lm.LMModel`. Raises UnsupportedModel with the reason."""
    transformer, provider = lm.transformer, lm.pattern_provider
    layer = transformer.layers[0]
    attention = layer.self_attn
    delays = getattr(provider, "delays", None)
    refusals = {
        "its codebooks do not follow a delay pattern": delays is None
        or bool(getattr(provider, "flatten_first", 0) or getattr(provider, "empty_initial", 0)),
        "its positions are not sinusoidal": transformer.positional_embedding != "sin",
        "its attention is not AudioCraft's own": not attention.custom,
        "its attention looks back a limited time": attention.past_context is not None,
        "it normalises queries and keys": attention.qk_layer_norm,
        "it repeats keys and values": attention.kv_repeat != 1,
        "its condition is not given by cross-attention alone": _fused_otherwise(lm),
    }
    for reason, applies in refusals.items():
        if applies:
            raise UnsupportedModel(f"this model cannot be computed by our own engine: {reason}")
    return LMShape(
        dim=lm.dim,
        heads=attention.num_heads,
        layers=len(transformer.layers),
        ff=layer.linear1.out_features,
        codebooks=lm.n_q,
        card=lm.card,
        delays=tuple(delays),
        norm_first=bool(layer.norm_first),
        activation=_activation(layer),
        max_period=float(transformer.max_period),
        position_scale=float(transformer.positional_scale),
        cross_attention=layer.cross_attention is not None,
    )


def _fused_otherwise(lm: Any) -> bool:
    """A melody is prepended, some styles are added to the input: both change more than cross-attention."""
    others = [name for how, names in lm.fuser.fuse2cond.items() if how != "cross" for name in names]
    return bool(others) or lm.fuser.cross_attention_pos_emb


def _activation(layer: Any) -> str:
    function = layer.activation
    name = getattr(function, "__name__", type(function).__name__).lower()
    if name not in ("gelu", "relu"):
        raise UnsupportedModel(f"this model cannot be computed by our own engine: its activation is {name}")
    return name
