"""The same engine in torch: for a GPU, and for a machine without a C compiler or without AVX2.

Attention over a preallocated cache, the condition's keys and values computed once, many lanes in one batch. A track is
given nothing of its neighbours', but torch's own kernels may round differently in another batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from .settings import SamplingSettings
from .shape import LMShape, shape_of
from .track import Track, Windowing


class TorchLM:
    """See NativeLM: the same members, the same meaning. `weights` is fp32, fp16 or bf16."""

    def __init__(
        self,
        state: Mapping[str, Any],
        shape: LMShape,
        *,
        weights: str = "fp32",
        device: str = "cpu",
        threads: int = 1,
        lanes: int = 8,
        sampling: SamplingSettings = SamplingSettings(),
        windowing: Windowing = Windowing(),
        rows_max: int = 512,
    ) -> None:
        kind = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[weights]
        self.shape, self.lanes_max, self.sampling, self.windowing = shape, lanes, sampling, windowing
        self._device, self._rows_max = torch.device(device), rows_max
        self._state = {
            name: torch.as_tensor(value).to(self._device, kind)
            for name, value in state.items()
            if name.startswith(("transformer.", "emb.", "linears.", "out_norm."))
        }
        capacity = windowing.window + shape.max_delay
        sizes = (shape.layers, 2 * lanes, shape.heads, capacity, shape.head_dim)
        self._keys, self._values = (torch.zeros(sizes, dtype=kind, device=self._device) for _ in range(2))
        self._positions = self._position_table(capacity).to(kind)
        self._lanes: dict[int, Track] = {}
        self._cross: dict[int, list[tuple[torch.Tensor, torch.Tensor]]] = {}
        self.set_threads(threads)

    @staticmethod
    def from_audiocraft(lm: Any, **options: Any) -> TorchLM:
        return TorchLM(lm.state_dict(), shape_of(lm), **options)

    @property
    def memory_bytes(self) -> int:
        held = [*self._state.values(), self._keys, self._values]
        return sum(tensor.nbytes for tensor in held)

    def set_threads(self, count: int) -> None:
        self.threads = max(1, count)
        if self._device.type == "cpu":
            torch.set_num_threads(self.threads)

    @property
    def free_lanes(self) -> int:
        return self.lanes_max - len(self._lanes)

    @torch.no_grad()
    def start(
        self, condition: np.ndarray | None, seed: int, frames: int, prompt: np.ndarray | None = None
    ) -> int:
        if not self.free_lanes:
            raise ValueError("no lane is free")
        track = Track(self.shape, self.windowing, frames, seed, prompt)
        number = next(i for i in range(self.lanes_max) if i not in self._lanes)
        if condition is not None:
            source = torch.as_tensor(np.asarray(condition)).to(self._keys)[None]
            self._cross[number] = [self._cross_layer(i, source) for i in range(self.shape.layers)]
        self._lanes[number] = track
        return number

    def tokens(self, lane: int) -> np.ndarray:
        return self._lanes[lane].tokens()

    def frames_done(self, lane: int) -> int:
        return self._lanes[lane].frames_done

    def free(self, lane: int) -> None:
        del self._lanes[lane]
        self._cross.pop(lane, None)

    def close(self) -> None:
        self._lanes.clear()
        self._cross.clear()
        self._state = {}
        self._keys = self._values = self._keys[:0]

    @torch.no_grad()
    def step(self) -> list[int]:
        """Reads what lanes have to read, then draws a frame for each that is ready. Gives the lanes finished now."""
        active = {number: track for number, track in self._lanes.items() if not track.finished}
        for number, track in active.items():
            while track.waiting > 1:
                positions, tokens, _ = track.take(min(self._rows_max, track.waiting - 1))
                self._forward([number], np.asarray(positions)[None], tokens[None])
        if not active:
            return []
        taken = [track.take(1) for track in active.values()]
        positions = np.stack([np.asarray(one[0]) for one in taken])
        logits = self._forward(list(active), positions, np.stack([one[1] for one in taken]))[:, -1]
        tokens = self._sample(logits.float(), list(active.values()))
        for track, drawn in zip(active.values(), tokens, strict=True):
            track.accept(drawn)
        return [number for number, track in active.items() if track.finished]

    def _forward(self, lanes: list[int], positions: np.ndarray, tokens: np.ndarray) -> torch.Tensor:
        """Positions [n, T] and tokens [n, T, K] of lanes; logits [n or 2n, T, K, card], the null branches last."""
        guided = [lane for lane in lanes if lane in self._cross]
        null = [lane for lane in lanes if lane not in self._cross]
        rows = [2 * lane for lane in guided] + [2 * lane + 1 for lane in guided + null]
        order = [lanes.index(lane) for lane in [*guided, *guided, *null]]
        at = torch.as_tensor(positions[order], device=self._device)
        given = torch.as_tensor(tokens[order], device=self._device, dtype=torch.long)
        x = sum(F.embedding(given[..., k], self._state[f"emb.{k}.weight"]) for k in range(self.shape.codebooks))
        x = x + self._positions[at]
        index = torch.as_tensor(rows, device=self._device)
        for layer in range(self.shape.layers):
            x = self._layer(layer, x, index, at, guided)
        if self.shape.norm_first:
            x = self._norm(x, "out_norm")
        logits = torch.stack([self._linear(x, f"linears.{k}") for k in range(self.shape.codebooks)], dim=2)
        count = len(guided)
        mixed = logits[count:].clone()
        mixed[:count] += (logits[:count] - logits[count : 2 * count]) * self.sampling.cfg_coef
        back = [(guided + null).index(lane) for lane in lanes]
        return mixed[back]

    def _layer(
        self, layer: int, x: torch.Tensor, index: torch.Tensor, at: torch.Tensor, guided: list[int]
    ) -> torch.Tensor:
        name = f"transformer.layers.{layer}."
        if self.shape.norm_first:
            x = x + self._self_attention(layer, self._norm(x, name + "norm1"), index, at)
            if self.shape.cross_attention:
                x = x + self._cross_attention(layer, self._norm(x, name + "norm_cross"), guided)
            return x + self._feed_forward(name, self._norm(x, name + "norm2"))
        given, x = x, self._norm(x + self._self_attention(layer, x, index, at), name + "norm1")
        if self.shape.cross_attention:
            x = self._norm(x + self._cross_attention(layer, given, guided), name + "norm_cross")
        return self._norm(x + self._feed_forward(name, x), name + "norm2")

    def _self_attention(self, layer: int, x: torch.Tensor, index: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        name = f"transformer.layers.{layer}.self_attn."
        projected = F.linear(x, self._state[name + "in_proj_weight"], self._state.get(name + "in_proj_bias"))
        q, k, v = (self._split(part) for part in projected.chunk(3, dim=-1))
        self._keys[layer][index[:, None], :, at] = k.transpose(1, 2)
        self._values[layer][index[:, None], :, at] = v.transpose(1, 2)
        length = int(at.max()) + 1
        keys, values = self._keys[layer][index, :, :length], self._values[layer][index, :, :length]
        seen = torch.arange(length, device=self._device)[None, None, None] <= at[:, None, :, None]
        return self._out(F.scaled_dot_product_attention(q, keys, values, attn_mask=seen), name)

    def _cross_layer(self, layer: int, source: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        name = f"transformer.layers.{layer}.cross_attention."
        weight, bias = self._state[name + "in_proj_weight"], self._state.get(name + "in_proj_bias")
        dim = self.shape.dim
        both = F.linear(source, weight[dim:], None if bias is None else bias[dim:])
        key, value = both.chunk(2, dim=-1)
        return self._split(key), self._split(value)

    def _cross_attention(self, layer: int, x: torch.Tensor, guided: list[int]) -> torch.Tensor:
        """The guided rows come first; what the null condition adds is a constant."""
        name = f"transformer.layers.{layer}.cross_attention."
        weight, bias = self._state[name + "in_proj_weight"], self._state.get(name + "in_proj_bias")
        dim, count = self.shape.dim, len(guided)
        nothing = torch.zeros(dim, dtype=x.dtype, device=x.device) if bias is None else bias[2 * dim :]
        added = torch.empty_like(x)
        added[:] = F.linear(nothing, self._state[name + "out_proj.weight"], self._state.get(name + "out_proj.bias"))
        query = self._split(F.linear(x[:count], weight[:dim], None if bias is None else bias[:dim]))
        for row, lane in enumerate(guided):
            keys, values = self._cross[lane][layer]
            mixed = F.scaled_dot_product_attention(query[row : row + 1], keys, values)
            added[row] = self._out(mixed, name)[0]
        return added

    def _feed_forward(self, name: str, x: torch.Tensor) -> torch.Tensor:
        x = self._linear(x, name + "linear1")
        return self._linear(F.gelu(x) if self.shape.activation == "gelu" else F.relu(x), name + "linear2")

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.shape.heads, self.shape.head_dim)).transpose(1, 2)

    def _out(self, mixed: torch.Tensor, name: str) -> torch.Tensor:
        return self._linear(mixed.transpose(1, 2).flatten(2), name + "out_proj")

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self._state[name + ".weight"], self._state.get(name + ".bias"))

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(x, (self.shape.dim,), self._state[name + ".weight"], self._state[name + ".bias"], 1e-5)

    def _position_table(self, capacity: int) -> torch.Tensor:
        half = self.shape.dim // 2
        exponent = torch.arange(half, dtype=torch.float32) / (half - 1)
        phase = torch.arange(capacity, dtype=torch.float32)[:, None] / torch.tensor(self.shape.max_period) ** exponent
        return (self.shape.position_scale * torch.cat([phase.cos(), phase.sin()], dim=-1)).to(self._device)

    def _sample(self, logits: torch.Tensor, tracks: list[Track]) -> np.ndarray:
        """Logits [n, K, card] to tokens [n, K]; the random numbers are the C engine's."""
        settings = self.sampling
        if not settings.use_sampling or settings.temperature <= 0:
            return logits.argmax(-1).cpu().numpy()
        shares = torch.softmax(logits / settings.temperature, -1)
        if settings.top_p > 0:
            ordered, _ = shares.sort(-1, descending=True)
            kept = (ordered.cumsum(-1) - ordered) <= settings.top_p
            least = ordered.gather(-1, kept.sum(-1, keepdim=True) - 1)
            shares = shares * (shares >= least)
        elif 0 < settings.top_k < self.shape.card:
            shares = shares * (shares >= shares.topk(settings.top_k, dim=-1).values[..., -1:])
        sums = shares.double().cumsum(-1)
        draws = np.array([[uniform(t.seed, int(f), k) for k, f in enumerate(t.wanted())] for t in tracks])
        wanted = torch.as_tensor(draws, device=sums.device)[..., None] * sums[..., -1:]
        return torch.searchsorted(sums, wanted, right=True)[..., 0].clamp(max=self.shape.card - 1).cpu().numpy()


_WORD = 2**64 - 1


def _mix(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & _WORD
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _WORD
    return x ^ (x >> 31)


def uniform(seed: int, frame: int, codebook: int) -> float:
    """The random number in [0, 1) of a seed's frame and codebook, as kernels/sample.c has it."""
    return (_mix(_mix(_mix(seed) ^ (frame & 0xFFFFFFFF)) ^ codebook) >> 11) * 2.0**-53
