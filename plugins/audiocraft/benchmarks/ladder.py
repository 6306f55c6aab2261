"""The ladder: what each lever is worth, alone and together, against AudioCraft's own `MusicGen.generate`.

    python benchmarks/ladder.py                    # musicgen-small's real shapes with random weights
    python benchmarks/ladder.py --quick            # fewer rungs, fewer repetitions
    python benchmarks/ladder.py --model facebook/musicgen-small --device cuda
    LOFISUP_ISA=avx2 ATEN_CPU_CAPABILITY=avx2 DNNL_MAX_CPU_ISA=AVX2 python benchmarks/ladder.py

Speed does not depend on the weights. Figures are seconds of music a second, summed over the batch, for tracks of
--seconds, decoding included; steps are timed at three positions of a window and added up (--end-to-end runs a batch as
a whole). Every time is the best of several. On a busy machine --busy tells the ratios truly and the speed of one core.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tests")]

import torch  # noqa: E402

import rungs  # noqa: E402
from end_to_end import run_batch  # noqa: E402
from limits import machine, step_limit  # noqa: E402
from lofisup_musicgen.engine import Windowing, native, pack, shape_of  # noqa: E402
from lofisup_musicgen.standins import import_audiocraft  # noqa: E402
from track_cost import POSITIONS, Cost  # noqa: E402


@dataclass(frozen=True)
class Rung:
    name: str
    cost: Cost
    decode: float  # seconds for a second of music
    weights: str = "fp32"
    kv: str = "f32"
    windowing: Windowing = Windowing()


def main() -> None:
    options = arguments()
    import_audiocraft()
    if options.busy:
        options.threads = 1
        rungs.count_processor_time()
    torch.set_num_threads(options.threads)
    begun, model = time.perf_counter(), musicgen(options)
    print(f"# {platform(options)}; model there in {time.perf_counter() - begun:.0f} s", flush=True)
    if options.no_rungs:
        return whole_tracks(model, options)
    ladder = Ladder(model, options)
    if options.device == "cpu":
        ladder.on_cpu()
    else:
        ladder.on_cuda()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a MusicGen name or directory; without: random weights of the small model")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=60, help="the length of a track")
    parser.add_argument(
        "--busy", action="store_true", help="one thread, by processor time: for a machine that others use meanwhile"
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--plain", type=float, default=0, metavar="S", help="also run MusicGen.generate for S seconds")
    parser.add_argument("--end-to-end", type=int, default=0, metavar="N", help="also make N whole tracks, with sound")
    parser.add_argument("--no-rungs", action="store_true", help="only what --end-to-end asks for")
    return parser.parse_args()


def musicgen(options: argparse.Namespace) -> Any:
    from audiocraft.models import MusicGen

    if options.model and not Path(options.model).is_dir():
        return MusicGen.get_pretrained(options.model, device=options.device)
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(options.model or scratch).resolve()
        if not options.model:
            import made_models

            made_models.write_model(directory, made_models.SMALL)
        before = Path.cwd()
        os.chdir(directory)  # AudioCraft finds the text model by its name, here as a folder
        try:
            return MusicGen.get_pretrained(str(directory), device=options.device)
        finally:
            os.chdir(before)


def platform(options: argparse.Namespace) -> str:
    if options.device == "cuda":
        return torch.cuda.get_device_name()
    isa = {1: "AVX2", 2: "AVX-512 VNNI"}[native.isa()]
    how = "1 thread, processor time" if options.busy else f"{options.threads} threads, wall clock"
    return f"{how}, our kernels with {isa}, load {os.getloadavg()[0]:.1f}"


def whole_tracks(model: Any, options: argparse.Namespace) -> None:
    """The module goes before the tracks begin, as in the plug-in, so that the memory told is what they need."""
    shape, lm, codec = shape_of(model.lm), model.lm, model.compression_model
    model.lm = None
    state = lm.state_dict()
    del lm
    weights = pack(state, shape, "int8", consume=True)
    gc.collect()
    run_batch(weights, codec, options.end_to_end, options.seconds, options.threads)


class Ladder:
    def __init__(self, model: Any, options: argparse.Namespace) -> None:
        self.model, self.options = model, options
        self.shape = shape_of(model.lm)
        self.repeat = 4 if options.quick else 9
        self.base: float | None = None
        self.limits = machine(options.threads) if options.device == "cpu" else None

    def on_cpu(self) -> None:
        quick, threads, codec = self.options.quick, self.options.threads, self.model.compression_model
        books, card = self.shape.codebooks, self.shape.card
        theirs = rungs.torch_decode(codec, books, card, 3)
        ours = rungs.own_decode(codec, 8, card, threads, 3)
        print(f"# decoding a second of music: AudioCraft {theirs:.3f} s, our EnCodec {ours:.3f} s")
        self.head()
        if self.options.plain:
            self.plain(self.options.plain)
        self.show(Rung("AudioCraft as it is", rungs.audiocraft(self.model.lm, 1, self.repeat), theirs))
        state = self.model.lm.state_dict()
        for batch in (1,) if quick else (1, 4, 8):
            cost = rungs.cached_torch(state, self.shape, batch, 3, threads=threads)
            self.show(Rung("torch, cached attention", cost, theirs))
        fp32, int8 = pack(state, self.shape, "fp32"), pack(state, self.shape, "int8")
        self.model.lm = state = None
        gc.collect()
        for batch, kv in ((8, "f32"),) if quick else ((1, "f32"), (8, "f32"), (8, "int8")):
            self.own("our kernels, fp32", fp32, batch, kv, ours)
        del fp32
        gc.collect()
        sizes = ((8, "int8"),)
        if not quick:
            sizes = ((1, "int8"), (4, "int8"), (8, "f32"), (8, "f16"), (8, "int8"), (16, "int8"))
        for batch, kv in sizes:
            self.own("int8 weights", int8, batch, kv, ours)
        if not quick:
            self.own("  the null condition's cross-attention too", int8, 8, "int8", ours, skip_null=False)
            self.own("  AudioCraft's decoder", int8, 8, "int8", theirs)
            self.own("  5 s re-read instead of 12 s", int8, 8, "int8", ours, Windowing(1500, 1250))
        if self.options.end_to_end:
            run_batch(int8, codec, self.options.end_to_end, self.options.seconds, threads)

    def on_cuda(self) -> None:
        codec, books, card = self.model.compression_model, self.shape.codebooks, self.shape.card
        theirs = rungs.torch_decode(codec, books, card, 5)
        self.head()
        if self.options.plain:
            self.plain(self.options.plain)
        with self.model.autocast:
            cost = rungs.audiocraft(self.model.lm, 1, self.repeat)
        self.show(Rung("AudioCraft as it is", cost, theirs))
        state = self.model.lm.state_dict()
        for weights in ("fp32", "fp16"):
            for batch in (1, 8) if self.options.quick else (1, 8, 32):
                cost = rungs.cached_torch(
                    state, self.shape, batch, self.repeat, device="cuda", weights=weights, rows_max=2048
                )
                self.show(Rung(f"torch, cached attention, {weights}", cost, theirs))

    def own(
        self,
        name: str,
        weights: Any,
        batch: int,
        kv: str,
        decode: float,
        windowing: Windowing = Windowing(),
        **more: Any,
    ) -> None:
        cost = rungs.native(weights, batch, self.repeat, kv=kv, threads=self.options.threads, **more)
        self.show(Rung(f"{name}, cache {kv}", cost, decode, weights.kind, kv, windowing))

    def plain(self, seconds: float) -> None:
        self.model.set_generation_params(duration=seconds)
        took = rungs.best(lambda: self.model.generate(["slow lofi with rain"]), 1)
        print(f"# MusicGen.generate, {seconds:g} s of music in one track: {took:.1f} s, that is {seconds / took:.3f}")

    def head(self) -> None:
        if self.limits:
            read, products = self.limits
            peaks = ", ".join(f"{name} {value / 1e9:.0f}" for name, value in products.items())
            print(f"# this machine: reads {read / 1e9:.1f} GB/s, multiplies (10^9/s) {peaks}")
        steps = " ".join(f"@{position}" for position in POSITIONS)
        print(f"{'':46} {'batch':>5}  ms a step {steps:>13} {'read':>5} {'x real':>7} {'gain':>6}  limit", flush=True)

    def show(self, rung: Rung) -> None:
        seconds, cost = self.options.seconds, rung.cost
        took = cost.language_model(seconds, rung.windowing, self.shape.max_delay) + cost.batch * seconds * rung.decode
        speed = cost.batch * seconds / took
        self.base = self.base or speed
        steps = " ".join(f"{step * 1e3:6.0f}" for step in cost.steps)
        limit = self.limit(rung)
        print(
            f"{rung.name:46} {cost.batch:5}  {steps:>23} {cost.reading * 1e3:5.1f} {speed:7.3f} "
            f"{speed / self.base:6.1f}  {limit}",
            flush=True,
        )

    def limit(self, rung: Rung) -> str:
        """Of a step in the middle of a window: its bytes, its multiplications, the time they take at least."""
        step = step_limit(self.shape, rung.cost.batch, POSITIONS[1], rung.weights, rung.kv)
        words = f"{(step.weight_bytes + step.cache_bytes) / 1e9:.2f} GB, {step.products / 1e9:.1f} G"
        if self.limits is None:
            return words
        least = step.seconds(self.limits[0], self.limits[1][rung.weights])
        return f"{words}: {least * 1e3:.0f} ms @{POSITIONS[1]}"


if __name__ == "__main__":
    main()
