"""Compiles the C kernels where they are used, once, into a cache.

The compiled file is named by a hash of the sources and the flags, so that a changed source is never met by an old
library. It is written beside and renamed, so that two processes may build at once.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

KERNELS = Path(__file__).parent / "kernels"
# Not -ffast-math, and no contraction by the compiler: what is computed is what is written, in the order it is written.
FLAGS = ("-O3", "-std=gnu11", "-shared", "-fPIC", "-pthread", "-fno-math-errno", "-ffp-contract=off")


class NoKernels(RuntimeError):
    """The C engine cannot be had here; the sentence says why and what helps."""


def cache_directory() -> Path:
    """Where compiled kernels are kept: $LOFISUP_KERNEL_CACHE, else below the user's cache directory."""
    if chosen := os.environ.get("LOFISUP_KERNEL_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lofisup" / "kernels"


def compiler() -> str:
    """The C compiler: $CC, else the first of cc, gcc and clang that there is."""
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and (found := shutil.which(name)):
            return found
    raise NoKernels("no C compiler was found, so the slower torch engine is used: install gcc or clang")


def library(name: str, sources: Sequence[Path], directory: Path | None = None) -> ctypes.CDLL:
    """The library made of `sources` (and the headers beside them), compiled if the cache lacks it.

    Raises NoKernels where there is no compiler, no room or no x86-64.
    """
    if os.uname().machine != "x86_64":
        raise NoKernels(f"the kernels are for x86-64 and this is {os.uname().machine}: the torch engine is used")
    directory = directory or cache_directory()
    path = directory / f"{name}-{_fingerprint(sources)}.so"
    if not path.exists():
        _compile(path, sources)
    try:
        return ctypes.CDLL(os.fspath(path))
    except OSError as error:
        raise NoKernels(f"the compiled kernels {path} cannot be loaded: {error}") from error


def _fingerprint(sources: Sequence[Path]) -> str:
    sha = hashlib.sha256(" ".join(FLAGS).encode())
    headers = sorted({header for source in sources for header in source.parent.glob("*.h")})
    for path in [*sorted(sources), *headers]:
        sha.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()[:16]


def _compile(path: Path, sources: Sequence[Path]) -> None:
    cc = compiler()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".build-") as scratch:
            made = Path(scratch) / path.name
            command = [cc, *FLAGS, *map(os.fspath, sorted(sources)), "-lm", "-o", os.fspath(made)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                print(done.stderr, file=sys.stderr)
                raise NoKernels(f"{cc} could not compile the kernels: {_first_error(done.stderr)}")
            made.replace(path)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoKernels(f"the kernels could not be compiled into {path.parent}: {error}") from error


def _first_error(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line]
    return (lines or text.splitlines() or ["no reason given"])[0]
