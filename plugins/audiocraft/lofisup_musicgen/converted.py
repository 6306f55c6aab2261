"""A model converted for the C engine: kept in the station's directory, so that the next load takes a second.

Converting and reading prompts need torch, which this process then never imports: a second process does it, and its
memory is gone with it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy

from . import failures, weights
from .engine.encodec_weights import CodecWeights
from .engine.packing import PackedWeights
from .failures import Failure, NotInstalled
from .names import ModelName
from .windows import Shape

LM_FILE, CODEC_FILE, FACTS_FILE = "lm.packed", "codec.npz", "model.json"
# Counts up when what stands in the files changes its meaning.
FORMAT = 1
CODE_PREFIX = "lofisup-failure "

Check = Callable[[], None]


@dataclasses.dataclass(frozen=True)
class Converted:
    """The folder of one model, complete."""

    folder: Path
    shape: Shape

    def language_model(self) -> PackedWeights:
        return PackedWeights.load(self.folder / LM_FILE)

    def codec(self) -> CodecWeights:
        return CodecWeights.load(self.folder / CODEC_FILE)


def fingerprint(model: ModelName) -> str:
    """Changes when the weights do."""
    if not model.is_debug:
        return weights.find(model).fingerprint()
    try:
        return f"debug:{importlib.metadata.version('torch')}:{importlib.metadata.version('audiocraft')}"
    except importlib.metadata.PackageNotFoundError as missing:
        raise NotInstalled(
            f"{missing.name} is not installed in this Python: install it with the plug-in's install.sh, "
            "or see `python -m lofisup_musicgen.doctor`"
        ) from missing


def folder_of(model: ModelName, kind: str, directory: Path) -> Path:
    mark = hashlib.sha256(f"{FORMAT}\n{kind}\n{fingerprint(model)}".encode()).hexdigest()[:16]
    return directory / model.slug / "converted" / f"{kind}-{mark}"


def find(folder: Path) -> Converted | None:
    """The converted model in a folder; None where there is none or it is not whole."""
    try:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        shape = Shape(**facts["shape"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Converted(folder, shape) if all((folder / name).is_file() for name in (LM_FILE, CODEC_FILE)) else None


def convert(arguments: Sequence[str], folder: Path, check: Check) -> Converted:
    """Has another process convert the model that `arguments` of the command line name. A folder is there whole or not
    at all; those of other weights or kinds go."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        _ask(["convert", str(scratch), *arguments], "", check)
        shutil.rmtree(folder, ignore_errors=True)  # A spoilt one.
        os.replace(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    found = find(folder)
    if found is None:
        raise Failure(f"the converted model in {folder} is not whole: remove that folder and load again")
    return found


def listen(arguments: Sequence[str], texts: Sequence[str], check: Check) -> list[numpy.ndarray]:
    """Has another process load the text model and read prompts."""
    with tempfile.TemporaryDirectory(prefix="lofisup-texts-") as scratch:
        _ask(["listen", scratch, *arguments], json.dumps(list(texts)), check)
        return [numpy.load(Path(scratch) / f"{index}.npy", allow_pickle=False) for index in range(len(texts))]


def _ask(command: list[str], words: str, check: Check) -> None:
    """Runs the module `prepare`; what it refuses is raised here as if it had happened here."""
    environment = {**os.environ, "PYTHONPATH": _path()}
    environment.pop("LOFISUP_PLUGIN_FD", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "lofisup_musicgen.prepare", *command],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    try:
        first: str | None = words
        while True:
            check()
            try:
                _output, log = process.communicate(first, timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                first = None
    except BaseException:
        process.kill()
        process.communicate()
        raise
    _judge(process.returncode, log)


def _path() -> str:
    here = str(Path(__file__).resolve().parent.parent)
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))


def _judge(code: int, log: str) -> None:
    for line in log.splitlines():
        if line.startswith(CODE_PREFIX):
            told: dict[str, Any] = json.loads(line.removeprefix(CODE_PREFIX))
            raise failures.from_code(told["code"], told["sentence"])
        print(line, file=sys.stderr)
    if code in (-signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT):
        raise failures.OutOfMemory(
            "preparing the model was ended by the system, most likely because memory ran out: allow more memory"
        )
    if code != 0:
        raise Failure(f"preparing the model failed with code {code}: the log tells why")
