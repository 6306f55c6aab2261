/* The transformer: every thread walks through the same stages, takes units of each as they come, and waits at its end.
 *
 * What the null condition adds by cross-attention is a constant (its keys and values are those of zeros), so its rows
 * take no part there. */
#define _GNU_SOURCE
#include "lm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct Context {
    const Model *model;
    Pool *pool;
    int rows_max;
    size_t bytes;
    void *memory;
    float *state, *before, *normed, *projected, *mixed, *hidden, *input_scale, *scratch;
    int16_t *whole;
    int32_t *conditional, *runs, *outputs;
    /* of the pass under way */
    const Sequence *sequences;
    const Row *rows;
    const int32_t *tokens;
    int count, conditional_count, run_count, output_count;
    float *logits;
};

enum { SCRATCH = 2 * (4096 + 64) };

#define STAGE(pool, units, body)                                                                                       \
    do {                                                                                                               \
        for (int unit, all = (units); (unit = pool_next(pool)) < all;)                                                 \
            body;                                                                                                      \
        pool_barrier(pool);                                                                                            \
    } while (0)

static int widest(const Shape *s)
{
    int most = s->dim > s->ff ? s->dim : s->ff, heads = s->heads * s->head_dim;
    return most > heads ? most : heads;
}

static void *take(char **at, size_t bytes)
{
    void *here = *at;
    *at += (bytes + 63) / 64 * 64;
    return here;
}

static char *arrange(Context *c, char *at)
{
    const Shape *s = &c->model->shape;
    size_t rows = (size_t)c->rows_max, inner = (size_t)s->heads * s->head_dim;
    c->state = take(&at, rows * s->dim * 4);
    c->before = take(&at, rows * s->dim * 4);
    c->normed = take(&at, rows * s->dim * 4);
    c->projected = take(&at, rows * 3 * inner * 4);
    c->mixed = take(&at, rows * inner * 4);
    c->hidden = take(&at, rows * s->ff * 4);
    c->whole = take(&at, rows * widest(s) * 2);
    c->input_scale = take(&at, rows * 4);
    c->conditional = take(&at, rows * 4);
    c->runs = take(&at, (rows + 1) * 4);
    c->outputs = take(&at, rows * 4);
    return at;
}

Context *context_create(const Model *model, int threads, int rows_max)
{
    Context *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->model = model;
    c->rows_max = rows_max;
    c->bytes = (size_t)arrange(c, NULL);
    void *memory = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    c->memory = memory == MAP_FAILED ? NULL : memory;
    c->pool = c->memory ? pool_create(threads) : NULL;
    if (!c->pool) {
        context_destroy(c);
        return NULL;
    }
    arrange(c, c->memory);
    return c;
}

void context_destroy(Context *c)
{
    pool_destroy(c->pool);
    if (c->memory)
        munmap(c->memory, c->bytes);
    free(c);
}

void context_resize(Context *c, int threads) { pool_resize(c->pool, threads); }

size_t context_bytes(const Context *c) { return c->bytes; }

Pool *context_pool(Context *c) { return c->pool; }

const Shape *context_shape(const Context *c) { return &c->model->shape; }

static Gemm product(const Context *c, const Linear *linear, const float *input, int rows, float *output)
{
    const Shape *s = &c->model->shape;
    return (Gemm){.linear = linear,
                  .input = s->weight_kind == WEIGHT_I8 ? (const void *)c->whole : (const void *)input,
                  .input_scale = c->input_scale,
                  .rows = rows,
                  .activation = s->activation,
                  .weight_kind = s->weight_kind,
                  .isa = s->isa,
                  .output = output,
                  .stride = (size_t)linear->n};
}

/* Makes row `to` of a product's input ready: whole numbers where the weights are bytes. */
static void ready(Context *c, const float *row, int width, int to)
{
    if (c->model->shape.weight_kind == WEIGHT_I8)
        c->input_scale[to] = row_quantise(row, width, quantise_limit(width), c->whole + (size_t)to * width);
}

static void multiply(Context *c, Pool *pool, const Gemm *gemm)
{
    (void)c;
    STAGE(pool, gemm_units(gemm), gemm_unit(gemm, unit));
}

static void embed(Context *c, int row)
{
    const Shape *s = &c->model->shape;
    float *x = c->state + (size_t)row * s->dim;
    const float *position = c->model->positions + (size_t)c->rows[row].position * s->dim;
    memset(x, 0, (size_t)s->dim * 4);
    for (int k = 0; k < s->codebooks; k++) {
        size_t token = (size_t)k * (s->card_true + 1) + c->tokens[row * s->codebooks + k];
        const float *e = c->model->embeddings + token * s->dim;
        for (int i = 0; i < s->dim; i++)
            x[i] += e[i];
    }
    for (int i = 0; i < s->dim; i++)
        x[i] += position[i];
}

