/* From logits to a token: guidance, temperature, the best k or the best mass p, and a draw.
 *
 * The random number depends on the track's seed, the frame and the codebook only. */
#include "lm.h"

#include <math.h>
#include <stdlib.h>

/* splitmix64's finaliser, which passes for random on consecutive inputs. */
static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static double uniform(uint64_t seed, int frame, int codebook)
{
    uint64_t x = mix(mix(mix(seed) ^ (uint64_t)(uint32_t)frame) ^ (uint64_t)(uint32_t)codebook);
    return (double)(x >> 11) * 0x1p-53;
}

static int descending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* The k-th greatest value; leaves the scratch in disorder. */
static float greatest(float *values, int n, int k)
{
    int low = 0, high = n - 1, target = k - 1;
    while (low < high) {
        float pivot = values[low + (high - low) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (values[i] > pivot)
                i++;
            while (values[j] < pivot)
                j--;
            if (i <= j) {
                float t = values[i];
                values[i++] = values[j];
                values[j--] = t;
            }
        }
        if (target <= j)
            high = j;
        else if (target >= i)
            low = i;
        else
            break;
    }
    return values[target];
}

/* The least probability that stays when the best mass of p is kept. */
static float mass_threshold(const float *shares, int n, double total, float p, float *scratch)
{
    for (int i = 0; i < n; i++)
        scratch[i] = shares[i];
    qsort(scratch, (size_t)n, sizeof *scratch, descending);
    double before = 0;
    int i = 0;
    while (i + 1 < n && before + scratch[i] <= p * total)
        before += scratch[i++];
    return scratch[i];
}

static int best(const float *values, int n)
{
    int at = 0;
    for (int i = 1; i < n; i++)
        if (values[i] > values[at])
            at = i;
    return at;
}

/* scratch: 2 x card floats */
int32_t sample_row(const float *conditional, const float *null, int card, const Sampling *sampling, uint64_t seed,
                   int frame, int codebook, float *scratch)
{
    float *values = scratch, *other = scratch + card;
    for (int i = 0; i < card; i++)
        values[i] = null ? null[i] + (conditional[i] - null[i]) * sampling->guidance : conditional[i];
    if (!sampling->sampling || sampling->temperature <= 0)
        return best(values, card);
    float least = -INFINITY, top = values[best(values, card)];
    if (!(sampling->top_p > 0) && sampling->top_k > 0 && sampling->top_k < card) {
        for (int i = 0; i < card; i++)
            other[i] = values[i];
        least = greatest(other, card, sampling->top_k);
    }
    double total = 0;
    for (int i = 0; i < card; i++) {
        values[i] = values[i] < least ? 0 : expf((values[i] - top) / sampling->temperature);
        total += values[i];
    }
    if (sampling->top_p > 0) {
        least = mass_threshold(values, card, total, sampling->top_p, other);
        total = 0;
        for (int i = 0; i < card; i++) {
            values[i] = values[i] < least ? 0 : values[i];
            total += values[i];
        }
    }
    double left = uniform(seed, frame, codebook) * total;
    int last = 0;
    for (int i = 0; i < card; i++) {
        if (values[i] <= 0)
            continue;
        last = i;
        if ((left -= values[i]) < 0)
            break;
    }
    return last;
}

typedef struct {
    const float *logits;
    const Draw *draws;
    int count, codebooks, card, stride;
    const Sampling *sampling;
    int32_t *tokens;
} Drawing;

static void draw(void *argument, Pool *pool)
{
    const Drawing *d = argument;
    float scratch[2 * d->card];
    for (int unit; (unit = pool_next(pool)) < d->count * d->codebooks;) {
        const Draw *one = &d->draws[unit / d->codebooks];
        int codebook = unit % d->codebooks;
        size_t row = (size_t)d->codebooks * d->stride, at = (size_t)codebook * d->stride;
        if (one->frame[codebook] < 0)
            continue;
        const float *null = one->null < 0 ? NULL : d->logits + (size_t)one->null * row + at;
        d->tokens[unit] = sample_row(d->logits + (size_t)one->conditional * row + at, null, d->card, d->sampling,
                                     one->seed, one->frame[codebook], codebook, scratch);
    }
}

void context_sample(Context *context, const float *logits, const Draw *draws, int count, const Sampling *sampling,
                    int32_t *tokens)
{
    const Shape *s = context_shape(context);
    Drawing drawing = {.logits = logits, .draws = draws, .count = count, .codebooks = s->codebooks,
                       .card = s->card_true, .stride = s->card, .sampling = sampling, .tokens = tokens};
    pool_run(context_pool(context), draw, &drawing);
}
