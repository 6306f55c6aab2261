/* Products of a few rows with one panel of 16 columns, AVX2. 6 rows x 16 columns are 12 accumulators of 16 registers.
 *
 * While a panel is worked on, the next one is asked for from memory, line by line: without that, reading and
 * multiplying take turns (at 16 rows: 55 against 73 GMAC/s a core). Asking beyond the last one does no harm. */
#include "lm.h"

#include <immintrin.h>
#include <string.h>

AVX2 INLINE void f32(const int rows, const float *panel, const float *input, size_t stride, int k, float *tile)
{
    __m256 sum[ROWS_AVX2][2];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = _mm256_setzero_ps();
    for (int i = 0; i < k; i++) {
        _mm_prefetch((const char *)(panel + (size_t)(k + i) * PANEL), _MM_HINT_T0);
        __m256 low = _mm256_loadu_ps(panel + (size_t)i * PANEL);
        __m256 high = _mm256_loadu_ps(panel + (size_t)i * PANEL + 8);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            __m256 x = _mm256_broadcast_ss(input + r * stride + i);
            sum[r][0] = _mm256_fmadd_ps(low, x, sum[r][0]);
            sum[r][1] = _mm256_fmadd_ps(high, x, sum[r][1]);
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        _mm256_storeu_ps(tile + r * PAD, sum[r][0]);
        _mm256_storeu_ps(tile + r * PAD + 8, sum[r][1]);
    }
}

/* int8 weights times int16 activations: exact, whatever the order, because quantise_limit keeps the sums in 32 bits. */
AVX2 INLINE void i8(const int rows, const int8_t *panel, const int16_t *input, size_t stride, int k, int32_t *tile)
{
    __m256i sum[ROWS_AVX2][2];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = _mm256_setzero_si256();
    for (int i = 0; i < k; i += 2) {
        const int8_t *pair = panel + (size_t)i * PANEL;
        _mm_prefetch((const char *)(pair + (size_t)k * PANEL), _MM_HINT_T0);
        __m256i low = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)pair));
        __m256i high = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(pair + 16)));
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            int32_t both;
            memcpy(&both, input + r * stride + i, sizeof both);
            __m256i x = _mm256_set1_epi32(both);
            sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(low, x));
            sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(high, x));
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        _mm256_storeu_si256((void *)(tile + r * PAD), sum[r][0]);
        _mm256_storeu_si256((void *)(tile + r * PAD + 8), sum[r][1]);
    }
}

#define EACH(rows, call)                                                                                               \
    switch (rows) {                                                                                                    \
    case 1: call(1); break;                                                                                            \
    case 2: call(2); break;                                                                                            \
    case 3: call(3); break;                                                                                            \
    case 4: call(4); break;                                                                                            \
    case 5: call(5); break;                                                                                            \
    default: call(6); break;                                                                                           \
    }

/* Both panels of a tile of 32 columns; a tile's row is 32 wide. */
AVX2 void tile_f32_avx2(int rows, const float *panel, const float *input, size_t stride, int k, float *tile)
{
#define CALL(n) f32(n, panel, input, stride, k, tile)
    EACH(rows, CALL)
#undef CALL
}

AVX2 void tile_i8_avx2(int rows, const int8_t *panel, const int16_t *input, size_t stride, int k, int32_t *tile)
{
#define CALL(n) i8(n, panel, input, stride, k, tile)
    EACH(rows, CALL)
#undef CALL
}
