"""How far an approximation is from fp32: the same tokens are read by both, and what they say next is compared.

    python benchmarks/compare.py --model facebook/musicgen-small     # weights that are there
    python benchmarks/compare.py                                     # random ones: shows that it works, proves little

A track is made in fp32 with the real sampling, then every engine reads it. For each frame and codebook, after guidance:
KL divergence between the distributions that are drawn from (top 250), whether the likeliest token is the same, and the
relative RMS error of the logits. Attention to the numbers on real weights only: random ones are nearly uniform, where a
small error moves many ties.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tests")]

import numpy as np  # noqa: E402

from ladder import musicgen  # noqa: E402
from lofisup_musicgen.engine import NativeLM, pack, shape_of  # noqa: E402
from lofisup_musicgen.standins import import_audiocraft  # noqa: E402

GUIDANCE, TOP = 3.0, 250
KINDS = (("fp32", "f16"), ("fp32", "int8"), ("int8", "f32"), ("int8", "f16"), ("int8", "int8"))
PROMPTS = ("slow lofi with warm rhodes and rain", "tabla and sitar at night, tape hiss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a MusicGen name or directory; without: random weights")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", action="append", help="a text to play; may be given several times")
    options = parser.parse_args()
    options.device = "cpu"
    import_audiocraft()
    model = musicgen(options)
    shape, state = shape_of(model.lm), model.lm.state_dict()
    packed = {kind: pack(state, shape, kind) for kind in ("fp32", "int8")}
    conditions = [condition(model.lm, prompt) for prompt in options.prompt or PROMPTS]
    frames = round(options.seconds * model.frame_rate)
    with_exact = NativeLM(packed["fp32"], kv="f32", threads=options.threads, lanes=8)
    tracks = make(with_exact, conditions, frames)
    expected = [read(with_exact, one, track) for one, track in zip(conditions, tracks, strict=True)]
    with_exact.close()
    print(f"{len(tracks)} tracks of {frames} frames")
    print(f"{'weights, cache':16} {'KL, nats':>9} {'KL p99':>9} {'same best':>9} {'logits':>8}")
    for weights, kv in KINDS:
        engine = NativeLM(packed[weights], kv=kv, threads=options.threads, lanes=8)
        found = [read(engine, one, track) for one, track in zip(conditions, tracks, strict=True)]
        engine.close()
        print(f"{weights + ', ' + kv:16} {line(np.concatenate(expected), np.concatenate(found))}", flush=True)


def condition(lm: Any, text: str) -> np.ndarray:
    import torch
    from audiocraft.modules.conditioners import ConditioningAttributes

    provider = lm.condition_provider
    with torch.no_grad():
        given = provider(provider.tokenize([ConditioningAttributes(text={"description": text})]))
    return given["description"][0][0].float().cpu().numpy()


def make(engine: NativeLM, conditions: list[np.ndarray], frames: int) -> list[np.ndarray]:
    found = []
    for seed, one in enumerate(conditions):
        lane = engine.start(one, seed, frames)
        while not engine.step():
            pass
        found.append(engine.tokens(lane).copy())
        engine.free(lane)
    return found


def read(engine: NativeLM, one: np.ndarray, track: np.ndarray) -> np.ndarray:
    """Guided logits [frames, K, card]; the first frames, where codebooks still wait, are left out."""
    both = engine.logits(one, track)[engine.shape.max_delay :]
    return both[:, 1] + (both[:, 0] - both[:, 1]) * GUIDANCE


def line(expected: np.ndarray, found: np.ndarray) -> str:
    divergence = kl(expected, found)
    same = (expected.argmax(-1) == found.argmax(-1)).mean()
    error = np.sqrt(((found - expected) ** 2).mean() / (expected**2).mean())
    return f"{divergence.mean():9.5f} {np.quantile(divergence, 0.99):9.5f} {same:9.4f} {error:8.5f}"


def kl(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Of what is drawn from: both over the tokens that are the best 250 of the exact one."""
    kept = expected >= np.partition(expected, -TOP, axis=-1)[..., -TOP][..., None]
    logs = []
    for logits in (expected, found):
        masked = np.where(kept, logits.astype(np.float64), -np.inf)
        top = masked.max(-1, keepdims=True)
        logs.append(masked - top - np.log(np.exp(masked - top).sum(-1, keepdims=True)))
    share = np.exp(logs[0])
    return (share * np.where(kept, logs[0] - np.where(kept, logs[1], 0), 0)).sum(-1)


if __name__ == "__main__":
    main()
