/* A stream of the decoder: what each layer still remembers of the rows before, and how a piece goes through. */
#include "encodec.h"
#include "simd.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    int started;
    float *head;                    /* the last taps - 1 rows */
    float *state[LSTM_MAX];         /* cell, then hidden */
    float *up[BLOCKS_MAX];          /* the last row */
    float *raw[BLOCKS_MAX], *active[BLOCKS_MAX];
    float *tail;
    float *memory;
} Stream;

/* Rows on their way through; one set serves all streams, except what the LSTM needs of all at once. */
typedef struct {
    const Codec *codec;
    Pool *pool;
    float *head, *up[BLOCKS_MAX], *raw[BLOCKS_MAX], *active[BLOCKS_MAX], *hidden[BLOCKS_MAX], *tail, *lstm_hidden;
    float *rows[STREAMS_MAX], *gates[STREAMS_MAX], *outputs[STREAMS_MAX];
    float *memory;
} Decoder;

typedef struct {
    Stream *stream;
    const int32_t *tokens; /* [frames][codebooks] */
    int32_t frames, last;
    float *samples;
    int32_t count; /* how many came out */
} Piece;

static size_t rounded(size_t floats) { return (floats + 15) / 16 * 16; }

/* Hands out parts of one block of memory; with no block it only counts. */
static float *part(float *memory, size_t *used, size_t floats)
{
    float *at = memory ? memory + *used : NULL;
    *used += rounded(floats);
    return at;
}

static size_t stream_layout(const Codec *c, Stream *s)
{
    size_t used = 0;
    s->head = part(s->memory, &used, (size_t)(c->head.taps - 1) * c->dimension);
    for (int i = 0; i < c->lstm_layers; i++)
        s->state[i] = part(s->memory, &used, 2 * (size_t)c->width);
    for (int i = 0; i < c->blocks; i++) {
        const Block *b = &c->block[i];
        s->up[i] = part(s->memory, &used, b->up.in);
        s->raw[i] = part(s->memory, &used, (size_t)b->first.taps * b->up.out);
        s->active[i] = part(s->memory, &used, (size_t)b->first.taps * b->up.out);
    }
    s->tail = part(s->memory, &used, (size_t)c->tail.taps * c->tail.in);
    return used;
}

Stream *stream_create(const Codec *codec)
{
    Stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->memory = NULL;
    stream->memory = calloc(stream_layout(codec, stream), sizeof(float));
    if (!stream->memory) {
        free(stream);
        return NULL;
    }
    stream_layout(codec, stream);
    return stream;
}

void stream_destroy(Stream *stream)
{
    if (stream)
        free(stream->memory);
    free(stream);
}

static size_t decoder_layout(const Codec *c, Decoder *d)
{
    size_t used = 0, rows = FRAMES_MAX + 2 * MARGIN;
    d->head = part(d->memory, &used, rows * c->dimension);
    d->lstm_hidden = part(d->memory, &used, c->lstm_layers ? 2 * (size_t)STREAMS_MAX * c->width : 0);
    for (int i = 0; i < c->blocks; i++) {
        const Block *b = &c->block[i];
        d->up[i] = part(d->memory, &used, rows * b->up.in);
        rows = (rows + 1) * b->up.stride + 2 * MARGIN;
        d->raw[i] = part(d->memory, &used, rows * b->up.out);
        d->active[i] = part(d->memory, &used, rows * b->up.out);
        d->hidden[i] = part(d->memory, &used, rows * b->first.out);
    }
    d->tail = part(d->memory, &used, rows * c->tail.in);
    return used;
}

void decoder_destroy(Decoder *d)
{
    if (!d)
        return;
    for (int i = 0; i < STREAMS_MAX; i++)
        free(d->rows[i]);
    pool_destroy(d->pool);
    free(d->memory);
    free(d);
}

Decoder *decoder_create(const Codec *codec, int threads)
{
    Decoder *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->codec = codec;
    d->memory = NULL;
    d->memory = malloc(decoder_layout(codec, d) * sizeof(float));
    d->pool = pool_create(threads);
    if (!d->memory || !d->pool) {
        decoder_destroy(d);
        return NULL;
    }
    decoder_layout(codec, d);
    return d;
}

void decoder_resize(Decoder *d, int threads) { pool_resize(d->pool, threads); }

/* A convolution's window over rows that begin at `base + MARGIN` rows: the rows before them are put in front, and at the
 * end of a stream the padding behind. Returns the first row, and in `total` how many there are. */
