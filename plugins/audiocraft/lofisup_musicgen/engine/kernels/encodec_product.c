/* The decoder's matrix products and what is done with their results on the way out. */
#include "encodec.h"
#include "simd.h"

#include <string.h>

AVX2 INLINE __m256 lanes_elu(__m256 x)
{
    __m256 below = _mm256_sub_ps(lanes_exp(_mm256_min_ps(x, _mm256_setzero_ps())), _mm256_set1_ps(1.0f));
    return _mm256_blendv_ps(x, below, x); /* by the sign */
}

AVX2 float *elu(const float *input, float *output, size_t count)
{
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(output + i, lanes_elu(_mm256_loadu_ps(input + i)));
    if (i < count) {
        float rest[8] = {0};
        memcpy(rest, input + i, (count - i) * sizeof(float));
        _mm256_storeu_ps(rest, lanes_elu(_mm256_loadu_ps(rest)));
        memcpy(output + i, rest, (count - i) * sizeof(float));
    }
    return output;
}

/* Eight columns of one row; fewer at the right edge. */
AVX2 INLINE void put(const Product *p, int row, int column, const float *tile)
{
    size_t at = (size_t)row * p->output_stride + column;
    int count = p->n - column;
    __m256 value = _mm256_add_ps(_mm256_loadu_ps(tile), _mm256_loadu_ps(p->bias + column));
    if (count >= 8) {
        if (p->skip)
            value = _mm256_add_ps(value, _mm256_loadu_ps(p->skip + (size_t)row * p->skip_stride + column));
        if (p->raw)
            _mm256_storeu_ps(p->raw + at, value);
        if (p->active)
            _mm256_storeu_ps(p->active + at, lanes_elu(value));
        return;
    }
    float edge[8] = {0};
    size_t bytes = (size_t)count * sizeof(float);
    if (p->skip) {
        memcpy(edge, p->skip + (size_t)row * p->skip_stride + column, bytes);
        value = _mm256_add_ps(value, _mm256_loadu_ps(edge));
    }
    if (p->raw) {
        _mm256_storeu_ps(edge, value);
        memcpy(p->raw + at, edge, bytes);
    }
    if (p->active) {
        _mm256_storeu_ps(edge, lanes_elu(value));
        memcpy(p->active + at, edge, bytes);
    }
}

AVX2 static void put_tile(const Product *p, int row, int rows, int column, const float *tile)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < PAD && column + c < p->n; c += 8)
            put(p, row + r, column + c, tile + r * PAD + c);
}

int tile_rows(int isa) { return isa == ISA_AVX512 ? ROWS_AVX512 : ROWS_AVX2; }

void product_tile(int isa, int rows, const float *panel, const float *input, size_t stride, int k, float *tile)
{
    if (isa == ISA_AVX512) {
        tile_f32_avx512(rows, panel, input, stride, k, tile);
        return;
    }
    tile_f32_avx2(rows, panel, input, stride, k, tile);
    tile_f32_avx2(rows, panel + (size_t)k * PANEL, input, stride, k, tile + PANEL);
}

static void unit(const Product *p, int first, int rows, int column)
{
    float tile[ROWS_AVX512 * PAD];
    const float *panel = p->panels + (size_t)column * p->k;
    int step = tile_rows(p->isa);
    for (int row = first; row < first + rows; row += step) {
        int count = first + rows - row < step ? first + rows - row : step;
        product_tile(p->isa, count, panel, p->input + (size_t)row * p->input_stride, p->input_stride, p->k, tile);
        put_tile(p, row, count, column, tile);
    }
}

void product_job(void *argument, Pool *pool)
{
    const Product *p = argument;
    int columns = (p->n + PAD - 1) / PAD, blocks = (p->rows + UNIT_ROWS - 1) / UNIT_ROWS;
    for (int next; (next = pool_next(pool)) < columns * blocks;) {
        /* Units that share rows come one after the other: the rows are still near. */
        int row = next / columns * UNIT_ROWS, column = next % columns * PAD;
        unit(p, row, p->rows - row < UNIT_ROWS ? p->rows - row : UNIT_ROWS, column);
    }
}
