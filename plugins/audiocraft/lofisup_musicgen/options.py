"""The command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from . import VERSION


@dataclass(frozen=True)
class Options:
    """What the operator chose. Units are in the names."""

    model: str
    engine: str = "auto"
    weights: str = "int8"
    kv: str = "int8"
    device: str = "auto"
    threads: int | None = None
    window_overlap_s: float = 6.0
    guidance: float = 3.0
    temperature: float = 1.0
    top_k: int = 250
    licence: str | None = None
    non_commercial: bool | None = None


def parse(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m lofisup_musicgen", description="Music from a MusicGen model, as a plug-in of lofisup."
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument(
        "--model", required=True, help="facebook/musicgen-small, small, stereo-medium, debug, or a directory"
    )
    parser.add_argument(
        "--engine",
        choices=("auto", "native", "torch", "stock"),
        default="auto",
        help="what runs the language model: our C code, our torch code (GPU), AudioCraft's own code",
    )
    parser.add_argument("--weights", choices=("int8", "fp32"), default="int8", help="native engine: stored weights")
    parser.add_argument("--kv", choices=("int8", "f16", "f32"), default="int8", help="native engine: attention's cache")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1; auto: a GPU where torch sees one")
    parser.add_argument("--threads", type=int, help="overrides what the station asks for")
    parser.add_argument(
        "--window-overlap",
        type=float,
        default=6.0,
        metavar="SECONDS",
        help="music that a window, or the next track, hears of what came before",
    )
    parser.add_argument("--guidance", type=float, default=3.0, help="classifier-free guidance")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--top-k", type=int, default=250)
    parser.add_argument("--licence", help="of a model directory's weights, an SPDX identifier or a sentence")
    parser.add_argument("--non-commercial", choices=("yes", "no"), help="whether that licence forbids monetised use")
    given = parser.parse_args(arguments)
    if given.threads is not None and given.threads < 1:
        parser.error("--threads must be 1 or more")
    if given.window_overlap <= 0:
        parser.error("--window-overlap must be more than nothing")
    return Options(
        model=given.model,
        engine=given.engine,
        weights=given.weights,
        kv=given.kv,
        device=given.device,
        threads=given.threads,
        window_overlap_s=given.window_overlap,
        guidance=given.guidance,
        temperature=given.temperature,
        top_k=given.top_k,
        licence=given.licence,
        non_commercial=None if given.non_commercial is None else given.non_commercial == "yes",
    )
