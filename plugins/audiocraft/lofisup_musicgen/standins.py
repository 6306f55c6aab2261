"""Lets AudioCraft be imported where packages are missing that making music does not use.

AudioCraft imports everything it has: file reading (av), training (flashy, dora), melody input (librosa, torchaudio) and
text clean-up of one test model (spacy). Its own pins for these do not resolve on current Pythons. What cannot be
imported is stood in for; what can is left alone, so that a complete environment behaves as it always did.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import re
import sys
import types
from typing import Any

# What AudioCraft imports at the top of its files, and the submodules it names.
REPLACEABLE: dict[str, tuple[str, ...]] = {
    "av": (),
    "torchaudio": (),
    "xformers": ("ops",),
    "librosa": ("filters",),
    "flashy": ("distrib",),
    "spacy": (),
}
# AudioCraft's trainers, which one of its models drags in, need all of these.
SOLVERS = "audiocraft.solvers"
SOLVERS_NEED = ("flashy", "dora", "hydra", "treetable", "torchmetrics", "tensorboard")


class _Absent:
    """Stands for whatever a missing module would have offered; using it says what is missing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, member: str) -> Any:
        if member.startswith("__"):
            raise AttributeError(member)
        return _Absent(f"{self._name}.{member}")

    def __call__(self, *_arguments: Any, **_named: Any) -> Any:
        raise ImportError(f"{self._name} is not installed; only training, melodies and reading audio files need it")


class _StandIn(types.ModuleType):
    def __getattr__(self, member: str) -> Any:
        if member.startswith("__"):
            raise AttributeError(member)
        return _Absent(f"{self.__name__}.{member}")


class _Word(str):
    """A word as spacy's tokens look to AudioCraft's text clean-up."""

    is_stop = False

    @property
    def text(self) -> str:
        return str(self)

    @property
    def lemma_(self) -> str:
        return str(self).lower()


def _words_of(text: str) -> list[_Word]:
    return [_Word(word) for word in re.findall(r"\w+|[^\w\s]", text)]


class _CausalMask:
    """What AudioCraft hands to torch's own attention to say that it is causal."""


def _unbind(tensor: Any, dim: int = 0) -> Any:
    return tensor.unbind(dim)


def importable(name: str) -> bool:
    """Whether the module can be imported here; a package that is there and broken counts as missing."""
    try:
        importlib.import_module(name)
    except Exception:
        # Not only ImportError: a torchaudio built for CUDA raises OSError where there is none.
        for loaded in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[loaded]
        return False
    return True


def _stand_in(name: str, submodules: tuple[str, ...]) -> None:
    module = _StandIn(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    module.__path__ = []  # A package, so that `import name.part` is looked up in sys.modules.
    sys.modules[name] = module
    for part in submodules:
        child = _StandIn(f"{name}.{part}")
        sys.modules[child.__name__] = child
        setattr(module, part, child)


def _install() -> list[str]:
    missing = [name for name in REPLACEABLE if name not in sys.modules and not importable(name)]
    for name in missing:
        _stand_in(name, REPLACEABLE[name])
    if "xformers" in missing:
        setattr(sys.modules["xformers.ops"], "unbind", _unbind)
        setattr(sys.modules["xformers.ops"], "LowerTriangularMask", _CausalMask)
    if "spacy" in missing:
        setattr(sys.modules["spacy"], "load", lambda _language: _words_of)
    if "flashy" in missing:
        setattr(sys.modules["flashy.distrib"], "rank", lambda: 0)
        setattr(sys.modules["flashy.distrib"], "world_size", lambda: 1)
        # One process: there is nobody to tell.
        setattr(sys.modules["flashy.distrib"], "broadcast_tensors", lambda *_tensors, **_named: None)
    if SOLVERS not in sys.modules and any(
        name in missing or importlib.util.find_spec(name) is None for name in SOLVERS_NEED
    ):
        _stand_in(SOLVERS, ("compression",))
        missing.append(SOLVERS)
    return missing


def import_audiocraft() -> list[str]:
    """Imports `audiocraft.models` whatever is missing beside it; returns the names of what was stood in for.

    Raises ImportError where AudioCraft itself, torch or transformers is missing.
    """
    if "audiocraft.models" in sys.modules:
        return []
    # transformers looks packages up by itself and must not find ours: it goes first, ours are gone again after. Only
    # xformers is asked for later, by every model whose configuration says memory_efficient.
    from transformers import EncodecModel, RobertaTokenizer, T5EncoderModel, T5Tokenizer  # noqa: F401

    missing = _install()
    try:
        importlib.import_module("audiocraft.models")
    finally:
        for name in set(missing) - {"xformers"}:
            for key in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
                del sys.modules[key]
    return missing
