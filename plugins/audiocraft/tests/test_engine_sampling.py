"""Drawing tokens: the distribution that was asked for, from a random stream that can be repeated."""

from __future__ import annotations

import ctypes

import engine_models  # noqa: F401
import numpy as np
import pytest

from lofisup_musicgen.engine import native

CARD = 64


@pytest.fixture(scope="module")
def sample_row():
    function = native.library().sample_row
    function.restype = ctypes.c_int32
    pointer = ctypes.c_void_p
    function.argtypes = [
        pointer, pointer, ctypes.c_int, ctypes.POINTER(native.Sampling), ctypes.c_uint64, ctypes.c_int, ctypes.c_int,
        pointer,
    ]  # fmt: skip
    scratch = np.zeros(2 * CARD, np.float32)

    def draw(settings, logits, null=None, seed=1, frame=0, codebook=0):
        logits = np.ascontiguousarray(logits, np.float32)
        other = None if null is None else np.ascontiguousarray(null, np.float32)
        return function(
            logits.ctypes.data, None if other is None else other.ctypes.data, CARD, settings, seed, frame, codebook,
            scratch.ctypes.data,
        )  # fmt: skip

    return draw


def softmax(logits):
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def frequencies(sample_row, settings, logits, null=None, count=20_000):
    drawn = [sample_row(settings, logits, null, seed=7, frame=i // 4, codebook=i % 4) for i in range(count)]
    return np.bincount(drawn, minlength=CARD) / count


@pytest.mark.parametrize("top_k", [0, 5, 40])
def test_tokens_are_drawn_as_often_as_their_probability_says(sample_row, top_k):
    random = np.random.default_rng(2)
    logits, null = random.standard_normal((2, CARD))
    settings = native.Sampling(guidance=3.0, temperature=1.5, top_p=0, top_k=top_k, sampling=1)
    expected = softmax((null + (logits - null) * 3) / 1.5)
    if top_k:
        expected[np.argsort(expected)[:-top_k]] = 0
    expected /= expected.sum()
    found = frequencies(sample_row, settings, logits, null)
    assert not found[expected == 0].any()
    assert np.abs(found - expected).max() < 0.012


def test_the_best_mass_is_kept_as_audiocraft_keeps_it(sample_row):
    logits = np.log(np.array([0.4, 0.3, 0.2, *[0.1 / (CARD - 3)] * (CARD - 3)]))
    settings = native.Sampling(guidance=1.0, temperature=1.0, top_p=0.75, top_k=0, sampling=1)
    found = frequencies(sample_row, settings, logits)
    assert np.abs(found[:3] - np.array([0.4, 0.3, 0.2]) / 0.9).max() < 0.012
    assert not found[3:].any()


def test_without_sampling_the_first_of_the_best_is_taken(sample_row):
    logits = np.zeros(CARD)
    logits[[9, 30]] = 2
    assert sample_row(native.Sampling(1, 1, 0, 250, 0), logits) == 9


def test_other_seeds_frames_and_codebooks_draw_differently(sample_row):
    settings, flat = native.Sampling(1, 1, 0, 0, 1), np.zeros(CARD)
    streams = [
        [sample_row(settings, flat, seed=seed, frame=frame, codebook=codebook) for frame in range(first, first + 200)]
        for seed, first, codebook in ((1, 0, 0), (2, 0, 0), (1, 1000, 0), (1, 0, 1), (2**63, 0, 0))
    ]
    for i, one in enumerate(streams):
        for other in streams[:i]:
            assert np.mean(np.array(one) == np.array(other)) < 0.1
