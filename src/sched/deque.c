#include "sched/deque.h"

#include "fiber/sanitizer.h"
#include "os/chaos.h"

#include <errno.h>
#include <stdlib.h>

/* Room for so many, and for a slot before them (I2). */
static fl_atomic_ptr *
make_slots(uint64_t room)
{
    return malloc((room + 1) * sizeof(fl_atomic_ptr));
}

static void
set_slots(fl_deque *deque, fl_atomic_ptr *slots, uint64_t room)
{
    deque->slots = slots;
    deque->limit = slots + 1 + room;
    deque->room = room;
}

#if FL_TSAN
bool
fl_deque_is_newest(const fl_deque *deque, const void *entry)
{
    return fl_load_relaxed(fl_deque_bottom_(deque) - 1) == entry;
}
#endif

int
fl_deque_init(fl_deque *deque)
{
    fl_atomic_ptr *slots = make_slots(FL_DEQUE_FIRST);
    if (!slots) {
        return ENOMEM;
    }
    fl_tsan_release(deque);
    set_slots(deque, slots, FL_DEQUE_FIRST);
    fl_store_relaxed(slots, NULL); /* I2 */
    fl_store_relaxed(&deque->top, (void *)(slots + 1));
    fl_store_relaxed(&deque->guard, 0u);
    fl_store_release(&deque->bottom, (void *)(slots + 1));
    return 0;
}

void
fl_deque_free(fl_deque *deque)
{
    fl_tsan_acquire(deque);
    free(deque->slots);
}

/* ---- the owner ---- */

/* With the guard: moves the entries, and the one before them, to the beginning
 * of an array, which may be their own. (Whoever looks at bottom for more than a
 * guess takes the guard after this: so it need not release.) */
static void
move(fl_deque *deque, fl_atomic_ptr *slots)
{
    fl_atomic_ptr *to = slots, *b = fl_deque_bottom_(deque);
    for (fl_atomic_ptr *at = fl_deque_top_(deque) - 1; at != b; at++) {
        fl_store_relaxed(to++, fl_load_relaxed(at));
    }
    fl_store_relaxed(&deque->top, (void *)(slots + 1));
    fl_store_relaxed(&deque->bottom, (void *)to);
}

/* With the guard: has an array for so many, if there is memory. */
static bool
grow(fl_deque *deque, uint64_t room)
{
    fl_atomic_ptr *old = deque->slots, *slots = make_slots(room);
    if (!slots) {
        return false;
    }
    move(deque, slots);
    set_slots(deque, slots, room);
    /* No thief looks there without the guard. But the ThreadSanitizer does not
     * know in which order a worker's fibers have looked: there the old ones stay,
     * which take less, all together, than the new ones. */
    if (!FL_TSAN) {
        free(old);
    }
    return true;
}

/* With the guard, at the limit. Where more than half is in use, moving them back
 * would soon have to be done again. */
static int
make_room(fl_deque *deque)
{
    uint64_t room = deque->room, used = fl_deque_size(deque);
    fl_assert_held(&deque->guard);
    fl_assert(used <= room);
    fl_tsan_acquire(deque); /* who made the old ones, or moved them last */
    if (used <= room / 2 || !grow(deque, 2 * room)) {
        if (used == room) {
            return ENOMEM;
        }
        move(deque, deque->slots);
    }
    fl_tsan_release(deque);
    return 0;
}

FL_NOINLINE int
fl_deque_push_slowly(fl_deque *deque, void *entry)
{
    fl_guard_lock(&deque->guard);
    int error = make_room(deque);
    fl_guard_unlock(&deque->guard);
    return error ? error : fl_deque_push(deque, entry);
}

/* With the guard, where nothing is left: the next entry goes to the beginning. Else
 * each crowd of which some were stolen would lie further on than the one before it,
 * until it did not fit any more. (To release: as in move.) */
static void
begin_anew(fl_deque *deque)
{
    fl_store_relaxed(&deque->top, (void *)(deque->slots + 1));
    fl_store_relaxed(&deque->bottom, (void *)(deque->slots + 1));
}

