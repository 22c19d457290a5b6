#include "sched/deque.h"

#include "fiber/sanitizer.h"
#include "os/chaos.h"

#include <errno.h>
#include <stdlib.h>

int
fl_deque_init(fl_deque *deque)
{
    deque->slots = malloc(FL_DEQUE_FIRST * sizeof *deque->slots);
    if (!deque->slots) {
        return ENOMEM;
    }
    fl_tsan_release(deque);
    deque->mask = FL_DEQUE_FIRST - 1;
    deque->limit = FL_DEQUE_FIRST;
    fl_store_relaxed(&deque->slots[deque->mask], NULL); /* I3 */
    fl_store_relaxed(&deque->top, (uint64_t)0);
    fl_store_relaxed(&deque->guard, 0u);
    fl_store_release(&deque->bottom, (uint64_t)0);
    return 0;
}

void
fl_deque_free(fl_deque *deque)
{
    fl_tsan_acquire(deque);
    free(deque->slots);
}

/* ---- the owner ---- */

/* With the guard: makes room for twice as many. */
static int
grow(fl_deque *deque, uint64_t t, uint64_t b)
{
    uint64_t mask = 2 * deque->mask + 1;
    fl_atomic_ptr *slots = malloc((mask + 1) * sizeof *slots);
    if (!slots) {
        return ENOMEM;
    }
    fl_assert_held(&deque->guard);
    fl_assert(b - t <= deque->mask + 1);
    fl_tsan_acquire(deque); /* who made the old ones, or grew it last */
    for (uint64_t i = t - 1; i != b; i++) { /* I3 */
        fl_store_relaxed(&slots[i & mask],
                         fl_load_relaxed(&deque->slots[i & deque->mask]));
    }
    /* No thief looks there without the guard. But the ThreadSanitizer does not
     * know in which order a worker's fibers have looked: there the old ones stay,
     * which take less, all together, than the new ones. */
    if (!FL_TSAN) {
        free(deque->slots);
    }
    deque->slots = slots;
    deque->mask = mask;
    fl_tsan_release(deque);
    return 0;
}

FL_NOINLINE int
fl_deque_push_slowly(fl_deque *deque, void *entry)
{
    int error = 0;
    fl_guard_lock(&deque->guard);
    uint64_t t = fl_load_relaxed(&deque->top);
    uint64_t b = fl_load_relaxed(&deque->bottom);
    if (b - t > deque->mask) {
        error = grow(deque, t, b);
    }
    if (!error) {
        deque->limit = t + deque->mask + 1;
    }
    fl_guard_unlock(&deque->guard);
    return error ? error : fl_deque_push(deque, entry);
}

FL_NOINLINE bool
fl_deque_take_slowly(fl_deque *deque, uint64_t b)
{
    fl_store_release(&deque->bottom, b + 1);
    fl_chaos();
    fl_guard_lock(&deque->guard);
    bool there = (int64_t)(b - fl_load_relaxed(&deque->top)) >= 0;
    if (there) {
        fl_store_release(&deque->bottom, b);
    }
    fl_guard_unlock(&deque->guard);
    return there;
}

void *
fl_deque_shift(fl_deque *deque)
{
    void *entry = NULL;
    if (fl_deque_size(deque) == 0) {
        return NULL;
    }
    fl_guard_lock(&deque->guard);
    uint64_t t = fl_load_relaxed(&deque->top);
    if (t != fl_load_relaxed(&deque->bottom)) {
        entry = fl_load_relaxed(&deque->slots[t & deque->mask]);
        fl_store_relaxed(&deque->top, t + 1);
    }
    fl_guard_unlock(&deque->guard);
    return entry;
}

/* ---- thieves ---- */

/* With the guard: how many to claim, at most `most`. */
static uint64_t
share(const fl_deque *deque, uint64_t t, uint64_t most)
{
    int64_t n = (int64_t)(fl_load_acquire(&deque->bottom) - t);
    if (n <= 0) {
        return 0;
    }
    /* only a guess: the owner may be replacing it just now */
    void *oldest = fl_load_relaxed(&deque->slots[t & deque->mask]);
    uint64_t half =
        ((uintptr_t)oldest & FL_DEQUE_ALONE) ? 1 : ((uint64_t)n + 1) / 2;
    return half < most ? half : most;
}

/* With the guard: claims n entries from t on; how many of them are there. */
static uint64_t
claim(fl_deque *deque, uint64_t t, uint64_t n)
{
    int64_t k = 0;
    fl_store_relaxed(&deque->top, t + n); /* S2 */
    fl_chaos();
    if (fl_likely(fl_fence_heavy())) { /* S3; else it gives all back */
        fl_chaos();
        k = (int64_t)(fl_load_acquire(&deque->bottom) - t); /* S4 */
    }
    if (k < (int64_t)n) {
        n = k > 0 ? (uint64_t)k : 0;
        fl_store_relaxed(&deque->top, t + n);
    }
    return n;
}

uint64_t
fl_deque_steal(fl_deque *deque, void **entries, uint64_t most)
{
    if (fl_exchange_acq_rel(&deque->guard, 1u)) { /* S1 */
        return 0;
    }
    uint64_t t = fl_load_relaxed(&deque->top);
    uint64_t n = share(deque, t, most);
    n = n ? claim(deque, t, n) : 0;
    for (uint64_t i = 0; i < n; i++) {
        entries[i] = fl_load_relaxed(&deque->slots[(t + i) & deque->mask]);
    }
    fl_guard_unlock(&deque->guard); /* S5 */
    return n;
}
