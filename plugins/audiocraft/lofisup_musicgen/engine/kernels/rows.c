/* What is done to one row at a time: normalisation, activation, quantisation. Lengths are multiples of 8. */
#include "simd.h"

#include <math.h>
#include <string.h>

/* LayerNorm as torch has it: eps 1e-5, biased variance. n: the true length; the padding becomes 0. */
AVX2 void row_norm(const float *input, const Norm *norm, int n, int n_padded, float *output)
{
    __m256 sum = _mm256_setzero_ps();
    for (int i = 0; i < n; i += 8)
        sum = _mm256_add_ps(sum, _mm256_loadu_ps(input + i));
    float mean = lanes_sum(sum) / (float)n;
    __m256 mean8 = _mm256_set1_ps(mean), squares = _mm256_setzero_ps();
    for (int i = 0; i < n; i += 8) {
        __m256 d = _mm256_sub_ps(_mm256_loadu_ps(input + i), mean8);
        squares = _mm256_fmadd_ps(d, d, squares);
    }
    __m256 factor = _mm256_set1_ps(1.0f / sqrtf(lanes_sum(squares) / (float)n + 1e-5f));
    for (int i = 0; i < n; i += 8) {
        __m256 d = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(input + i), mean8), factor);
        d = _mm256_fmadd_ps(d, _mm256_loadu_ps(norm->weight + i), _mm256_loadu_ps(norm->bias + i));
        _mm256_storeu_ps(output + i, d);
    }
    memset(output + n, 0, (size_t)(n_padded - n) * sizeof(float));
}

/* The greatest activation for which k products with an int8 weight cannot leave 32 bits. */
int quantise_limit(int k)
{
    int limit = INT32_MAX / 127 / k;
    return limit > 32767 ? 32767 : limit;
}

/* Rounds to whole numbers of +-limit; gives what one of them is worth. */
AVX2 float row_quantise(const float *input, int n, int limit, int16_t *output)
{
    __m256 most = _mm256_setzero_ps();
    for (int i = 0; i < n; i += 8)
        most = _mm256_max_ps(most, lanes_abs(_mm256_loadu_ps(input + i)));
    float peak = lanes_max(most);
    if (!(peak > 0)) {
        memset(output, 0, (size_t)n * sizeof *output);
        return 0;
    }
    __m256 factor = _mm256_set1_ps((float)limit / peak);
    for (int i = 0; i < n; i += 16) {
        __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(input + i), factor));
        __m256i b = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(input + i + 8), factor));
        __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8);
        _mm256_storeu_si256((void *)(output + i), packed);
    }
    return peak / (float)limit;
}

/* erfc(z) for z >= 0: t P(t) exp(-z^2), t = 1 / (1 + z / 2), P fitted to 4e-8. Rounding z^2 adds as many units of
 * 6e-8 as z^2 has: far out, where there is next to nothing left, the relative error reaches 3e-6. */
AVX2 INLINE __m256 lanes_erfc(__m256 z)
{
    static const float fit[] = {5.107913642e-01f,  6.871610076e-01f,  5.589411296e-01f, 1.457381953e-01f,
                                -1.719419862e-01f, -1.029137640e-01f, 9.625949341e-02f, 4.708907828e-02f,
                                -6.283610812e-02f, 5.884095108e-03f};
    __m256 one = _mm256_set1_ps(1.0f);
    __m256 t = _mm256_div_ps(one, _mm256_fmadd_ps(z, _mm256_set1_ps(0.5f), one));
    __m256 u = _mm256_sub_ps(t, _mm256_set1_ps(0.5f)), p = _mm256_set1_ps(fit[9]);
    for (int i = 8; i >= 0; i--)
        p = _mm256_fmadd_ps(p, u, _mm256_set1_ps(fit[i]));
    __m256 decay = lanes_exp(_mm256_sub_ps(_mm256_setzero_ps(), _mm256_mul_ps(z, z)));
    return _mm256_mul_ps(_mm256_mul_ps(t, p), decay);
}

/* gelu(x) = x/2 erfc(-x/sqrt 2), the exact one, not the tanh formula. */
AVX2 void activate(float *values, int n, int activation)
{
    for (int i = 0; i < n; i += 8) {
        __m256 x = _mm256_loadu_ps(values + i);
        if (activation == ACTIVATION_RELU) {
            x = _mm256_max_ps(x, _mm256_setzero_ps());
        } else {
            __m256 tail = lanes_erfc(_mm256_mul_ps(lanes_abs(x), _mm256_set1_ps(0.70710678f)));
            tail = _mm256_mul_ps(tail, _mm256_set1_ps(0.5f));
            __m256 share = _mm256_blendv_ps(_mm256_sub_ps(_mm256_set1_ps(1.0f), tail), tail, x);
            x = _mm256_mul_ps(x, share);
        }
        _mm256_storeu_ps(values + i, x);
    }
}

/* n is padded to a multiple of 8 by the caller with -INFINITY, which gives a vanishing share. */
AVX2 float row_exp(float *scores, int n)
{
    __m256 most = _mm256_set1_ps(-INFINITY), sum = _mm256_setzero_ps();
    for (int i = 0; i < n; i += 8)
        most = _mm256_max_ps(most, _mm256_loadu_ps(scores + i));
    __m256 top = _mm256_set1_ps(lanes_max(most));
    for (int i = 0; i < n; i += 8) {
        __m256 x = _mm256_loadu_ps(scores + i);
        __m256 gone = _mm256_cmp_ps(x, _mm256_set1_ps(-INFINITY), _CMP_EQ_OQ);
        x = _mm256_andnot_ps(gone, lanes_exp(_mm256_sub_ps(x, top)));
        sum = _mm256_add_ps(sum, x);
        _mm256_storeu_ps(scores + i, x);
    }
    return lanes_sum(sum);
}
