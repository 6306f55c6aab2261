/* The keys and values of one sequence: laid out for attention, see lm.h. */
#define _GNU_SOURCE
#include "simd.h"

#include <string.h>
#include <sys/mman.h>

static size_t rounded(size_t bytes) { return (bytes + 63) / 64 * 64; }

/* Pages are there when they are touched, huge ones where the kernel has them: attention reads a cache from end to end
 * at every step (measured: 15 % faster). */
int cache_create(Cache *cache, int kind, int capacity, int layers, int heads, int head_dim)
{
    size_t width = kind == CACHE_F32 ? 4 : kind == CACHE_F16 ? 2 : 1;
    capacity = (capacity + BLOCK - 1) / BLOCK * BLOCK;
    size_t body = rounded((size_t)capacity * head_dim * width);
    size_t scales = kind == CACHE_I8 ? rounded((size_t)capacity * sizeof(float)) : 0;
    *cache = (Cache){.capacity = capacity, .kind = kind, .head_dim = head_dim, .layers = layers, .heads = heads};
    cache->key_scale_offset = body;
    cache->value_offset = body + scales;
    cache->value_scale_offset = 2 * body + scales;
    cache->region = 2 * (body + scales);
    cache->bytes = cache->region * layers * heads;
    void *memory = mmap(NULL, cache->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    madvise(memory, cache->bytes, MADV_HUGEPAGE);
    cache->memory = memory;
    return 0;
}

void cache_destroy(Cache *cache)
{
    if (cache->memory)
        munmap(cache->memory, cache->bytes);
    cache->memory = NULL;
}

/* Whole numbers of +-127, and what one is worth. */
AVX2 static float quantise(const float *input, int n, int8_t *output)
{
    __m256 most = _mm256_setzero_ps();
    for (int i = 0; i < n; i += 8)
        most = _mm256_max_ps(most, lanes_abs(_mm256_loadu_ps(input + i)));
    float peak = lanes_max(most), factor = peak > 0 ? 127.0f / peak : 0;
    for (int i = 0; i < n; i++)
        output[i] = (int8_t)_mm_cvtss_si32(_mm_set_ss(input[i] * factor));
    return peak / 127.0f;
}

AVX2 void cache_append(const Cache *cache, int layer, int head, int position, const float *key, const float *value)
{
    uint8_t *region = cache->memory + ((size_t)layer * cache->heads + head) * cache->region;
    uint8_t *values = region + cache->value_offset;
    int n = cache->head_dim, block = position / BLOCK, lane = position % BLOCK;
    size_t keys_at = (size_t)block * BLOCK * n;
    if (cache->kind == CACHE_I8) {
        int8_t bytes[n];
        ((float *)(void *)(region + cache->key_scale_offset))[position] = quantise(key, n, bytes);
        for (int d = 0; d < n; d++)
            region[keys_at + (size_t)(d / 2) * 2 * BLOCK + lane * 2 + d % 2] = (uint8_t)bytes[d];
        ((float *)(void *)(region + cache->value_scale_offset))[position] = quantise(value, n, bytes);
        for (int d = 0; d < n; d++)
            values[(size_t)(position / 2) * 2 * n + d * 2 + position % 2] = (uint8_t)bytes[d];
    } else if (cache->kind == CACHE_F16) {
        uint16_t *halves = (uint16_t *)(void *)region;
        for (int d = 0; d < n; d++)
            halves[keys_at + (size_t)d * BLOCK + lane] = _cvtss_sh(key[d], _MM_FROUND_TO_NEAREST_INT);
        for (int d = 0; d < n; d += 8)
            _mm_storeu_si128((void *)(values + ((size_t)position * n + d) * 2),
                             _mm256_cvtps_ph(_mm256_loadu_ps(value + d), _MM_FROUND_TO_NEAREST_INT));
    } else {
        float *floats = (float *)(void *)region;
        for (int d = 0; d < n; d++)
            floats[keys_at + (size_t)d * BLOCK + lane] = key[d];
        memcpy(values + (size_t)position * n * 4, value, (size_t)n * 4);
    }
}
