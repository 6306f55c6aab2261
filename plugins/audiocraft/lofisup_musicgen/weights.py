"""Finds weights that are on this machine already. Nothing here ever asks the network."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .failures import NotInstalled
from .names import ModelName

LM_FILE = "state_dict.bin"
COMPRESSION_FILE = "compression_state_dict.bin"
# One name of each group must be there.
T5_FILES = (("config.json",), ("model.safetensors", "pytorch_model.bin"), ("tokenizer.json", "spiece.model"))
ENCODEC_FILES = (("config.json",), ("model.safetensors", "pytorch_model.bin"))


@dataclass(frozen=True)
class Weights:
    """The two files of a MusicGen model in AudioCraft's layout."""

    model: ModelName
    lm: Path
    compression: Path

    def fingerprint(self) -> str:
        """Changes when the files do."""
        facts = [(path.stat().st_size, path.stat().st_mtime_ns) for path in (self.lm, self.compression)]
        return f"{self.model.name}:{facts}"


def hub_caches() -> list[Path]:
    """Where the hub's client keeps its files, AudioCraft's own choice first."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    hub = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    places = [Path(hub)] if hub else [Path(os.environ.get("HF_HOME") or home / "huggingface") / "hub"]
    own = os.environ.get("AUDIOCRAFT_CACHE_DIR")
    return ([Path(own)] if own else []) + [place.expanduser() for place in places]


def _snapshots(repository: str) -> Iterable[Path]:
    for cache in hub_caches():
        folder = cache / ("models--" + repository.replace("/", "--"))
        try:
            yield folder / "snapshots" / (folder / "refs" / "main").read_text(encoding="ascii").strip()
        except OSError:
            pass
        try:
            yield from sorted((folder / "snapshots").iterdir())
        except OSError:
            continue


def _holds(folder: Path, groups: tuple[tuple[str, ...], ...]) -> bool:
    return all(any((folder / name).is_file() for name in group) for group in groups)


def cached_folder(repository: str, groups: tuple[tuple[str, ...], ...]) -> Path | None:
    """The newest snapshot of a repository that holds a file of every group."""
    return next((folder for folder in _snapshots(repository) if _holds(folder, groups)), None)


def _missing(what: str, name: str, files: str) -> NotInstalled:
    places = " and ".join(str(cache) for cache in hub_caches())
    return NotInstalled(
        f"{what} {name} is not on this machine ({files} looked for in {places}): "
        f"run `lofisup backend download {name}`, or `python -m lofisup_musicgen.download {name}` with the plug-in's Python"
    )


def find(model: ModelName) -> Weights:
    """The model's files; NotInstalled says which model, where it was looked for and what to run."""
    if model.directory is not None:
        lm, compression = model.directory / LM_FILE, model.directory / COMPRESSION_FILE
        for path in (lm, compression):
            if not path.is_file():
                raise NotInstalled(f"{path} is missing: the directory must hold {LM_FILE} and {COMPRESSION_FILE}")
        return Weights(model, lm, compression)
    folder = cached_folder(model.name, ((LM_FILE,), (COMPRESSION_FILE,)))
    if folder is None:
        raise _missing("the model", model.name, f"{LM_FILE} and {COMPRESSION_FILE}")
    return Weights(model, folder / LM_FILE, folder / COMPRESSION_FILE)


def _part(name: str, owner: ModelName, groups: tuple[tuple[str, ...], ...]) -> Path | None:
    """A part that a model needs beside its own files; a directory model may bring it along in a folder."""
    short = name.rsplit("/", 1)[-1]
    beside = [] if owner.directory is None else [owner.directory / short, owner.directory.parent / short]
    for folder in beside:
        if _holds(folder, groups):
            return folder
    # The hub moved T5 below an organisation; AudioCraft still asks for the old name.
    repositories = [name] if "/" in name else [name, f"google-t5/{name}"]
    return next((found for found in (cached_folder(each, groups) for each in repositories) if found), None)


def find_t5(name: str, owner: ModelName) -> Path:
    folder = _part(name, owner, T5_FILES)
    if folder is None:
        raise _missing("the text model", name, "its configuration, weights and tokenizer")
    return folder


def find_encodec(name: str, owner: ModelName) -> Path:
    folder = _part(name, owner, ENCODEC_FILES)
    if folder is None:
        raise _missing("the audio codec", name, "its configuration and weights")
    return folder