static float *surround(float *base, int width, int taps, int fresh, const Stream *s, int last, const float *kept,
                       int reflect, int *total)
{
    int behind = (taps - 1) / 2, before = taps - 1 - behind, lead = s->started ? taps - 1 : before;
    size_t row = (size_t)width * sizeof(float);
    float *rows = base + (size_t)MARGIN * width, *first = rows - (size_t)lead * width;
    if (s->started)
        memcpy(first, kept, (size_t)lead * row);
    for (int i = 1; !s->started && i <= before; i++) {
        if (reflect)
            memcpy(rows - (size_t)i * width, rows + (size_t)i * width, row);
        else
            memset(rows - (size_t)i * width, 0, row);
    }
    float *end = rows + (size_t)fresh * width;
    for (int i = 0; last && i < behind; i++) {
        if (reflect)
            memcpy(end + (size_t)i * width, end - (size_t)(i + 2) * width, row);
        else
            memset(end + (size_t)i * width, 0, row);
    }
    *total = lead + fresh + (last ? behind : 0);
    return first;
}

/* Keeps the last taps - 1 rows for the next piece. */
static void keep(float *kept, const float *base, int width, int taps, int fresh)
{
    const float *end = base + (size_t)(MARGIN + fresh) * width;
    memcpy(kept, end - (size_t)(taps - 1) * width, (size_t)(taps - 1) * width * sizeof(float));
}

static void run(Decoder *d, Product product)
{
    product.isa = d->codec->isa;
    if (product.rows > 0)
        pool_run(d->pool, product_job, &product);
}

/* Tokens to the rows that the LSTM (or the first block) takes. */
static int head(Decoder *d, Piece *piece, float *raw, float *active)
{
    const Codec *c = d->codec;
    Stream *s = piece->stream;
    int width = c->dimension, total;
    for (int t = 0; t < piece->frames; t++) {
        float *row = d->head + (size_t)(MARGIN + t) * width;
        memset(row, 0, (size_t)width * sizeof(float));
        for (int k = 0; k < c->codebooks; k++) {
            const float *entry = c->tables + ((size_t)k * c->bins + piece->tokens[t * c->codebooks + k]) * width;
            for (int i = 0; i < width; i++)
                row[i] += entry[i];
        }
    }
    float *first =
        surround(d->head, width, c->head.taps, piece->frames, s, piece->last, s->head, c->reflect, &total);
    int rows = total - (c->head.taps - 1);
    run(d, (Product){.panels = c->head.panels, .bias = c->head.bias, .input = first, .input_stride = width, .rows = rows,
                     .n = c->head.out, .k = c->head.taps * width, .raw = raw, .active = active,
                     .output_stride = c->head.out});
    keep(s->head, d->head, width, c->head.taps, piece->frames);
    return rows;
}

static int lstm_memory(Decoder *d, int count)
{
    size_t width = d->codec->width, rows = FRAMES_MAX + MARGIN;
    for (int i = 0; i < count; i++) {
        if (d->rows[i])
            continue;
        d->rows[i] = malloc(rows * width * 6 * sizeof(float));
        if (!d->rows[i])
            return -1;
        d->outputs[i] = d->rows[i] + rows * width;
        d->gates[i] = d->outputs[i] + rows * width;
    }
    return 0;
}

/* All streams' rows through the LSTM. Pieces are sorted by length, the longest first. */
static void lstm(Decoder *d, Piece *pieces, const int32_t *length, int count)
{
    const Codec *c = d->codec;
    size_t width = c->width, plane = (size_t)STREAMS_MAX * width;
    for (int layer = 0; layer < c->lstm_layers; layer++) {
        float *state[STREAMS_MAX];
        for (int i = 0; i < count; i++) {
            run(d, (Product){.panels = c->lstm[layer].input, .bias = c->lstm[layer].bias,
                             .input = layer ? d->outputs[i] : d->rows[i], .input_stride = width, .rows = length[i],
                             .n = 4 * (int)width, .k = (int)width, .raw = d->gates[i], .output_stride = 4 * width});
            state[i] = pieces[i].stream->state[layer];
            memcpy(d->lstm_hidden + i * width, state[i] + width, width * sizeof(float));
        }
        LstmRun job = {.panels = c->lstm[layer].hidden, .width = (int)width, .count = count, .isa = c->isa,
                       .steps = length[0], .length = length, .gates = (const float *const *)d->gates,
                       .outputs = d->outputs, .state = state, .hidden = d->lstm_hidden};
        pool_run(d->pool, lstm_job, &job);
        for (int i = 0; i < count; i++)
            memcpy(state[i] + width, d->lstm_hidden + (length[i] & 1 ? plane : 0) + i * width, width * sizeof(float));
    }
}

