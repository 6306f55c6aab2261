/* The decoder's LSTM. Its steps follow one another, so each reads all weights: several tracks share the reading. */
#include "encodec.h"
#include "simd.h"

#include <string.h>

AVX2 INLINE __m256 lanes_sigmoid(__m256 x)
{
    __m256 one = _mm256_set1_ps(1.0f);
    x = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-80.0f)), _mm256_set1_ps(80.0f));
    return _mm256_div_ps(one, _mm256_add_ps(one, lanes_exp(_mm256_sub_ps(_mm256_setzero_ps(), x))));
}

AVX2 INLINE __m256 lanes_tanh(__m256 x)
{
    /* 2 sigmoid(2x) - 1 */
    __m256 two = _mm256_set1_ps(2.0f);
    return _mm256_fmsub_ps(two, lanes_sigmoid(_mm256_mul_ps(two, x)), _mm256_set1_ps(1.0f));
}

/* Eight units of one sequence: the gates' sums are in `tile`, the input's share in `gates`. */
AVX2 static void units_step(const float *tile, const float *gates, float *cell, float *hidden)
{
    __m256 in = lanes_sigmoid(_mm256_add_ps(_mm256_loadu_ps(tile), _mm256_loadu_ps(gates)));
    __m256 forget = lanes_sigmoid(_mm256_add_ps(_mm256_loadu_ps(tile + 8), _mm256_loadu_ps(gates + 8)));
    __m256 fresh = lanes_tanh(_mm256_add_ps(_mm256_loadu_ps(tile + 16), _mm256_loadu_ps(gates + 16)));
    __m256 out = lanes_sigmoid(_mm256_add_ps(_mm256_loadu_ps(tile + 24), _mm256_loadu_ps(gates + 24)));
    __m256 now = _mm256_fmadd_ps(forget, _mm256_loadu_ps(cell), _mm256_mul_ps(in, fresh));
    _mm256_storeu_ps(cell, now);
    _mm256_storeu_ps(hidden, _mm256_mul_ps(out, lanes_tanh(now)));
}

static void group(const LstmRun *run, int step, int active, int column, const float *before, float *after)
{
    float tile[ROWS_AVX512 * PAD];
    int width = run->width, unit = column / 4, most = tile_rows(run->isa);
    const float *panel = run->panels + (size_t)column * width;
    for (int first = 0; first < active; first += most) {
        int rows = active - first < most ? active - first : most;
        product_tile(run->isa, rows, panel, before + (size_t)first * width, width, width, tile);
        for (int r = 0; r < rows; r++) {
            int s = first + r;
            float *hidden = after + (size_t)s * width + unit;
            units_step(tile + r * PAD, run->gates[s] + (size_t)step * 4 * width + column, run->state[s] + unit, hidden);
            memcpy(run->outputs[s] + (size_t)step * width + unit, hidden, 8 * sizeof(float));
        }
    }
}

/* Sequences are sorted by length, the longest first, so that those still running stand side by side. */
void lstm_job(void *argument, Pool *pool)
{
    const LstmRun *run = argument;
    size_t plane = (size_t)STREAMS_MAX * run->width;
    int active = run->count;
    for (int step = 0; step < run->steps; step++) {
        while (active > 0 && run->length[active - 1] <= step)
            active--;
        const float *before = run->hidden + (step & 1 ? plane : 0);
        float *after = run->hidden + (step & 1 ? 0 : plane);
        for (int next; (next = pool_next(pool)) < run->width / 8;)
            group(run, step, active, next * PAD, before, after);
        pool_barrier(pool);
    }
}
