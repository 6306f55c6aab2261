"""`python -m lofisup_musicgen.download MODEL`: fetches a model's weights into the hub's local cache, with progress.

The only place where the plug-in uses the network, and only because the operator asked. Run again, it goes on where it
stopped. MODEL is a MusicGen name, or one of its parts: t5-base, facebook/encodec_32khz.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

from . import checkpoint, names, weights
from .failures import Failure
from .options import Options

SECONDS_BETWEEN = 2.0
PARTS = ("t5-", "google/flan-t5", "google-t5/", "facebook/encodec")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lofisup_musicgen.download", description=__doc__)
    parser.add_argument("model", help="small, facebook/musicgen-stereo-medium, t5-base ...")
    given = parser.parse_args(arguments)
    try:
        import huggingface_hub  # noqa: F401
    except ImportError:
        print("huggingface_hub is not installed in this Python: see install.sh", file=sys.stderr)
        return 1
    try:
        if given.model.startswith(PARTS):
            _fetch_part(given.model, weights.T5_FILES if "t5" in given.model else weights.ENCODEC_FILES)
        else:
            _fetch_model(given.model)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    except Exception as error:
        words = error.sentence if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
        print(f"the download failed: {words}\nthe same command goes on from here", file=sys.stderr)
        return 1
    print("everything is here")
    return 0


def _fetch_model(name: str) -> None:
    model = names.resolve(Options(model=name))
    if model.is_debug or model.directory is not None:
        print(f"{name} needs no download")
        return
    print(f"{model.name}: the weights' licence is {model.licence}; they may not be used on a monetised channel")
    own = os.environ.get("AUDIOCRAFT_CACHE_DIR")
    for file in (weights.LM_FILE, weights.COMPRESSION_FILE):
        _fetch(model.name, file, own)
    found = weights.find(model)
    # What the model was trained with stands in its files.
    config = checkpoint.configuration(checkpoint.read_checkpoint(found.lm))
    _fetch_part(str(config.conditioners[config.fuser.cross[0]].t5.name), weights.T5_FILES)
    codec = checkpoint.read_checkpoint(found.compression).get("pretrained")
    if codec:
        _fetch_part(str(codec), weights.ENCODEC_FILES)


def _fetch_part(repository: str, groups: tuple[tuple[str, ...], ...]) -> None:
    from huggingface_hub.errors import EntryNotFoundError

    for group in groups:
        for file in group:
            try:
                _fetch(repository, file, None)
                break
            except EntryNotFoundError:
                continue  # The other name of the same thing.
        else:
            raise Failure(f"{repository} holds none of {', '.join(group)}")


def _fetch(repository: str, file: str, cache: str | None) -> None:
    from huggingface_hub import hf_hub_download

    path = hf_hub_download(repository, file, cache_dir=cache, tqdm_class=_lines(f"{repository} {file}"))
    print(f"{repository} {file}: here ({os.path.getsize(path) / 1e6:.0f} MB)", flush=True)


def _lines(label: str) -> type[Any]:
    """Progress as lines of words instead of a bar, for a log and for whoever reads along."""
    from tqdm.auto import tqdm

    class Lines(tqdm):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            self._said = 0.0
            named["file"] = open(os.devnull, "w", encoding="utf-8")
            named.pop("name", None)
            named["disable"] = False
            super().__init__(*arguments, **named)

        def update(self, n: float | None = 1) -> bool | None:
            result = super().update(n)
            if time.monotonic() - self._said >= SECONDS_BETWEEN and self.total:
                self._said = time.monotonic()
                share = 100 * self.n // self.total
                print(f"{label}: {self.n / 1e6:.0f} of {self.total / 1e6:.0f} MB ({share:.0f} %)", flush=True)
            return result

    return Lines


if __name__ == "__main__":
    sys.exit(main())
