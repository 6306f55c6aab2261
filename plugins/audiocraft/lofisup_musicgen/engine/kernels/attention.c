/* One query against one head of a cache. Reading the cache is what it costs, so every byte is read once. */
#include "simd.h"

#include <math.h>
#include <string.h>

enum { WIDE = 8 }; /* vectors of 8 dimensions that are summed side by side: a head of 64 in one go */

AVX2 static void score_floats(const Cache *cache, const void *keys, int blocks, const float *query, float *scores)
{
    int n = cache->head_dim, half = cache->kind == CACHE_F16;
    for (int b = 0; b < blocks; b++) {
        __m256 low = _mm256_setzero_ps(), high = low, low2 = low, high2 = low;
        const uint16_t *halves = (const uint16_t *)keys + (size_t)b * BLOCK * n;
        const float *floats = (const float *)keys + (size_t)b * BLOCK * n;
        for (int d = 0; d < n; d += 2) {
            __m256 q = _mm256_broadcast_ss(query + d), q2 = _mm256_broadcast_ss(query + d + 1);
            __m256 a, a2, c, c2;
            if (half) {
                a = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(halves + d * BLOCK)));
                a2 = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(halves + d * BLOCK + 8)));
                c = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(halves + d * BLOCK + 16)));
                c2 = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(halves + d * BLOCK + 24)));
            } else {
                a = _mm256_loadu_ps(floats + d * BLOCK);
                a2 = _mm256_loadu_ps(floats + d * BLOCK + 8);
                c = _mm256_loadu_ps(floats + d * BLOCK + 16);
                c2 = _mm256_loadu_ps(floats + d * BLOCK + 24);
            }
            low = _mm256_fmadd_ps(a, q, low);
            high = _mm256_fmadd_ps(a2, q, high);
            low2 = _mm256_fmadd_ps(c, q2, low2);
            high2 = _mm256_fmadd_ps(c2, q2, high2);
        }
        _mm256_storeu_ps(scores + b * BLOCK, _mm256_add_ps(low, low2));
        _mm256_storeu_ps(scores + b * BLOCK + 8, _mm256_add_ps(high, high2));
    }
}

/* The query is made int16, so that only the keys are coarse; the products are exact. */
AVX2 static void score_bytes(const Cache *cache, const uint8_t *keys, const float *scales, int blocks,
                             const int16_t *query, float unit, float *scores)
{
    int n = cache->head_dim;
    for (int b = 0; b < blocks; b++) {
        const uint8_t *block = keys + (size_t)b * BLOCK * n;
        __m256i low = _mm256_setzero_si256(), high = low;
        for (int d = 0; d < n; d += 2) {
            int32_t both;
            memcpy(&both, query + d, sizeof both);
            __m256i q = _mm256_set1_epi32(both);
            __m256i a = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(block + d * BLOCK)));
            __m256i a2 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(block + d * BLOCK + 16)));
            low = _mm256_add_epi32(low, _mm256_madd_epi16(a, q));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(a2, q));
        }
        __m256 u = _mm256_set1_ps(unit);
        __m256 s = _mm256_mul_ps(u, _mm256_loadu_ps(scales + b * BLOCK));
        __m256 s2 = _mm256_mul_ps(u, _mm256_loadu_ps(scales + b * BLOCK + 8));
        _mm256_storeu_ps(scores + b * BLOCK, _mm256_mul_ps(_mm256_cvtepi32_ps(low), s));
        _mm256_storeu_ps(scores + b * BLOCK + 8, _mm256_mul_ps(_mm256_cvtepi32_ps(high), s2));
    }
}

AVX2 INLINE void mix_floats(const int vectors, const Cache *cache, const void *values, int count, const float *shares,
                            float factor, int first, float *output)
{
    int n = cache->head_dim, half = cache->kind == CACHE_F16;
    __m256 sum[WIDE];
    for (int v = 0; v < vectors; v++)
        sum[v] = _mm256_setzero_ps();
    for (int p = 0; p < count; p++) {
        __m256 share = _mm256_broadcast_ss(shares + p);
        size_t at = (size_t)p * n + first;
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            __m256 x = half ? _mm256_cvtph_ps(_mm_loadu_si128((const void *)((const uint16_t *)values + at + v * 8)))
                            : _mm256_loadu_ps((const float *)values + at + v * 8);
            sum[v] = _mm256_fmadd_ps(x, share, sum[v]);
        }
    }
    for (int v = 0; v < vectors; v++)
        _mm256_storeu_ps(output + first + v * 8, _mm256_mul_ps(sum[v], _mm256_set1_ps(factor)));
}

