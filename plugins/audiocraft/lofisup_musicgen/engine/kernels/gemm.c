/* output = input x weights, 32 columns at a time: a panel of weights is read from memory once for all rows. */
#include "lm.h"

#include <immintrin.h>

int gemm_units(const Gemm *gemm) { return gemm->linear->n / PAD; }

/* Scales a tile, adds the bias and puts it where it belongs. */
AVX2 static void put(const Gemm *gemm, int first_row, int rows, int column, const void *tile)
{
    const Linear *linear = gemm->linear;
    float line[PAD];
    for (int r = 0; r < rows; r++) {
        int row = first_row + r;
        float *output = gemm->output + (size_t)(gemm->row_map ? gemm->row_map[row] : row) * gemm->stride + column;
        __m256 row_scale = _mm256_set1_ps(gemm->weight_kind == WEIGHT_I8 ? gemm->input_scale[row] : 1.0f);
        for (int c = 0; c < PAD; c += 8) {
            __m256 value;
            if (gemm->weight_kind == WEIGHT_I8) {
                value = _mm256_cvtepi32_ps(_mm256_loadu_si256((const void *)((const int32_t *)tile + r * PAD + c)));
                value = _mm256_mul_ps(value, _mm256_mul_ps(row_scale, _mm256_loadu_ps(linear->scale + column + c)));
            } else {
                value = _mm256_loadu_ps((const float *)tile + r * PAD + c);
            }
            if (linear->bias)
                value = _mm256_add_ps(value, _mm256_loadu_ps(linear->bias + column + c));
            if (gemm->mode == PUT_ADD)
                value = _mm256_add_ps(value, _mm256_loadu_ps(output + c));
            _mm256_storeu_ps(gemm->mode == PUT_ACTIVATE ? line + c : output + c, value);
        }
        if (gemm->mode == PUT_ACTIVATE) {
            activate(line, PAD, gemm->activation);
            for (int c = 0; c < PAD; c++)
                output[c] = line[c];
        }
    }
}

static void tile_rows(const Gemm *gemm, int first, int rows, int unit, void *tile)
{
    const Linear *linear = gemm->linear;
    size_t k = (size_t)linear->k, panel = (size_t)unit * 2 * k * PANEL;
    if (gemm->weight_kind == WEIGHT_I8) {
        const int8_t *weights = (const int8_t *)linear->panels + panel;
        const int16_t *input = (const int16_t *)gemm->input + (size_t)first * k;
        if (gemm->isa == ISA_AVX512) {
            tile_i8_avx512(rows, weights, input, k, linear->k, tile);
        } else {
            tile_i8_avx2(rows, weights, input, k, linear->k, tile);
            tile_i8_avx2(rows, weights + k * PANEL, input, k, linear->k, (int32_t *)tile + PANEL);
        }
    } else {
        const float *weights = (const float *)linear->panels + panel;
        const float *input = (const float *)gemm->input + (size_t)first * k;
        if (gemm->isa == ISA_AVX512) {
            tile_f32_avx512(rows, weights, input, k, linear->k, tile);
        } else {
            tile_f32_avx2(rows, weights, input, k, linear->k, tile);
            tile_f32_avx2(rows, weights + k * PANEL, input, k, linear->k, (float *)tile + PANEL);
        }
    }
}

void gemm_unit(const Gemm *gemm, int unit)
{
    _Alignas(64) int32_t tile[ROWS_AVX512 * PAD];
    int most = gemm->isa == ISA_AVX512 ? ROWS_AVX512 : ROWS_AVX2;
    int blocks = (gemm->rows + most - 1) / most;
    for (int block = 0, first = 0; block < blocks; block++) {
        int rows = (gemm->rows - first + blocks - block - 1) / (blocks - block); /* even blocks */
        tile_rows(gemm, first, rows, unit, tile);
        put(gemm, first, rows, unit * PAD, tile);
        first += rows;
    }
}

int isa_best(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c"))
        return ISA_NONE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni"))
        return ISA_AVX512;
    return ISA_AVX2;
}
