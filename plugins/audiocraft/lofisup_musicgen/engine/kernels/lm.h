/* The language model's shapes, and what the parts of the engine say to each other.
 *
 * Every row is independent: what is computed for it depends on its own tokens, position and cache only, in one fixed
 * order, so that a track is the same whatever the batch it was in and however many threads there were. */
#ifndef LOFISUP_LM_H
#define LOFISUP_LM_H

#include <stddef.h>
#include <stdint.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline))

enum { WEIGHT_F32 = 0, WEIGHT_I8 = 1 };
enum { CACHE_F32 = 0, CACHE_F16 = 1, CACHE_I8 = 2 };
enum { ISA_NONE = 0, ISA_AVX2 = 1, ISA_AVX512 = 2 };
enum { ACTIVATION_RELU = 0, ACTIVATION_GELU = 1 };
enum { PANEL = 16, BLOCK = 16, PAD = 32 };

/* A weight matrix in panels of 16 output columns; n and k are padded with zeros to a multiple of 32.
 * f32: [n/16][k][16] floats. i8: [n/16][k/2][16][2] bytes with one scale a column. */
typedef struct {
    int32_t n, k;
    const void *panels;
    const float *scale, *bias; /* bias: NULL where there is none */
} Linear;

typedef struct {
    const float *weight, *bias;
} Norm;

typedef struct {
    Linear qkv, out, cross_q, cross_kv, cross_out, up, down;
    Norm norm1, norm_cross, norm2;
    const float *null_cross; /* what cross-attention adds for the null condition; NULL: exactly nothing */
} Layer;

/* Sizes are padded ones, except where the name says so. */
typedef struct {
    int32_t dim, heads, head_dim, ff, layers, codebooks, card, dim_true, card_true, norm_first, activation, weight_kind,
        isa;
    float attention_scale;
} Shape;

typedef struct {
    Shape shape;
    const Layer *layers;
    Linear logits;           /* the codebooks' heads, one after the other */
    Norm out_norm;           /* weight NULL: none */
    const float *embeddings; /* [codebooks][card_true + 1][dim] */
    const float *positions;  /* [capacity][dim] */
} Model;

/* Keys and values of one sequence, one region a layer and head. Keys are kept in blocks of 16 positions, transposed,
 * so that 16 dot products are made side by side; values follow the positions.
 * f32/f16: keys [position/16][head_dim][16], values [position][head_dim].
 * i8: keys [position/16][head_dim/2][16][2], values [position/2][head_dim][2], one scale a position each. */
typedef struct {
    int32_t capacity, kind, head_dim, layers, heads;
    size_t region, value_offset, key_scale_offset, value_scale_offset, bytes;
    uint8_t *memory;
} Cache;

typedef struct {
    const Cache *cache;
    const Cache *cross; /* NULL: the null condition */
    int32_t cross_count;
} Sequence;

/* A row of a forward pass: one position of one sequence. Rows of one sequence stand side by side in order. */
typedef struct {
    int32_t sequence, position;
    int32_t output; /* which of the logits it makes, -1: only its keys and values are wanted */
} Row;

typedef struct Pool Pool;
typedef struct Context Context;

/* pool.c */
typedef void (*PoolJob)(void *argument, Pool *pool);
Pool *pool_create(int threads);
void pool_destroy(Pool *pool);
void pool_resize(Pool *pool, int threads);
void pool_run(Pool *pool, PoolJob job, void *argument);
/* Inside a job: waits for every thread, and makes the next unit 0 again. */
void pool_barrier(Pool *pool);
/* Inside a job: the next unit of this stage; units are handed out to whoever is free. */
int pool_next(Pool *pool);

/* gemm.c: what a product is to do with its result */
enum { PUT = 0, PUT_ADD = 1, PUT_ACTIVATE = 2 };
typedef struct {
    const Linear *linear;
    const void *input;        /* [rows][k]: float, or int16 with one scale a row */
    const float *input_scale;
    int rows, mode, activation, weight_kind, isa;
    float *output;            /* [rows][stride] */
    size_t stride;
    const int32_t *row_map;   /* row of output for a row of input; NULL: the same */
} Gemm;
int isa_best(void);
void gemm_unit(const Gemm *gemm, int unit); /* 32 columns */
int gemm_units(const Gemm *gemm);

void tile_f32_avx2(int rows, const float *panel, const float *input, size_t stride, int k, float *tile);
void tile_i8_avx2(int rows, const int8_t *panel, const int16_t *input, size_t stride, int k, int32_t *tile);
void tile_f32_avx512(int rows, const float *panel, const float *input, size_t stride, int k, float *tile);
void tile_i8_avx512(int rows, const int8_t *panel, const int16_t *input, size_t stride, int k, int32_t *tile);
enum { ROWS_AVX2 = 6, ROWS_AVX512 = 12 };

/* rows.c */
void row_norm(const float *input, const Norm *norm, int n, int n_padded, float *output);
float row_quantise(const float *input, int n, int limit, int16_t *output);
int quantise_limit(int k);
void activate(float *values, int n, int activation);
/* Replaces scores by exp(score - max) and gives their sum. The error of exp is below 2e-7 of its value. */
float row_exp(float *scores, int n);

/* cache.c */
int cache_create(Cache *cache, int kind, int capacity, int layers, int heads, int head_dim);
void cache_destroy(Cache *cache);
void cache_append(const Cache *cache, int layer, int head, int position, const float *key, const float *value);

/* attention.c: output = softmax(scale * query . keys[0..count]) values; scratch: capacity + 64 floats, twice */
void attend(const Cache *cache, int layer, int head, int count, float scale, const float *query, float *scratch,
            float *output);

/* forward.c: a context belongs to one thread at a time; the model may have many */
Context *context_create(const Model *model, int threads, int rows_max);
void context_destroy(Context *context);
void context_resize(Context *context, int threads);
size_t context_bytes(const Context *context);
Pool *context_pool(Context *context);
const Shape *context_shape(const Context *context);
/* tokens: [rows][codebooks]; logits: [outputs][codebooks][card] */
void context_forward(Context *context, const Sequence *sequences, const Row *rows, const int32_t *tokens, int count,
                     float *logits);
/* Fills a cross cache from a condition of count x dim floats. */
void context_cross(Context *context, const Cache *cross, const float *condition, int count);

/* sample.c */
typedef struct {
    int32_t conditional, null; /* rows of logits; null -1: no guidance */
    uint64_t seed;
    int32_t frame[16]; /* for each codebook the frame that is drawn, which numbers the random stream; -1: not wanted */
} Draw;
typedef struct {
    float guidance, temperature, top_p;
    int32_t top_k, sampling;
} Sampling;
void context_sample(Context *context, const float *logits, const Draw *draws, int count, const Sampling *sampling,
                    int32_t *tokens);
int32_t sample_row(const float *conditional, const float *null, int card, const Sampling *sampling, uint64_t seed,
                   int frame, int codebook, float *scratch);

/* measure.c */
double measure_read(int threads, int megabytes);
double measure_products(int threads, int kind, int isa);

#endif
