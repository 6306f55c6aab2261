/* Pieces of AVX2 arithmetic that more than one file needs. */
#ifndef LOFISUP_SIMD_H
#define LOFISUP_SIMD_H

#include "lm.h"

#include <immintrin.h>

/* Adds the eight lanes, always in the same order. */
AVX2 INLINE float lanes_sum(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

AVX2 INLINE float lanes_max(__m256 v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

AVX2 INLINE __m256 lanes_abs(__m256 v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }

/* exp(x) for x <= 88; what is below -87 gives exp(-87). The polynomial is fitted on +-ln(2)/2 with exact first two
 * coefficients; with rounding the relative error is below 2e-7. */
AVX2 INLINE __m256 lanes_exp(__m256 x)
{
    x = _mm256_max_ps(x, _mm256_set1_ps(-87.0f));
    __m256 n = _mm256_mul_ps(x, _mm256_set1_ps(1.44269504f));
    n = _mm256_round_ps(n, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
    __m256 p = _mm256_set1_ps(1.375140790e-03f);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.368916341e-03f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.166953311e-02f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.666651846e-01f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.999998860e-01f));
    p = _mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r);
    p = _mm256_add_ps(p, _mm256_set1_ps(1.0f));
    __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(p, _mm256_castsi256_ps(power));
}

#endif
