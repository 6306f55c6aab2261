"""Times one way of making music at a time."""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from lofisup_musicgen.engine import LMShape, NativeLM, PackedWeights
from track_cost import FRAME_RATE, POSITIONS, Cost

CONDITION_LENGTH = 20
READ = 600


def best(call: Callable[[], Any], times: int) -> float:
    """The shortest of several runs: on a shared machine the others tell of the neighbours."""
    found = []
    for _ in range(times):
        begun = clock()
        call()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        found.append(clock() - begun)
    return min(found)


def clock() -> float:
    return time.process_time() if count_processor_time.chosen else time.perf_counter()


def count_processor_time() -> None:
    """From now on `best` counts this process's processor seconds: what others take from one thread does not show."""
    count_processor_time.chosen = True


count_processor_time.chosen = False


@torch.no_grad()
def audiocraft(lm: Any, batch: int, repeat: int) -> Cost:
    """AudioCraft's own step, sampling included, in its streaming mode."""
    device = next(lm.parameters()).device
    condition = torch.randn(2 * batch, CONDITION_LENGTH, lm.dim, device=device)
    condition[batch:] = 0
    tensors = {"description": (condition, torch.ones(2 * batch, CONDITION_LENGTH, device=device))}
    steps, reading = [], 0.0
    for position in POSITIONS:
        with lm.streaming():
            state = lm.get_streaming_state()

            def take(count: int, state: Any = state) -> None:
                tokens = torch.randint(lm.card, (batch, lm.n_q, count), device=device)
                lm._sample_next_token(tokens, tensors, state, True, 1.0, 250, 0.0, cfg_coef=3.0)

            if position:
                took = best(lambda count=position: take(count), 1)
                reading = took / position if position == READ else reading
            steps.append(best(lambda: take(1), repeat))
    return Cost(batch, tuple(steps), reading)


def native(weights: PackedWeights, batch: int, repeat: int, **options: Any) -> Cost:
    """Our own engine; caches are filled with bytes instead of being read in, which takes the same time afterwards."""
    engine = NativeLM(weights, lanes=batch, **options)
    try:
        steps = [_native_steps(engine, position, repeat) for position in POSITIONS]
        _start(engine, READ)
        reading = best(engine.step, max(1, repeat // 3)) / (engine._rows_max / (2 * batch))
        return Cost(batch, tuple(steps), reading)
    finally:
        engine.close()


def _start(engine: Any, position: int) -> None:
    for lane in range(engine.lanes_max - engine.free_lanes):
        engine.free(lane)
    random, shape = np.random.default_rng(0), engine.shape
    for seed in range(engine.lanes_max):
        condition = random.standard_normal((CONDITION_LENGTH, shape.dim), np.float32)
        prompt = random.integers(0, shape.card, (shape.codebooks, position))
        engine.start(condition, seed, 90, prompt)


def _native_steps(engine: NativeLM, position: int, repeat: int) -> float:
    _start(engine, position)
    for cache in engine._caches:
        ctypes.memset(cache.memory, 1, cache.bytes)
    for lane in engine._lanes.values():
        lane.track._position = lane.track._known
    engine.step()
    return best(engine.step, repeat)


def cached_torch(state: dict[str, Any], shape: LMShape, batch: int, repeat: int, **options: Any) -> Cost:
    """The torch engine: AudioCraft's arithmetic with a preallocated cache and the condition's keys computed once."""
    from lofisup_musicgen.engine.torch_lm import TorchLM

    engine = TorchLM(state, shape, lanes=batch, **options)
    steps, reading = [], 0.0
    for position in POSITIONS:
        _start(engine, position)
        if position == READ:
            # A step reads all prompts and draws once.
            reading = best(engine.step, 1) / READ
        else:
            for track in engine._lanes.values():
                track._position = track._known
            engine.step()
        steps.append(best(engine.step, repeat))
    engine.close()
    del engine
    gc.collect()
    return Cost(batch, tuple(steps), reading)


@torch.no_grad()
def torch_decode(codec: Any, codebooks: int, card: int, repeat: int, seconds: int = 5) -> float:
    """Seconds for each second of music."""
    device = next(codec.parameters()).device
    codes = torch.randint(card, (1, codebooks, seconds * FRAME_RATE), device=device)
    return best(lambda: codec.decode(codes, None), repeat) / seconds


def own_decode(codec: Any, batch: int, card: int, threads: int, repeat: int) -> float:
    from lofisup_musicgen.engine.encodec import CodecDecoder
    from lofisup_musicgen.engine.encodec_weights import extract

    decoder = CodecDecoder(extract(codec), threads)
    streams, frames = [decoder.stream() for _ in range(batch)], 40
    codes = np.random.default_rng(0).integers(0, card, (decoder.codebooks * decoder.channels, frames)).astype(np.int16)
    push = lambda: decoder.push([(stream, codes, False) for stream in streams])  # noqa: E731
    push()
    return best(push, repeat) / (batch * frames / FRAME_RATE)
