"""Which model is meant, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .failures import NotInstalled
from .options import Options

DEBUG = "debug"
PREFIX = "facebook/musicgen-"
META_LICENCE = "CC-BY-NC-4.0"
# The melody variants want a tune to follow and are not among them.
KNOWN = ("small", "medium", "large", "stereo-small", "stereo-medium", "stereo-large")


@dataclass(frozen=True)
class ModelName:
    """A repository of the hub, AudioCraft's test model, or a directory in AudioCraft's layout."""

    name: str
    directory: Path | None
    licence: str | None
    non_commercial: bool

    @property
    def is_debug(self) -> bool:
        return self.name == DEBUG

    @property
    def slug(self) -> str:
        """A file name for what is kept of this model."""
        return "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in self.name).strip("._")


def resolve(options: Options) -> ModelName:
    """Understands `--model`. Weights of unknown origin count as Meta's, which is the strictest case."""
    given = options.model
    if given == DEBUG:
        return ModelName(DEBUG, None, options.licence, bool(options.non_commercial))
    licence = options.licence or META_LICENCE
    strict = options.non_commercial if options.non_commercial is not None else "-NC" in licence.upper()
    if given in KNOWN:
        return ModelName(PREFIX + given, None, licence, strict)
    path = Path(given).expanduser()
    if path.is_dir():
        return ModelName(path.resolve().name, path.resolve(), licence, strict)
    if given.startswith(("/", ".", "~")):
        raise NotInstalled(f"there is no directory {given}: name one that holds state_dict.bin, or a model such as small")
    if given.count("/") == 1:
        return ModelName(given, None, licence, strict)
    known = ", ".join(KNOWN)
    raise NotInstalled(f"{given} is no MusicGen model: try {PREFIX}small, one of {known}, debug or a directory")
