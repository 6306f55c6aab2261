/* What this machine could do at most: the two limits that a step is held against. */
#define _GNU_SOURCE
#include "simd.h"

#include <sys/mman.h>
#include <time.h>

enum { CHUNK = 1 << 20, PRODUCT_K = 512, ROUNDS = 64 };

typedef struct {
    const uint8_t *memory;
    int units, isa, kind;
    int64_t sum;
} Measure;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

AVX2 static void read_unit(Measure *m, int unit)
{
    __m256i a = _mm256_setzero_si256(), b = a;
    const uint8_t *at = m->memory + (size_t)unit * CHUNK;
    for (size_t i = 0; i < CHUNK; i += 64) {
        a = _mm256_add_epi64(a, _mm256_loadu_si256((const void *)(at + i)));
        b = _mm256_add_epi64(b, _mm256_loadu_si256((const void *)(at + i + 32)));
    }
    __atomic_fetch_add(&m->sum, _mm256_extract_epi64(_mm256_add_epi64(a, b), 0), __ATOMIC_RELAXED);
}

static void read_all(void *argument, Pool *pool)
{
    Measure *m = argument;
    for (int unit; (unit = pool_next(pool)) < m->units;)
        read_unit(m, unit);
}

/* Panels and rows that stay in the nearest cache. */
static void multiply_unit(const Measure *m)
{
    _Alignas(64) static const uint8_t zeros[PRODUCT_K * PAD * 4];
    _Alignas(64) int32_t tile[ROWS_AVX512 * PAD];
    for (int i = 0; i < ROUNDS; i++) {
        if (m->kind == WEIGHT_I8)
            (m->isa == ISA_AVX512 ? tile_i8_avx512 : tile_i8_avx2)(6, (const void *)zeros, (const void *)zeros,
                                                                   PRODUCT_K, PRODUCT_K, tile);
        else
            (m->isa == ISA_AVX512 ? tile_f32_avx512 : tile_f32_avx2)(6, (const void *)zeros, (const void *)zeros,
                                                                     PRODUCT_K / 2, PRODUCT_K / 2, (float *)tile);
    }
}

static void multiply_all(void *argument, Pool *pool)
{
    Measure *m = argument;
    while (pool_next(pool) < m->units)
        multiply_unit(m);
}

static double best_time(Measure *m, PoolJob job, int threads, int times)
{
    Pool *pool = pool_create(threads);
    double best = 1e9;
    for (int i = 0; pool && i < times; i++) {
        double begun = seconds();
        pool_run(pool, job, m);
        double took = seconds() - begun;
        best = took < best ? took : best;
    }
    pool_destroy(pool);
    return best;
}

/* Bytes a second that `threads` read from memory; 0: no room to try. */
double measure_read(int threads, int megabytes)
{
    size_t bytes = (size_t)megabytes * CHUNK;
    uint8_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 0;
    madvise(memory, bytes, MADV_HUGEPAGE);
    for (size_t i = 0; i < bytes; i += 4096)
        memory[i] = 1;
    Measure m = {.memory = memory, .units = megabytes};
    double took = best_time(&m, read_all, threads, 6);
    munmap(memory, bytes);
    return (double)bytes / took;
}

/* Multiplications a second of the product kernels on data in the nearest cache. */
double measure_products(int threads, int kind, int isa)
{
    Measure m = {.units = 40 * threads, .isa = isa, .kind = kind};
    double took = best_time(&m, multiply_all, threads, 12);
    int k = kind == WEIGHT_I8 ? PRODUCT_K : PRODUCT_K / 2, columns = isa == ISA_AVX512 ? PAD : PANEL;
    return (double)m.units * ROUNDS * 6 * k * columns / took;
}
