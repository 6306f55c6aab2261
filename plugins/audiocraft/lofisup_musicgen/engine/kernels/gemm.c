/* output = input x weights, 32 columns at a time: a panel of weights is read from memory once for all rows. */
#include "lm.h"

#include <immintrin.h>

int gemm_units(const Gemm *gemm) { return gemm->linear->n / PAD; }

/* Scales a tile, adds the bias and puts it where it belongs. */
AVX2 static void put(const Gemm *gemm, int first_row, int rows, int column, int width, const void *tile)
{
    const Linear *linear = gemm->linear;
    float line[PAD];
    for (int r = 0; r < rows; r++) {
        int row = first_row + r;
        float *output = gemm->output + (size_t)(gemm->row_map ? gemm->row_map[row] : row) * gemm->stride + column;
        __m256 row_scale = _mm256_set1_ps(gemm->weight_kind == WEIGHT_I8 ? gemm->input_scale[row] : 1.0f);
        for (int c = 0; c < width; c += 8) {
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
            activate(line, width, gemm->activation);
            for (int c = 0; c < width; c++)
                output[c] = line[c];
        }
    }
}

/* From column `panel` on: 16 columns with AVX2, 32 with AVX-512. */
static void tile_rows(const Gemm *gemm, int first, int rows, size_t panel, void *tile)
{
    int k = gemm->linear->k;
    if (gemm->weight_kind == WEIGHT_I8) {
        const int8_t *weights = (const int8_t *)gemm->linear->panels + panel * k;
        const int16_t *input = (const int16_t *)gemm->input + (size_t)first * k;
        (gemm->isa == ISA_AVX512 ? tile_i8_avx512 : tile_i8_avx2)(rows, weights, input, (size_t)k, k, tile);
    } else {
        const float *weights = (const float *)gemm->linear->panels + panel * k;
        const float *input = (const float *)gemm->input + (size_t)first * k;
        (gemm->isa == ISA_AVX512 ? tile_f32_avx512 : tile_f32_avx2)(rows, weights, input, (size_t)k, k, tile);
    }
}

/* A panel is read once for all rows: it stays in the nearest cache while blocks of rows go by. */
void gemm_unit(const Gemm *gemm, int unit)
{
    _Alignas(64) int32_t tile[ROWS_AVX512 * PAD];
    int most = gemm->isa == ISA_AVX512 ? ROWS_AVX512 : ROWS_AVX2, width = gemm->isa == ISA_AVX512 ? PAD : PANEL;
    int blocks = (gemm->rows + most - 1) / most;
    for (int column = unit * PAD; column < (unit + 1) * PAD; column += width)
        for (int block = 0, first = 0; block < blocks; block++) {
            int rows = (gemm->rows - first + blocks - block - 1) / (blocks - block); /* even blocks */
            tile_rows(gemm, first, rows, (size_t)column, tile);
            put(gemm, first, rows, column, width, tile);
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
