"""Prompts as the model hears them, computed once and kept on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy

from . import memory, weights
from .checkpoint import configuration, read_checkpoint

KEPT_MAX = 512

# Texts in, an embedding [words, width] for each out; what it is given to call raises Cancelled.
Check = Callable[[], None]
Listener = Callable[[Sequence[str], Check], list[numpy.ndarray]]


class Texts:
    """Embeddings by text; a new text costs a load of the text model, which is let go again."""

    def __init__(self, directory: Path, fingerprint: str, listen: Listener) -> None:
        self._directory = directory
        self._fingerprint = fingerprint
        self._listen = listen
        directory.mkdir(parents=True, exist_ok=True)

    def embed(self, texts: Sequence[str], check: Check) -> dict[str, numpy.ndarray]:
        known = {text: stored for text in texts if (stored := self._stored(text)) is not None}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            for text, heard in zip(new, self._listen(new, check), strict=True):
                self._keep(text, heard)
                known[text] = heard
            self._forget_oldest()
        return known

    def _path(self, text: str) -> Path:
        name = hashlib.sha256(f"{self._fingerprint}\n{text}".encode()).hexdigest()[:32]
        return self._directory / f"{name}.npy"

    def _stored(self, text: str) -> numpy.ndarray | None:
        try:
            heard = numpy.load(self._path(text), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return heard if heard.ndim == 2 and heard.dtype == numpy.float32 and heard.shape[0] else None

    def _keep(self, text: str, heard: numpy.ndarray) -> None:
        path = self._path(text)
        hidden = path.with_name(f".{path.name}.{os.getpid()}")
        with open(hidden, "wb") as file:
            numpy.save(file, heard)
        os.replace(hidden, path)

    def _forget_oldest(self) -> None:
        kept = sorted(self._directory.glob("*.npy"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in kept[KEPT_MAX:]:
            path.unlink(missing_ok=True)


def listen_with_table(conditioner: Any) -> Listener:
    """The test model's words: a look-up table."""

    def listen(texts: Sequence[str], _check: Check) -> list[numpy.ndarray]:
        import torch

        with torch.no_grad():
            # One by one: in a batch, the length of one text would be heard in another.
            return [conditioner(conditioner.tokenize([text]))[0][0].float().cpu().numpy() for text in texts]

    return listen


def listen_with_t5(found: weights.Weights) -> Listener:
    """T5 from the local cache and the model's own projection of it; both are let go when the texts are done."""

    def listen(texts: Sequence[str], check: Check) -> list[numpy.ndarray]:
        import torch
        from transformers import T5EncoderModel, T5Tokenizer

        package = read_checkpoint(found.lm)
        config = configuration(package)
        name = str(config.fuser.cross[0])
        folder = str(weights.find_t5(str(config.conditioners[name].t5.name), found.model))
        prefix = f"condition_provider.conditioners.{name}.output_proj."
        weight = package["best_state"][prefix + "weight"].float()
        bias = package["best_state"][prefix + "bias"].float()
        tokenizer = T5Tokenizer.from_pretrained(folder, local_files_only=True)
        t5 = T5EncoderModel.from_pretrained(folder, local_files_only=True).float().eval()
        heard = []
        with torch.no_grad():
            for text in texts:
                check()
                words = tokenizer([text], return_tensors="pt", padding=True)
                embedded = torch.nn.functional.linear(t5(**words).last_hidden_state, weight, bias)
                heard.append((embedded * words["attention_mask"].unsqueeze(-1))[0].numpy())
        del t5, tokenizer, package
        memory.give_back()
        return heard

    return listen