/* One upsampling block: its input rows stand in d->up[i]; the output goes, as ELU of it, to `next`. */
static int block(Decoder *d, Piece *piece, int i, int fresh, float *next)
{
    const Codec *c = d->codec;
    const Block *b = &c->block[i];
    Stream *s = piece->stream;
    int in = b->up.in, out = b->up.out, stride = b->up.stride, taps = b->first.taps, total;
    float *rows = d->up[i] + (size_t)MARGIN * in;
    if (s->started)
        memcpy(rows - in, s->up[i], (size_t)in * sizeof(float));
    else
        memset(rows - in, 0, (size_t)in * sizeof(float));
    memcpy(s->up[i], rows + (ptrdiff_t)(fresh - 1) * in, (size_t)in * sizeof(float));
    if (piece->last)
        memset(rows + (size_t)fresh * in, 0, (size_t)in * sizeof(float));
    /* The padding that the encoder had put there is cut off again, on the left at the beginning. */
    int right = stride / 2, cut = s->started ? 0 : stride - right, pairs = fresh + (piece->last ? 1 : 0);
    size_t start = (size_t)(MARGIN - cut) * out;
    run(d, (Product){.panels = b->up.panels, .bias = b->up.bias, .input = rows - in, .input_stride = in, .rows = pairs,
                     .n = stride * out, .k = 2 * in, .raw = d->raw[i] + start, .active = d->active[i] + start,
                     .output_stride = (size_t)stride * out});
    int made = pairs * stride - cut - (piece->last ? right : 0);
    float *raw = surround(d->raw[i], out, taps, made, s, piece->last, s->raw[i], c->reflect, &total);
    float *active = surround(d->active[i], out, taps, made, s, piece->last, s->active[i], c->reflect, &total);
    int count = total - (taps - 1);
    run(d, (Product){.panels = b->first.panels, .bias = b->first.bias, .input = active, .input_stride = out,
                     .rows = count, .n = b->first.out, .k = taps * out, .active = d->hidden[i],
                     .output_stride = b->first.out});
    int before = taps - 1 - (taps - 1) / 2;
    run(d, (Product){.panels = b->second.panels, .bias = b->second.bias, .input = d->hidden[i],
                     .input_stride = b->first.out, .rows = count, .n = out, .k = b->first.out, .active = next,
                     .output_stride = out, .skip = raw + (size_t)before * out, .skip_stride = out});
    keep(s->raw[i], d->raw[i], out, taps, made);
    keep(s->active[i], d->active[i], out, taps, made);
    return count;
}

typedef struct {
    const float *weights, *input;
    float *output;
    float bias;
    int n, stride, count;
} Dots;

AVX2 static float dot(const float *a, const float *b, int n)
{
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    int i = 0;
    for (; i + 32 <= n; i += 32)
        for (int j = 0; j < 4; j++)
            sum[j] = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8 * j), _mm256_loadu_ps(b + i + 8 * j), sum[j]);
    float total = lanes_sum(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
    for (; i < n; i++)
        total += a[i] * b[i];
    return total;
}

static void dots_job(void *argument, Pool *pool)
{
    const Dots *d = argument;
    enum { RUN = 1024 };
    for (int next; (next = pool_next(pool)) * RUN < d->count;)
        for (int i = next * RUN; i < d->count && i < (next + 1) * RUN; i++)
            d->output[i] = d->bias + dot(d->weights, d->input + (size_t)i * d->stride, d->n);
}

static void upsample(Decoder *d, Piece *piece, int rows)
{
    const Codec *c = d->codec;
    Stream *s = piece->stream;
    int total;
    for (int i = 0; i < c->blocks; i++) {
        float *next = i + 1 < c->blocks ? d->up[i + 1] : d->tail;
        rows = block(d, piece, i, rows, next + (size_t)MARGIN * c->block[i].up.out);
    }
    float *first = surround(d->tail, c->tail.in, c->tail.taps, rows, s, piece->last, s->tail, c->reflect, &total);
    piece->count = total - (c->tail.taps - 1);
    Dots dots = {.weights = c->tail.panels, .input = first, .output = piece->samples, .bias = c->tail.bias[0],
                 .n = c->tail.taps * c->tail.in, .stride = c->tail.in, .count = piece->count};
    pool_run(d->pool, dots_job, &dots);
    keep(s->tail, d->tail, c->tail.in, c->tail.taps, rows);
    s->started = 1;
}

/* Pushes a piece into each of `count` streams, longest first; a stream's first piece has at least 8 frames. Returns 0, or
 * -1 when memory is out. */
int decoder_push(Decoder *d, Piece *pieces, int count)
{
    const Codec *c = d->codec;
    if (!c->lstm_layers) {
        for (int i = 0; i < count; i++)
            upsample(d, &pieces[i], head(d, &pieces[i], NULL, d->up[0] + (size_t)MARGIN * c->head.out));
        return 0;
    }
    int32_t length[STREAMS_MAX];
    if (lstm_memory(d, count) != 0)
        return -1;
    for (int i = 0; i < count; i++)
        length[i] = head(d, &pieces[i], d->rows[i], NULL);
    lstm(d, pieces, length, count);
    for (int i = 0; i < count; i++) {
        size_t values = (size_t)length[i] * c->width;
        for (size_t j = 0; j < values; j++)
            d->rows[i][j] += d->outputs[i][j];
        elu(d->rows[i], d->up[0] + (size_t)MARGIN * c->width, values);
        upsample(d, &pieces[i], length[i]);
    }
    return 0;
}
