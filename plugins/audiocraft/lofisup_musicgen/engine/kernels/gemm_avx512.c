/* Products of a few rows with two panels of 16 columns, AVX-512 with VNNI: 12 rows x 32 columns, 24 accumulators.
 * The next panels are asked for meanwhile, as in gemm_avx2.c. */
#include "lm.h"

#include <immintrin.h>
#include <string.h>

AVX512 INLINE void f32(const int rows, const float *panel, const float *input, size_t stride, int k, float *tile)
{
    const float *second = panel + (size_t)k * PANEL;
    __m512 sum[ROWS_AVX512][2];
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = _mm512_setzero_ps();
    for (int i = 0; i < k; i++) {
        _mm_prefetch((const char *)(panel + (size_t)(2 * k + i) * PANEL), _MM_HINT_T0);
        _mm_prefetch((const char *)(panel + (size_t)(3 * k + i) * PANEL), _MM_HINT_T0);
        __m512 low = _mm512_loadu_ps(panel + (size_t)i * PANEL);
        __m512 high = _mm512_loadu_ps(second + (size_t)i * PANEL);
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            __m512 x = _mm512_set1_ps(input[r * stride + i]);
            sum[r][0] = _mm512_fmadd_ps(low, x, sum[r][0]);
            sum[r][1] = _mm512_fmadd_ps(high, x, sum[r][1]);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        _mm512_storeu_ps(tile + r * PAD, sum[r][0]);
        _mm512_storeu_ps(tile + r * PAD + PANEL, sum[r][1]);
    }
}

AVX512 INLINE void i8(const int rows, const int8_t *panel, const int16_t *input, size_t stride, int k, int32_t *tile)
{
    const int8_t *second = panel + (size_t)k * PANEL;
    __m512i sum[ROWS_AVX512][2];
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = _mm512_setzero_si512();
    for (int i = 0; i < k; i += 2) {
        _mm_prefetch((const char *)(panel + (size_t)(2 * k + i) * PANEL), _MM_HINT_T0);
        _mm_prefetch((const char *)(panel + (size_t)(3 * k + i) * PANEL), _MM_HINT_T0);
        __m512i low = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const void *)(panel + (size_t)i * PANEL)));
        __m512i high = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const void *)(second + (size_t)i * PANEL)));
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            int32_t both;
            memcpy(&both, input + r * stride + i, sizeof both);
            __m512i x = _mm512_set1_epi32(both);
            sum[r][0] = _mm512_dpwssd_epi32(sum[r][0], low, x);
            sum[r][1] = _mm512_dpwssd_epi32(sum[r][1], high, x);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        _mm512_storeu_si512(tile + r * PAD, sum[r][0]);
        _mm512_storeu_si512(tile + r * PAD + PANEL, sum[r][1]);
    }
}

#define EACH(rows, call)                                                                                               \
    switch (rows) {                                                                                                    \
    case 1: call(1); break;                                                                                            \
    case 2: call(2); break;                                                                                            \
    case 3: call(3); break;                                                                                            \
    case 4: call(4); break;                                                                                            \
    case 5: call(5); break;                                                                                            \
    case 6: call(6); break;                                                                                            \
    case 7: call(7); break;                                                                                            \
    case 8: call(8); break;                                                                                            \
    case 9: call(9); break;                                                                                            \
    case 10: call(10); break;                                                                                          \
    case 11: call(11); break;                                                                                          \
    default: call(12); break;                                                                                          \
    }

AVX512 void tile_f32_avx512(int rows, const float *panel, const float *input, size_t stride, int k, float *tile)
{
#define CALL(n) f32(n, panel, input, stride, k, tile)
    EACH(rows, CALL)
#undef CALL
}

AVX512 void tile_i8_avx512(int rows, const int8_t *panel, const int16_t *input, size_t stride, int k, int32_t *tile)
{
#define CALL(n) i8(n, panel, input, stride, k, tile)
    EACH(rows, CALL)
#undef CALL
}
