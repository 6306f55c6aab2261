/* EnCodec's decoder (SEANet), made to be fed piece by piece: what comes out is what the whole would have given.
 *
 * Rows are moments and columns are channels, so that a window of moments is one run of memory and every convolution is a
 * product with a matrix. A transposed convolution with a kernel of twice its stride is one as well: two input rows give
 * one row of `stride` output moments. */
#ifndef LOFISUP_ENCODEC_H
#define LOFISUP_ENCODEC_H

#include "lm.h"

enum { FRAMES_MAX = 40, STREAMS_MAX = 64, LSTM_MAX = 4, BLOCKS_MAX = 8, MARGIN = 32, UNIT_ROWS = 96 };

/* `panels`: [n/32][2][k][16] with k = taps * in; n is padded with zeros to a multiple of 32, `bias` as well. */
typedef struct {
    int32_t taps, in, out;
    const float *panels, *bias;
} Conv;

/* n = stride * out, k = 2 * in: the row before, then the row itself. */
typedef struct {
    int32_t stride, in, out;
    const float *panels, *bias;
} Up;

typedef struct {
    Up up;
    Conv first, second; /* the residual block; `second` has one tap */
} Block;

/* Columns in groups of 32: input, forget, cell and output gate of eight units. */
typedef struct {
    const float *input, *hidden, *bias;
} Lstm;

typedef struct {
    int32_t codebooks, bins, dimension, width, lstm_layers, blocks, reflect, isa;
    const float *tables; /* [codebooks][bins][dimension] */
    Conv head;
    Lstm lstm[LSTM_MAX];
    Block block[BLOCKS_MAX];
    Conv tail; /* panels: plain [taps * in]; one channel */
} Codec;

/* A product with a matrix. Results go to `raw`, and as ELU of it to `active`; either may be NULL. */
typedef struct {
    const float *panels, *bias, *input, *skip;
    float *raw, *active;
    size_t input_stride, output_stride, skip_stride;
    int rows, n, k, isa;
} Product;

/* Up to `tile_rows` rows with the 32 columns that begin at `panel`; rows of the tile are 32 wide. */
void product_tile(int isa, int rows, const float *panel, const float *input, size_t stride, int k, float *tile);
int tile_rows(int isa);
void product_job(void *product, Pool *pool);

/* Steps of one LSTM layer for several sequences at once; `gates` hold the input's share and the bias. */
typedef struct {
    const float *panels;
    int width, count, isa, steps;
    const int32_t *length;          /* of each sequence */
    const float *const *gates;      /* [length][4 * width] each */
    float *const *outputs;          /* [length][width] each */
    float *const *state;            /* of each: cell state, then the hidden state */
    float *hidden;                  /* scratch: 2 x [STREAMS_MAX][width] */
} LstmRun;

void lstm_job(void *run, Pool *pool);

float *elu(const float *input, float *output, size_t count);

#endif
