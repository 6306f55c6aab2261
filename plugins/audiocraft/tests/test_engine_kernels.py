"""The kernels' arithmetic, each against double precision; the errors stated in the sources are held here."""

from __future__ import annotations

import ctypes
import math

import engine_models  # noqa: F401
import numpy as np
import pytest

from lofisup_musicgen.engine import native

pytestmark = pytest.mark.filterwarnings("error")


def pointer(array):
    return ctypes.c_void_p(array.ctypes.data)


def test_gelu_is_the_exact_one_to_rounding():
    values = np.linspace(-9, 9, 64_000, dtype=np.float32)
    expected = np.array([0.5 * x * math.erfc(-x / math.sqrt(2)) for x in values.astype(float)])
    found = values.copy()
    native.library().activate(pointer(found), len(found), 1)
    error = np.abs(found - expected)
    assert (error <= 4e-7 * np.abs(expected))[values > -1].all()
    assert (error <= 3e-6 * np.abs(expected))[values > -5].all()
    assert error[values <= -5].max() < 1e-11


def test_exp_is_within_its_stated_error():
    scores = np.linspace(-80, 0, 8000, dtype=np.float32)
    found = scores.copy()
    function = native.library().row_exp
    function.restype = ctypes.c_float
    total = function(pointer(found), len(found))
    expected = np.exp(scores.astype(float))
    assert (np.abs(found - expected) <= 2e-7 * expected).all()
    assert abs(total - expected.sum()) < 1e-5 * expected.sum()


def test_padding_has_no_share_in_softmax():
    scores = np.array([1, 2, 3, *[-np.inf] * 13], np.float32)
    function = native.library().row_exp
    function.restype = ctypes.c_float
    total = function(pointer(scores), 16)
    assert not scores[3:].any()
    assert abs(scores[2] / total - math.exp(3) / sum(map(math.exp, (1, 2, 3)))) < 1e-6


@pytest.mark.parametrize("k", [32, 1024, 4096, 8192])
def test_products_of_whole_numbers_never_leave_32_bits(k):
    library = native.library()
    limit = library.quantise_limit(k)
    assert limit * 127 * k < 2**31 and limit >= 2047
    for tile in (library.tile_i8_avx2, *([library.tile_i8_avx512] if library.isa_best() == 2 else [])):
        panels = np.full(32 * k, 127, np.int8)
        row = np.full(k, limit, np.int16)
        found = np.zeros(12 * 32, np.int32)
        tile(1, pointer(panels), pointer(row), ctypes.c_size_t(k), k, pointer(found))
        assert (found[:16] == limit * 127 * k).all()


def test_what_is_quantised_is_off_by_half_a_unit_at_most():
    random = np.random.default_rng(0)
    row = random.standard_normal(1024).astype(np.float32)
    whole = np.zeros(1024, np.int16)
    function = native.library().row_quantise
    function.restype = ctypes.c_float
    unit = function(pointer(row), 1024, 4095, pointer(whole))
    assert np.abs(whole * unit - row).max() <= 0.5001 * unit
    assert np.abs(whole).max() == 4095
    assert function(pointer(np.zeros(32, np.float32)), 32, 4095, pointer(whole)) == 0
    assert not whole[:32].any()
