"""The torch engine: the same tracks as AudioCraft and as the C engine."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from engine_models import GREEDY, NativeLM, Windowing, attributes, condition_of, debug_model, run, wide_lm

from lofisup_musicgen.engine.torch_lm import TorchLM

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(scope="module")
def debug():
    return debug_model()


@pytest.mark.parametrize("device", DEVICES)
def test_greedy_tokens_of_a_continuation_are_audiocrafts(debug, device):
    prompt = np.random.default_rng(0).integers(0, 400, (4, 37))
    expected = debug.lm.generate(
        torch.from_numpy(prompt)[None], attributes("one two"), max_gen_len=90, use_sampling=False, cfg_coef=3.0
    )[0].numpy()
    engine = TorchLM.from_audiocraft(
        debug.lm, device=device, lanes=3, sampling=GREEDY, windowing=Windowing(200, 100), rows_max=16
    )
    condition = condition_of(debug.lm, "one two")
    other, found = run(engine, (None, 1, 20), (condition, 1, 53, prompt))
    assert np.array_equal(found, expected[:, 37:])
    assert (other >= 0).all()


def test_seeds_mean_the_same_in_torch_and_in_c():
    lm = wide_lm(1)
    condition = condition_of(lm, "three blind mice")
    starts = [(condition, 2**64 - 3, 40), (None, 12, 40)]
    windowing = Windowing(30, 20)
    in_torch = run(TorchLM.from_audiocraft(lm, lanes=2, windowing=windowing), *starts)
    in_c = run(NativeLM.from_audiocraft(lm, "fp32", kv="f32", lanes=2, windowing=windowing), *starts)
    # Roundings differ, so a draw on the edge between two tokens may fall to either; the frames before it are equal.
    for one, other in zip(in_torch, in_c, strict=True):
        assert np.array_equal(one[:, :8], other[:, :8])
