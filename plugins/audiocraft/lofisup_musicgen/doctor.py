"""`python -m lofisup_musicgen.doctor`: what this Python has of what the plug-in needs. Changes nothing."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys

from . import checkpoint, memory, names, surroundings, weights
from .failures import Failure

NEEDED = ("torch", "transformers", "huggingface_hub", "numpy", "audiocraft", "omegaconf", "einops", "julius")
COMPILERS = ("cc", "gcc", "clang")


def main() -> int:
    """0 where the plug-in can play AudioCraft's models, weights aside."""
    surroundings.prepare()
    _say("ok", "python", f"{platform.python_version()} ({sys.executable})")
    complete = all([_package(name) for name in NEEDED])
    if complete:
        complete = _imports()
    compiler = next((found for name in COMPILERS if (found := shutil.which(name))), None)
    if compiler:
        _say("ok", "compiler", compiler)
    else:
        _say("note", "compiler", "none: our own engine cannot be built and AudioCraft's is used, about 15 times slower")
    available = memory.available_bytes()
    if available is not None:
        _say("ok", "memory", f"{memory.in_words(available)} available")
    _weights()
    return 0 if complete else 1


def _say(mark: str, what: str, words: str) -> None:
    print(f"{mark:8}{what:18}{words}", flush=True)


def _package(name: str) -> bool:
    try:
        _say("ok", name, importlib.metadata.version(name))
        return True
    except importlib.metadata.PackageNotFoundError:
        _say("missing", name, "install.sh DIR makes an environment that has it")
        return False


def _imports() -> bool:
    try:
        replaced = checkpoint.import_libraries()
    except Failure as failure:
        _say("broken", "import", failure.sentence)
        return False
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    _say("ok", "import", f"AudioCraft imports; not needed and not here: {', '.join(replaced) or 'nothing'}")
    _say("ok", "gpu", gpu)
    return True


def _weights() -> None:
    present = [
        name for name in names.KNOWN
        if weights.cached_folder(names.PREFIX + name, ((weights.LM_FILE,), (weights.COMPRESSION_FILE,)))
    ]  # fmt: skip
    places = ", ".join(str(cache) for cache in weights.hub_caches())
    if present:
        _say("ok", "weights", f"{', '.join(present)} (in {places})")
    else:
        _say("note", "weights", f"none in {places}: python -m lofisup_musicgen.download small")


if __name__ == "__main__":
    sys.exit(main())