/* Before self-attention. `last` is the layer before, whose norm comes late where norms come last. */
static void prepare_self(Context *c, const Layer *layer, const Layer *last, int row)
{
    const Shape *s = &c->model->shape;
    float *x = c->state + (size_t)row * s->dim, *out = c->normed + (size_t)row * s->dim;
    if (s->norm_first) {
        row_norm(x, &layer->norm1, s->dim_true, s->dim, out);
    } else {
        if (last)
            row_norm(x, &last->norm2, s->dim_true, s->dim, x);
        memcpy(c->before + (size_t)row * s->dim, x, (size_t)s->dim * 4);
        memcpy(out, x, (size_t)s->dim * 4);
    }
    ready(c, out, s->dim, row);
}

static void prepare_cross(Context *c, const Layer *layer, int row)
{
    const Shape *s = &c->model->shape;
    float *x = c->state + (size_t)row * s->dim;
    if (!s->norm_first)
        row_norm(x, &layer->norm1, s->dim_true, s->dim, x);
    if (c->sequences[c->rows[row].sequence].cross == NULL) {
        for (int i = 0; layer->null_cross && i < s->dim; i++)
            x[i] += layer->null_cross[i];
        return;
    }
    int to = 0;
    while (c->conditional[to] != row)
        to++;
    float *out = c->normed + (size_t)to * s->dim;
    if (s->norm_first)
        row_norm(x, &layer->norm_cross, s->dim_true, s->dim, out);
    else /* the query is what the layer was given */
        memcpy(out, c->before + (size_t)row * s->dim, (size_t)s->dim * 4);
    ready(c, out, s->dim, to);
}

static void prepare_up(Context *c, const Layer *layer, int row)
{
    const Shape *s = &c->model->shape;
    float *x = c->state + (size_t)row * s->dim, *out = c->normed + (size_t)row * s->dim;
    if (s->norm_first) {
        row_norm(x, &layer->norm2, s->dim_true, s->dim, out);
    } else {
        row_norm(x, &layer->norm_cross, s->dim_true, s->dim, x);
        memcpy(out, x, (size_t)s->dim * 4);
    }
    ready(c, out, s->dim, row);
}

static void prepare_logits(Context *c, int output)
{
    const Shape *s = &c->model->shape;
    float *x = c->state + (size_t)c->outputs[output] * s->dim, *out = c->normed + (size_t)output * s->dim;
    const Layer *last = &c->model->layers[s->layers - 1];
    if (c->model->out_norm.weight)
        row_norm(x, &c->model->out_norm, s->dim_true, s->dim, out);
    else
        row_norm(x, &last->norm2, s->dim_true, s->dim, out);
    ready(c, out, s->dim, output);
}

/* One head of one sequence: its new keys and values, then its rows' queries, each up to its own position. */
static void attend_self(Context *c, int layer, int unit, float *scratch)
{
    const Shape *s = &c->model->shape;
    int run = unit / s->heads, head = unit % s->heads;
    size_t inner = (size_t)s->heads * s->head_dim, at = (size_t)head * s->head_dim;
    const Cache *cache = c->sequences[c->rows[c->runs[run]].sequence].cache;
    for (int r = c->runs[run]; r < c->runs[run + 1]; r++) {
        const float *row = c->projected + (size_t)r * 3 * inner + at;
        cache_append(cache, layer, head, c->rows[r].position, row + inner, row + 2 * inner);
    }
    for (int r = c->runs[run]; r < c->runs[run + 1]; r++)
        attend(cache, layer, head, c->rows[r].position + 1, s->attention_scale,
               c->projected + (size_t)r * 3 * inner + at, scratch, c->mixed + (size_t)r * inner + at);
}

static void attend_cross(Context *c, int layer, int unit, float *scratch)
{
    const Shape *s = &c->model->shape;
    int to = unit / s->heads, head = unit % s->heads;
    size_t inner = (size_t)s->heads * s->head_dim, at = (size_t)to * inner + (size_t)head * s->head_dim;
    const Sequence *sequence = &c->sequences[c->rows[c->conditional[to]].sequence];
    attend(sequence->cross, layer, head, sequence->cross_count, s->attention_scale, c->projected + at, scratch,
           c->mixed + at);
}

