"""The engine that is AudioCraft's own `lm.generate`: any device, one window at a time, nothing changed."""

from __future__ import annotations

from typing import Any

import numpy

from .failures import Cancelled, ran_out_of_memory
from .windows import Fragment, Pulse, Sampling, Shape, Window


class StockEngine:
    """Windows are composed one after the other, so a track sounds the same whatever is in the batch."""

    rows_max = 1

    def __init__(self, lm: Any, shape: Shape, sampling: Sampling) -> None:
        self.shape = shape
        self._lm = lm
        self._sampling = sampling
        self._admitted: list[Window] = []

    def admit(self, window: Window) -> None:
        self._admitted.append(window)

    def drop(self) -> None:
        self._admitted.clear()

    def set_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)

    def close(self) -> None:
        self._lm = None

    def advance(self, pulse: Pulse) -> list[Fragment]:
        if not self._admitted:
            return []
        window = self._admitted.pop(0)
        try:
            return [Fragment(window, self._compose(window, pulse), last=True)]
        except Cancelled:
            raise
        except Exception as error:
            if ran_out_of_memory(error):
                raise
            return [Fragment(window, last=True, error=error)]

    def _compose(self, window: Window, pulse: Pulse) -> numpy.ndarray:
        import torch
        from audiocraft.modules.conditioners import ConditioningAttributes
        from audiocraft.utils.autocast import TorchAutocast

        device = next(self._lm.parameters()).device
        name = self._lm.fuser.fuse2cond["cross"][0]
        self._lm.condition_provider = _heard(torch, name, window.text, device)
        context = torch.from_numpy(window.context.astype(numpy.int64))[None].to(device)
        start = context.shape[-1]
        half = TorchAutocast(enabled=device.type != "cpu", device_type=device.type, dtype=torch.float16)
        cuda = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=cuda), half:
            torch.manual_seed(window.seed)
            tokens = self._lm.generate(
                context if start else None,
                [ConditioningAttributes(text={name: ""})],
                max_gen_len=start + window.frames,
                callback=lambda _done, _all: pulse(1),
                use_sampling=True,
                temp=self._sampling.temperature,
                top_k=self._sampling.top_k,
                cfg_coef=self._sampling.guidance,
                two_step_cfg=False,
            )
        return tokens[0, :, start:].to("cpu").numpy().astype(numpy.int16)


def _heard(torch: Any, name: str, text: numpy.ndarray, device: Any) -> Any:
    """A condition provider that knows one prompt's embedding already: the prompt first, silence for guidance second."""

    class Heard(torch.nn.Module):
        def tokenize(self, conditions: list[Any]) -> int:
            return len(conditions)

        def forward(self, count: int) -> dict[str, Any]:
            words = torch.from_numpy(text).to(device)[None]
            silence = torch.zeros_like(words).expand(count - 1, -1, -1)
            mask = torch.ones(count, words.shape[1], device=device, dtype=torch.int)
            mask[1:] = 0
            return {name: (torch.cat([words, silence]), mask)}

    return Heard()
