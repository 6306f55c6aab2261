"""The C engine against AudioCraft, and its promises about seeds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from engine_models import (
    GREEDY,
    STEREO_DELAYS,
    NativeLM,
    Windowing,
    attributes,
    condition_of,
    debug_model,
    run,
    wide_lm,
)

from lofisup_musicgen.engine import UnsupportedModel, shape_of

TEXT = "rain on a warm tin roof"


@pytest.fixture(scope="module")
def debug():
    return debug_model()


@pytest.fixture(scope="module")
def wide():
    return wide_lm()


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)))


def test_greedy_tokens_are_audiocrafts_over_several_windows(debug):
    debug.max_duration = 4
    debug.set_generation_params(use_sampling=False, duration=11, extend_stride=2.4)
    tokens, _ = debug._prepare_tokens_and_attributes([TEXT], None)
    expected = debug._generate_tokens(tokens, None)[0].numpy()
    for kv in ("f32", "f16"):
        engine = NativeLM.from_audiocraft(
            debug.lm, "fp32", kv=kv, lanes=1, sampling=GREEDY, windowing=Windowing(100, 60)
        )
        (found,) = run(engine, (condition_of(debug.lm, TEXT), 1, 275))
        assert np.array_equal(found, expected)


def test_a_continuation_is_audiocrafts_token_by_token(debug):
    prompt = np.random.default_rng(0).integers(0, 400, (4, 37))
    expected = debug.lm.generate(
        torch.from_numpy(prompt)[None], attributes(TEXT), max_gen_len=90, use_sampling=False, cfg_coef=3.0
    )[0].numpy()
    engine = NativeLM.from_audiocraft(
        debug.lm, "fp32", kv="f32", lanes=1, sampling=GREEDY, windowing=Windowing(200, 100)
    )
    (found,) = run(engine, (condition_of(debug.lm, TEXT), 1, 53, prompt))
    assert np.array_equal(found, expected[:, 37:])


def test_greedy_tokens_of_full_width_layers_are_audiocrafts(wide):
    expected = wide.generate(None, attributes(TEXT), max_gen_len=60, use_sampling=False, cfg_coef=3.0)[0].numpy()
    engine = NativeLM.from_audiocraft(wide, "fp32", kv="f32", lanes=1, threads=2, sampling=GREEDY)
    (found,) = run(engine, (condition_of(wide, TEXT), 1, 60))
    assert np.array_equal(found, expected)


def test_stereo_models_with_eight_codebooks_are_audiocrafts():
    lm = wide_lm(2, card=96, dim=80, heads=5, delays=STEREO_DELAYS)
    prompt = np.random.default_rng(8).integers(0, 96, (8, 9))
    expected = lm.generate(
        torch.from_numpy(prompt)[None], attributes(TEXT), max_gen_len=40, use_sampling=False, cfg_coef=3.0
    )[0].numpy()
    engine = NativeLM.from_audiocraft(lm, "fp32", kv="f32", lanes=1, sampling=GREEDY)
    (found,) = run(engine, (condition_of(lm, TEXT), 1, 31, prompt))
    assert np.array_equal(found, expected[:, 9:])


@pytest.mark.parametrize(
    ("weights", "kv", "bound"), [("fp32", "f32", 2e-6), ("fp32", "f16", 1e-3), ("int8", "int8", 0.03)]
)
def test_logits_stay_within_their_stated_distance(wide, weights, kv, bound):
    codes = np.random.default_rng(3).integers(0, 2048, (4, 90))
    pattern = wide.pattern_provider.get_pattern(91)
    sequence, _, _ = pattern.build_pattern_sequence(torch.from_numpy(codes)[None], wide.special_token_id)
    condition = torch.from_numpy(condition_of(wide, TEXT))[None]
    both = torch.cat([condition, torch.zeros_like(condition)])
    with torch.no_grad():
        tensors = {"description": (both, torch.ones(both.shape[:2]))}
        expected = wide(sequence[..., :91].repeat(2, 1, 1), [], tensors).permute(2, 0, 1, 3).numpy()
    engine = NativeLM.from_audiocraft(wide, weights, kv=kv, lanes=4, threads=2)
    found = engine.logits(condition[0].numpy(), codes)
    assert relative_error(found, expected) < bound


@pytest.mark.parametrize(("weights", "kv"), [("int8", "int8"), ("fp32", "f32")])
def test_a_track_is_the_same_whatever_its_neighbours_and_threads(wide, weights, kv, monkeypatch):
    condition, other = condition_of(wide, TEXT), condition_of(wide, "two words")
    windowing = Windowing(40, 25)
    alone = NativeLM.from_audiocraft(wide, weights, kv=kv, lanes=1, windowing=windowing)
    prompt = np.random.default_rng(4).integers(0, 2048, (4, 21))
    (expected,) = run(alone, (condition, 2**63 + 5, 50))
    (continued,) = run(alone, (other, 6, 30, prompt))
    assert len(np.unique(expected)) > 20
    crowd = NativeLM(alone.weights, kv=kv, lanes=5, threads=3, windowing=windowing, rows_max=18)
    late = crowd.start(None, 1, 5)
    for _ in range(3):
        crowd.step()
    tracks = run(crowd, (other, 9, 33), (condition, 2**63 + 5, 50), (other, 6, 30, prompt))
    assert np.array_equal(tracks[1], expected)
    assert np.array_equal(tracks[2], continued)
    assert not np.array_equal(tracks[0], expected[:, :33])
    assert (crowd.tokens(late) >= 0).all()
    monkeypatch.setenv("LOFISUP_ISA", "avx2")
    plain = NativeLM(alone.weights, kv=kv, lanes=2, windowing=windowing)
    assert np.array_equal(run(plain, (condition, 2**63 + 5, 50))[0], expected)


def test_threads_may_change_between_steps(wide):
    engine = NativeLM.from_audiocraft(wide, lanes=1, windowing=Windowing(60, 30))
    condition = condition_of(wide, TEXT)
    (expected,) = run(engine, (condition, 7, 20))
    lane, count = engine.start(condition, 7, 20), 0
    while not engine.step():
        count += 1
        engine.set_threads(1 + count % 4)
    assert np.array_equal(engine.tokens(lane), expected)


def test_frames_that_are_done_do_not_change(wide):
    engine = NativeLM.from_audiocraft(wide, lanes=1, windowing=Windowing(30, 18))
    lane, seen = engine.start(condition_of(wide, TEXT), 3, 50), []
    while True:
        finished = engine.step()
        done = engine.frames_done(lane)
        seen.append(engine.tokens(lane)[:, :done].copy())
        assert (seen[-1] >= 0).all()
        if finished:
            break
    counts = [one.shape[1] for one in seen]
    assert counts == sorted(counts) and counts[-1] == 50 and counts[-5] > 40
    assert all(np.array_equal(one, seen[-1][:, : one.shape[1]]) for one in seen)


def test_packed_weights_come_back_from_a_file(wide, tmp_path):
    engine = NativeLM.from_audiocraft(wide, lanes=1)
    (expected,) = run(engine, (condition_of(wide, TEXT), 11, 12))
    engine.save(tmp_path / "lm")
    loaded = NativeLM.load(tmp_path / "lm", lanes=1)
    assert np.array_equal(run(loaded, (condition_of(wide, TEXT), 11, 12))[0], expected)
    whole = (tmp_path / "lm").read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    for name, content in (("half", whole[: len(whole) // 2]), ("other", b"RIFF" + bytes(100))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=name):
            NativeLM.load(tmp_path / name, lanes=1)


def test_packing_can_empty_the_module_it_packs():
    lm = wide_lm(1, card=64)
    condition = condition_of(lm, TEXT)
    (expected,) = run(NativeLM.from_audiocraft(lm, lanes=1), (condition, 5, 12))
    engine = NativeLM.from_audiocraft(lm, lanes=1, consume=True)
    assert np.array_equal(run(engine, (condition, 5, 12))[0], expected)
    assert sum(parameter.numel() for parameter in lm.transformer.layers.parameters()) == 0


def test_leaving_out_the_null_conditions_cross_attention_changes_nothing(wide):
    condition, codes = condition_of(wide, TEXT), np.random.default_rng(5).integers(0, 2048, (4, 30))
    with_it = NativeLM.from_audiocraft(wide, "fp32", kv="f32", lanes=2, skip_null=False)
    without = NativeLM(with_it.weights, kv="f32", lanes=2)
    assert np.array_equal(with_it.logits(condition, codes), without.logits(condition, codes))


def test_a_model_with_more_than_cross_attention_is_refused_in_a_sentence(wide):
    wide.fuser.cross_attention_pos_emb = True
    try:
        with pytest.raises(UnsupportedModel, match="cross-attention alone"):
            shape_of(wide)
    finally:
        wide.fuser.cross_attention_pos_emb = False