static void add_product(Context *c, Pool *pool, const Linear *linear, const float *input, int rows, const int32_t *map)
{
    STAGE(pool, c->model->shape.weight_kind == WEIGHT_I8 ? rows : 0,
          ready(c, input + (size_t)unit * linear->k, linear->k, unit));
    Gemm gemm = product(c, linear, input, rows, c->state);
    gemm.mode = PUT_ADD;
    gemm.row_map = map;
    multiply(c, pool, &gemm);
}

static void pass_layer(Context *c, Pool *pool, int index, float *scratch)
{
    const Shape *s = &c->model->shape;
    const Layer *layer = &c->model->layers[index], *last = index ? layer - 1 : NULL;
    STAGE(pool, c->count, prepare_self(c, layer, last, unit));
    Gemm gemm = product(c, &layer->qkv, c->normed, c->count, c->projected);
    multiply(c, pool, &gemm);
    STAGE(pool, c->run_count * s->heads, attend_self(c, index, unit, scratch));
    add_product(c, pool, &layer->out, c->mixed, c->count, NULL);
    if (layer->cross_q.panels) {
        STAGE(pool, c->count, prepare_cross(c, layer, unit));
        if (c->conditional_count > 0) {
            gemm = product(c, &layer->cross_q, c->normed, c->conditional_count, c->projected);
            multiply(c, pool, &gemm);
            STAGE(pool, c->conditional_count * s->heads, attend_cross(c, index, unit, scratch));
            add_product(c, pool, &layer->cross_out, c->mixed, c->conditional_count, c->conditional);
        }
    }
    STAGE(pool, c->count, prepare_up(c, layer, unit));
    gemm = product(c, &layer->up, c->normed, c->count, c->hidden);
    gemm.mode = PUT_ACTIVATE;
    multiply(c, pool, &gemm);
    add_product(c, pool, &layer->down, c->hidden, c->count, NULL);
}

static void pass(void *argument, Pool *pool)
{
    Context *c = argument;
    float scratch[SCRATCH];
    STAGE(pool, c->count, embed(c, unit));
    for (int i = 0; i < c->model->shape.layers; i++)
        pass_layer(c, pool, i, scratch);
    if (c->output_count == 0)
        return;
    STAGE(pool, c->output_count, prepare_logits(c, unit));
    Gemm gemm = product(c, &c->model->logits, c->normed, c->output_count, c->logits);
    multiply(c, pool, &gemm);
}

void context_forward(Context *c, const Sequence *sequences, const Row *rows, const int32_t *tokens, int count,
                     float *logits)
{
    c->sequences = sequences;
    c->rows = rows;
    c->tokens = tokens;
    c->count = count;
    c->logits = logits;
    c->conditional_count = c->run_count = c->output_count = 0;
    for (int i = 0; i < count; i++) {
        if (sequences[rows[i].sequence].cross)
            c->conditional[c->conditional_count++] = i;
        if (i == 0 || rows[i].sequence != rows[i - 1].sequence)
            c->runs[c->run_count++] = i;
        if (rows[i].output >= 0) {
            c->outputs[rows[i].output] = i;
            c->output_count++;
        }
    }
    c->runs[c->run_count] = count;
    pool_run(c->pool, pass, c);
}

typedef struct {
    Context *context;
    const Cache *cross;
    const float *condition;
    int count, first;
} Crossing;

static void cross_rows(Context *c, const Crossing *crossing, int layer, int unit)
{
    const Shape *s = &c->model->shape;
    size_t inner = (size_t)s->heads * s->head_dim;
    for (int head = 0; head < s->heads; head++) {
        const float *row = c->projected + (size_t)unit * 2 * inner + (size_t)head * s->head_dim;
        cache_append(crossing->cross, layer, head, crossing->first + unit, row, row + inner);
    }
}

static void cross_pass(void *argument, Pool *pool)
{
    const Crossing *crossing = argument;
    Context *c = crossing->context;
    size_t dim = (size_t)c->model->shape.dim;
    const float *condition = crossing->condition + (size_t)crossing->first * dim;
    STAGE(pool, crossing->count, ready(c, condition + (size_t)unit * dim, (int)dim, unit));
    for (int i = 0; i < c->model->shape.layers; i++) {
        Gemm gemm = product(c, &c->model->layers[i].cross_kv, condition, crossing->count, c->projected);
        multiply(c, pool, &gemm);
        STAGE(pool, crossing->count, cross_rows(c, crossing, i, unit));
    }
}

void context_cross(Context *c, const Cache *cross, const float *condition, int count)
{
    for (int first = 0; first < count; first += c->rows_max) {
        int rows = count - first < c->rows_max ? count - first : c->rows_max;
        Crossing crossing = {c, cross, condition, rows, first};
        pool_run(c->pool, cross_pass, &crossing);
    }
}