FL_NOINLINE bool
fl_deque_take_slowly(fl_deque *deque, fl_atomic_ptr *b)
{
    fl_store_release(&deque->bottom, (void *)(b + 1));
    fl_chaos();
    fl_guard_lock(&deque->guard);
    bool there = fl_deque_top_(deque) <= b;
    if (there) {
        fl_store_release(&deque->bottom, (void *)b);
    } else {
        begin_anew(deque);
    }
    fl_guard_unlock(&deque->guard);
    return there;
}

bool
fl_deque_has_any(fl_deque *deque)
{
    fl_guard_lock(&deque->guard);
    bool any = fl_deque_size(deque) > 0;
    if (!any) {
        begin_anew(deque);
    }
    fl_guard_unlock(&deque->guard);
    return any;
}

void *
fl_deque_shift(fl_deque *deque)
{
    void *entry = NULL;
    if (fl_deque_size(deque) == 0) {
        return NULL;
    }
    fl_guard_lock(&deque->guard);
    fl_atomic_ptr *t = fl_deque_top_(deque);
    if (t != fl_deque_bottom_(deque)) {
        entry = fl_load_relaxed(t);
        fl_store_relaxed(&deque->top, (void *)(t + 1));
    }
    fl_guard_unlock(&deque->guard);
    return entry;
}

bool
fl_deque_remove(fl_deque *deque, const void *entry)
{
    fl_guard_lock(&deque->guard);
    fl_atomic_ptr *t = fl_deque_top_(deque), *b = fl_deque_bottom_(deque);
    fl_atomic_ptr *at = b;
    while (at != t && fl_load_relaxed(at - 1) != entry) {
        at--;
    }
    bool there = at != t;
    if (there) {
        for (; at != b; at++) {
            fl_store_relaxed(at - 1, fl_load_relaxed(at));
        }
        fl_store_release(&deque->bottom, (void *)(b - 1));
    }
    fl_guard_unlock(&deque->guard);
    return there;
}

/* ---- thieves ---- */

/* How many lie from t on, by what bottom is found to be. */
static uint64_t
count_from(const fl_atomic_ptr *t, const void *bottom)
{
    const fl_atomic_ptr *b = bottom;
    return b > t ? (uint64_t)(b - t) : 0;
}

/* With the guard: how many to claim, at most `most`. */
static uint64_t
share(const fl_deque *deque, const fl_atomic_ptr *t, uint64_t most)
{
    uint64_t n = count_from(t, fl_load_acquire(&deque->bottom));
    if (n == 0) {
        return 0;
    }
    /* only a guess: the owner may be replacing it just now */
    void *oldest = fl_load_relaxed(t);
    uint64_t half = ((uintptr_t)oldest & FL_DEQUE_ALONE) ? 1 : (n + 1) / 2;
    return half < most ? half : most;
}

/* With the guard: claims n entries from t on; how many of them are there. */
static uint64_t
claim(fl_deque *deque, fl_atomic_ptr *t, uint64_t n)
{
    uint64_t k = 0;
    fl_store_relaxed(&deque->top, (void *)(t + n)); /* S2 */
    fl_chaos();
    if (fl_likely(fl_fence_heavy())) { /* S3; else it gives all back */
        fl_chaos();
        k = count_from(t, fl_load_acquire(&deque->bottom)); /* S4 */
    }
    if (k < n) {
        fl_store_relaxed(&deque->top, (void *)(t + k));
        return k;
    }
    return n;
}

uint64_t
fl_deque_steal(fl_deque *deque, void **entries, uint64_t most)
{
    if (fl_exchange_acq_rel(&deque->guard, 1u)) { /* S1 */
        return 0;
    }
    fl_atomic_ptr *t = fl_deque_top_(deque);
    uint64_t n = share(deque, t, most);
    n = n ? claim(deque, t, n) : 0;
    for (uint64_t i = 0; i < n; i++) {
        entries[i] = fl_load_relaxed(&t[i]);
    }
    fl_guard_unlock(&deque->guard); /* S5 */
    return n;
}
