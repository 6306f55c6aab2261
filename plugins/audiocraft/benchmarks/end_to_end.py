"""A batch of whole tracks with their sound, as the plug-in makes them: the decoder works beside the language model."""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from lofisup_musicgen.engine import NativeLM, PackedWeights
from lofisup_musicgen.engine.encodec import CodecDecoder
from lofisup_musicgen.engine.encodec_weights import extract
from rungs import CONDITION_LENGTH
from track_cost import FRAME_RATE

LUMP = 40


def run_batch(weights: PackedWeights, codec: Any, count: int, seconds: float, threads: int, **options: Any) -> float:
    """Makes `count` tracks side by side, prints what it took and gives seconds of music a second."""
    lm = NativeLM(weights, lanes=count, threads=threads, **options)
    decoder = CodecDecoder(extract(codec), 1)
    lumps: queue.Queue[list[Any] | None] = queue.Queue(maxsize=4)
    samples = [0] * count
    worker = threading.Thread(target=_decode, args=(decoder, lumps, samples))
    cpu, begun = time.process_time(), time.perf_counter()
    worker.start()
    try:
        _compose(lm, decoder, lumps, count, round(seconds * FRAME_RATE))
    finally:
        lumps.put(None)
        worker.join()
    took, busy = time.perf_counter() - begun, time.process_time() - cpu
    resident, own = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e9, lm.memory_bytes / 1e9
    lm.close()
    assert all(n == round(seconds * FRAME_RATE) * decoder.hop for n in samples), "sound is missing"
    print(
        f"# end to end: {count} tracks of {seconds:g} s in {took:.1f} s, {count * seconds / took:.3f} of real time; "
        f"{busy / took:.2f} processors were ours, {count * seconds / busy * threads:.3f} had we had {threads}; the "
        f"language model held {own:.2f} GB, the process {resident:.2f} GB",
        flush=True,
    )
    return count * seconds / took


def _compose(lm: NativeLM, decoder: CodecDecoder, lumps: queue.Queue, count: int, frames: int) -> None:
    random = np.random.default_rng(0)
    lanes = [
        lm.start(random.standard_normal((CONDITION_LENGTH, lm.shape.dim), np.float32), seed, frames)
        for seed in range(count)
    ]
    streams, given, left = [decoder.stream() for _ in lanes], [0] * count, set(lanes)
    while left:
        left -= set(lm.step())
        pieces = []
        for index, lane in enumerate(lanes):
            done = lm.frames_done(lane)
            if given[index] < frames and (done - given[index] >= LUMP or done == frames):
                tokens = lm.tokens(lane)[:, given[index] : done].astype(np.int16)
                pieces.append((index, streams[index], tokens, done == frames))
                given[index] = done
        if pieces:
            lumps.put(pieces)


def _decode(decoder: CodecDecoder, lumps: queue.Queue, samples: list[int]) -> None:
    while (pieces := lumps.get()) is not None:
        sounds = decoder.push([piece[1:] for piece in pieces])
        for (index, *_), sound in zip(pieces, sounds, strict=True):
            samples[index] += sound.shape[1]