AVX2 INLINE void mix_bytes(const int vectors, const Cache *cache, const uint8_t *values, int count,
                           const int16_t *shares, float factor, int first, float *output)
{
    int n = cache->head_dim;
    __m256i sum[WIDE];
    for (int v = 0; v < vectors; v++)
        sum[v] = _mm256_setzero_si256();
    for (int p = 0; p < count; p += 2) {
        int32_t both;
        memcpy(&both, shares + p, sizeof both);
        __m256i share = _mm256_set1_epi32(both);
        const uint8_t *pair = values + (size_t)p * n + (size_t)first * 2;
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            __m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(pair + v * 16)));
            sum[v] = _mm256_add_epi32(sum[v], _mm256_madd_epi16(x, share));
        }
    }
    for (int v = 0; v < vectors; v++)
        _mm256_storeu_ps(output + first + v * 8, _mm256_mul_ps(_mm256_cvtepi32_ps(sum[v]), _mm256_set1_ps(factor)));
}

/* Folds the values' scales into the shares and makes these int16, with the sum of all products within 32 bits. */
AVX2 static float share_quantise(float *shares, const float *scales, int count, int16_t *output)
{
    __m256 most = _mm256_setzero_ps(), sum = _mm256_setzero_ps();
    for (int i = 0; i < count; i += 8) {
        __m256 s = _mm256_mul_ps(_mm256_loadu_ps(shares + i), _mm256_loadu_ps(scales + i));
        most = _mm256_max_ps(most, s);
        sum = _mm256_add_ps(sum, s);
        _mm256_storeu_ps(shares + i, s);
    }
    float peak = lanes_max(most), total = lanes_sum(sum);
    if (!(peak > 0)) {
        memset(output, 0, (size_t)count * sizeof *output);
        return 0;
    }
    float factor = 32767.0f / peak, bound = (INT32_MAX / 127 - (float)count) / total;
    factor = factor < bound ? factor : bound * 0.9999f;
    __m256 f = _mm256_set1_ps(factor);
    for (int i = 0; i < count; i += 16) {
        __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(shares + i), f));
        __m256i b = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(shares + i + 8), f));
        _mm256_storeu_si256((void *)(output + i), _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8));
    }
    return 1.0f / factor;
}

AVX2 static void attend_bytes(const Cache *cache, const uint8_t *region, int count, float scale, const float *query,
                              float *scores, int16_t *shares, float *output)
{
    int n = cache->head_dim, blocks = (count + BLOCK - 1) / BLOCK, wide = blocks * BLOCK;
    const float *key_scales = (const float *)(const void *)(region + cache->key_scale_offset);
    const float *value_scales = (const float *)(const void *)(region + cache->value_scale_offset);
    const uint8_t *values = region + cache->value_offset;
    int16_t whole[(n + 15) / 16 * 16];
    float padded[(n + 15) / 16 * 16];
    memset(padded, 0, sizeof padded);
    memcpy(padded, query, (size_t)n * sizeof *query);
    float unit = row_quantise(padded, (n + 15) / 16 * 16, quantise_limit(n), whole);
    score_bytes(cache, region, key_scales, blocks, whole, unit * scale, scores);
    for (int i = count; i < wide; i++)
        scores[i] = -INFINITY;
    float sum = row_exp(scores, wide);
    float worth = share_quantise(scores, value_scales, wide, shares) / sum;
    int first = 0;
    for (; first + WIDE * 8 <= n; first += WIDE * 8)
        mix_bytes(WIDE, cache, values, count, shares, worth, first, output);
    for (; first < n; first += 8)
        mix_bytes(1, cache, values, count, shares, worth, first, output);
}

AVX2 void attend(const Cache *cache, int layer, int head, int count, float scale, const float *query, float *scratch,
                 float *output)
{
    const uint8_t *region = cache->memory + ((size_t)layer * cache->heads + head) * cache->region;
    float *scores = scratch;
    if (cache->kind == CACHE_I8) {
        attend_bytes(cache, region, count, scale, query, scores, (int16_t *)(scratch + cache->capacity + 64), output);
        return;
    }
    int n = cache->head_dim, blocks = (count + BLOCK - 1) / BLOCK, wide = blocks * BLOCK;
    const uint8_t *values = region + cache->value_offset;
    float scaled[n];
    for (int d = 0; d < n; d++)
        scaled[d] = query[d] * scale;
    score_floats(cache, region, blocks, scaled, scores);
    for (int i = count; i < wide; i++)
        scores[i] = -INFINITY;
    float factor = 1.0f / row_exp(scores, wide);
    int first = 0;
    for (; first + WIDE * 8 <= n; first += WIDE * 8)
        mix_floats(WIDE, cache, values, count, scores, factor, first, output);
    for (; first < n; first += 8)
        mix_floats(1, cache, values, count, scores, factor, first, output);
}
