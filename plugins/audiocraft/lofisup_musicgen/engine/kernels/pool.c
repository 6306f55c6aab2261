/* A few threads that go through the stages of a forward pass together.
 *
 * A stage takes tens of microseconds, so a thread that waits spins at first; it sleeps soon, because this machine is
 * shared with an encoder that must never wait for us. */
#define _GNU_SOURCE
#include "lm.h"

#include <errno.h>
#include <immintrin.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPINS = 1500, THREADS_MAX = 256 };

struct Pool {
    int threads;
    PoolJob job;
    void *argument;
    pthread_t handles[THREADS_MAX];
    int started;
    _Alignas(64) _Atomic uint32_t epoch;   /* bumped when a job begins */
    _Alignas(64) _Atomic uint32_t phase;   /* bumped when everybody has reached the barrier */
    _Alignas(64) _Atomic int arrived;
    _Alignas(64) _Atomic int next;
    _Atomic int stopping;
};

static void sleep_while(_Atomic uint32_t *word, uint32_t value)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != value)
            return;
        _mm_pause();
    }
    while (atomic_load_explicit(word, memory_order_acquire) == value)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake_all(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, THREADS_MAX, NULL, NULL, 0);
}

void pool_barrier(Pool *pool)
{
    if (pool->threads == 1) {
        atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
        return;
    }
    uint32_t phase = atomic_load_explicit(&pool->phase, memory_order_acquire);
    if (atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) + 1 == pool->threads) {
        atomic_store_explicit(&pool->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
        atomic_fetch_add_explicit(&pool->phase, 1, memory_order_release);
        wake_all(&pool->phase);
    } else {
        sleep_while(&pool->phase, phase);
    }
}

int pool_next(Pool *pool)
{
    return atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
}

static void *work(void *argument)
{
    Pool *pool = argument;
    uint32_t epoch = 0;
    for (;;) {
        sleep_while(&pool->epoch, epoch);
        epoch++;
        if (atomic_load(&pool->stopping))
            return NULL;
        pool->job(pool->argument, pool);
        pool_barrier(pool);
    }
}

void pool_run(Pool *pool, PoolJob job, void *argument)
{
    pool->job = job;
    pool->argument = argument;
    atomic_store(&pool->next, 0);
    if (pool->threads > 1) {
        atomic_fetch_add_explicit(&pool->epoch, 1, memory_order_release);
        wake_all(&pool->epoch);
    }
    job(argument, pool);
    pool_barrier(pool);
}

static void stop(Pool *pool)
{
    atomic_store(&pool->stopping, 1);
    atomic_fetch_add_explicit(&pool->epoch, 1, memory_order_release);
    wake_all(&pool->epoch);
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->handles[i], NULL);
    pool->started = 0;
    atomic_store(&pool->stopping, 0);
}

/* The caller is one of the threads. Not to be called while a job runs. */
void pool_resize(Pool *pool, int threads)
{
    if (threads < 1)
        threads = 1;
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    if (threads == pool->threads)
        return;
    stop(pool);
    atomic_store(&pool->epoch, 0);
    pool->threads = 1;
    while (pool->started < threads - 1) {
        if (pthread_create(&pool->handles[pool->started], NULL, work, pool) != 0)
            break; /* fewer threads are slower, not wrong */
        pool->started++;
    }
    pool->threads = pool->started + 1;
}

Pool *pool_create(int threads)
{
    Pool *pool = aligned_alloc(64, (sizeof(Pool) + 63) / 64 * 64);
    if (!pool)
        return NULL;
    *pool = (Pool){.threads = 1};
    pool_resize(pool, threads);
    return pool;
}

void pool_destroy(Pool *pool)
{
    if (!pool)
        return;
    stop(pool);
    free(pool);
}
