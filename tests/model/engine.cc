/*
 * Runs a model under relacy (see engine.h).
 *
 * The library is C, and relacy wants a class in place of each atomic word. So
 * the words stay as they are, and beside each that is used in a run stands
 * what relacy knows of it: a history of stores with the clocks of those who
 * stored, of which a load returns any that C11 lets it. A plain store to the
 * word forgets that, and the word's value in memory is where it begins anew.
 *
 * Beside each byte stands who has read or written it last, for data races.
 *
 * Differences to relacy's own atomics: a store that is no read-modify-write
 * ends the release sequences before it, also if it is by the same thread (as
 * in C17 and C++20).
 *
 *     PROGRAM [-n RUNS] [-s SECONDS] [-f FIRST] [-q]
 *
 * The run's number is the seed, so each run is repeated by its number. Ends
 * with 0 when nothing was found, with 1 and the trace of the run when
 * something was.
 */
#include <errno.h>
static const int timed_out = ETIMEDOUT; /* relacy has one of its own */

#pragma GCC diagnostic ignored "-Wdeprecated"
#include <relacy/relacy.hpp>
#undef $
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert

#include "engine.h"
#include "scheduler.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int threads = MODEL_THREADS;
typedef rl::thread_info<MODEL_THREADS> thread_clock;
typedef rl::atomic_data_impl<MODEL_THREADS> relacy_data;
typedef rl::timestamp_t stamp;

static const char *const order_names[] = {"relaxed", "acquire", "release",
                                          "acq_rel", "seq_cst"};

static bool running; /* plain accesses count */
static uint64_t runs_begun;

static rl::debug_info
here()
{
    return rl::debug_info("", "", 0);
}

static thread_clock &
me()
{
    return *static_cast<thread_clock *>(rl::ctx().threadx_);
}

/* Of any thread, begun or not: relacy has them in an array. */
static thread_clock &
clock_of(int thread)
{
    rl::aligned<thread_clock> *mine =
        static_cast<rl::aligned<thread_clock> *>(&me());
    return mine[thread - me().index_];
}

/* ---- the trace of the run that failed ---- */

struct event {
    int thread;
    const char *what;
    const char *order;
    const void *address;
    uint64_t before, after;
    void *at;
};

static event trace[20000];
static unsigned traced;

static bool
tracing()
{
    return rl::ctx().collecting_history();
}

static void
note(const char *what, const char *order, const void *address, uint64_t before,
     uint64_t after, void *at)
{
    if (tracing() && traced < sizeof trace / sizeof trace[0]) {
        trace[traced++] = {me().index_, what,  order, address,
                           before,      after, at};
    }
}

/* Where each event is in the source: of a place that was inlined the innermost
 * that is not in the header of the atomics. */
static void
find_places(char (*places)[100])
{
    char name[500], self[512], line[2000];
    const char *folder = getenv("TMPDIR");
    snprintf(name, sizeof name, "%s/filch-model-XXXXXX",
             folder && *folder ? folder : "/tmp");
    int file = mkstemp(name);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (file < 0 || n < 0) {
        return;
    }
    self[n] = 0;
    FILE *out = fdopen(file, "w");
    extern char __executable_start;
    for (unsigned i = 0; i < traced; i++) {
        fprintf(out, "0x%zx\n", (char *)trace[i].at - &__executable_start - 1);
    }
    fclose(out);
    snprintf(line, sizeof line, "addr2line -a -s -i -f -p -e %s @%s", self,
             name);
    FILE *in = popen(line, "r");
    for (int i = -1; in && fgets(line, sizeof line, in);) {
        const char *place = line;
        if (line[0] == '0') {
            i++;
            place = strchr(line, ':') + 2;
        } else {
            place = strstr(line, "by) ") ? strstr(line, "by) ") + 4 : line;
        }
        if (i >= 0 && !places[i][0] && !strstr(place, "atomic_model.h")) {
            snprintf(places[i], sizeof places[i], "%.*s",
                     (int)strcspn(place, "(\n"), place);
        }
    }
    if (in) {
        pclose(in);
    }
    unlink(name);
}

static void
print_trace(void)
{
    static char places[sizeof trace / sizeof trace[0]][100];
    find_places(places);
    for (unsigned i = 0; i < traced; i++) {
        const event &e = trace[i];
        printf("%5u  thread %d  %-9s %-8s %5lx  %lx -> %lx  %s\n", i, e.thread,
               e.what, e.order, (unsigned long)e.address & 0xfffff,
               (unsigned long)e.before, (unsigned long)e.after, places[i]);
    }
}

/* ---- what is known of memory ---- */

struct cell { /* of one byte */
    int writer;
    stamp written;
    stamp read[MODEL_THREADS];
    stamp loaded[MODEL_THREADS];
    stamp stored[MODEL_THREADS];
};

struct slot { /* of one atomic word */
    uint64_t value;
    unsigned size;
    uint64_t history[rl::atomic_history_size];
    bool garbage[rl::atomic_history_size];
    uint64_t seq_cst_time[rl::atomic_history_size];
    relacy_data data;
};

struct word {
    uintptr_t address;
    uint64_t run;
    uint8_t dead;    /* bits of bytes that were freed */
    uint8_t garbage; /* bits of bytes that were never written */
    slot *slots[2];  /* of an atomic that begins there, or four bytes later */
    cell *cells[8];
};

static const unsigned WORDS = 1 << 16, SLOTS = 4096, CELLS = 1 << 16;
static word words[WORDS];
static slot *slots;
static cell *cells;
static unsigned words_used, slots_used, cells_used;

static word &
word_at(uintptr_t address)
{
    address &= ~(uintptr_t)7;
    unsigned i = (unsigned)((address * 0x9e3779b97f4a7c15u) >> 48) % WORDS;
    while (words[i].run == runs_begun && words[i].address != address) {
        i = (i + 1) % WORDS;
    }
    word &w = words[i];
    if (w.run != runs_begun) {
        if (++words_used > WORDS / 2) {
            model_fail("the checker has no room for more memory");
        }
        memset(&w, 0, sizeof w);
        w.address = address;
        w.run = runs_begun;
    }
    return w;
}

static cell &
cell_at(word &w, unsigned byte)
{
    if (!w.cells[byte]) {
        if (cells_used == CELLS) {
            model_fail("the checker has no room for more bytes");
        }
        w.cells[byte] = &cells[cells_used++];
        memset(w.cells[byte], 0, sizeof(cell));
    }
    return *w.cells[byte];
}

static void
fail(const char *what, rl::test_result_e kind, const void *address, void *at)
{
    note(what, "", address, 0, 0, at);
    rl::ctx().fail_test(what, kind, here());
    abort();
}

static bool
unordered(const stamp *stamps)
{
    const thread_clock &t = me();
    for (int i = 0; i < threads; i++) {
        if (i != t.index_ && t.acq_rel_order_[i] < stamps[i]) {
            return true;
        }
    }
    return false;
}

static bool
unordered_write(const cell &c)
{
    return c.written && c.writer != me().index_ &&
           me().acq_rel_order_[c.writer] < c.written;
}

/* A plain access of some bytes. */
static void
plain(const void *p, size_t size, bool writes, void *at)
{
    if (!running) {
        return;
    }
    stamp now = ++me().own_acq_rel_order_;
    for (uintptr_t a = (uintptr_t)p, end = a + size; a < end; a++) {
        word &w = word_at(a);
        unsigned byte = a & 7;
        if (w.dead >> byte & 1) {
            fail("use of freed memory", rl::test_result_data_race, p, at);
        }
        cell &c = cell_at(w, byte);
        if (unordered_write(c) || unordered(c.stored) ||
            (writes && (unordered(c.read) || unordered(c.loaded)))) {
            fail("data race", rl::test_result_data_race, p, at);
        }
        if (writes) {
            c.writer = me().index_;
            c.written = now;
            w.slots[byte / 4] = NULL;
            if (w.slots[0] && w.slots[0]->size == 8) {
                w.slots[0] = NULL;
            }
            w.garbage &= (uint8_t) ~(1u << byte);
        } else {
            c.read[me().index_] = now;
        }
    }
}

/* ---- atomics ---- */

static uint64_t
peek(const void *p, unsigned size)
{
    return size == 4 ? *(const uint32_t *)p : *(const uint64_t *)p;
}

static void
poke(void *p, unsigned size, uint64_t v)
{
    if (size == 4) {
        *(uint32_t *)p = (uint32_t)v;
    } else {
        *(uint64_t *)p = v;
    }
}

static slot *
make_slot(uint64_t value, unsigned size, bool garbage)
{
    if (slots_used == SLOTS) {
        model_fail("the checker has no room for more atomics");
    }
    slot *s = &slots[slots_used++];
    new (&s->data) relacy_data();
    memset(s->data.history_, 0, sizeof s->data.history_);
    s->data.current_index_ = rl::atomic_history_size;
    relacy_data::history_record &first = s->data.history_[0];
    first.busy_ = true;
    first.thread_id_ = 0;
    for (int i = 0; i < threads; i++) {
        first.first_seen_order_[i] = (stamp)-1;
    }
    s->value = s->history[0] = value;
    s->size = size;
    s->garbage[0] = garbage;
    return s;
}

/* The scheduler may switch here; then the word is looked up. */
static slot *
arrive(const void *p, unsigned size, bool writes, void *at)
{
    rl::ctx().sched();
    word &w = word_at((uintptr_t)p);
    unsigned byte = (uintptr_t)p & 7;
    if (w.dead >> byte & 1) {
        fail("use of freed memory", rl::test_result_data_race, p, at);
    }
    cell &c = cell_at(w, byte);
    stamp now = ++me().own_acq_rel_order_;
    if (running && (unordered_write(c) || (writes && unordered(c.read)))) {
        fail("data race", rl::test_result_data_race, p, at);
    }
    (writes ? c.stored : c.loaded)[me().index_] = now;
    slot *&s = w.slots[byte / 4];
    if (!s) {
        s = make_slot(peek(p, size), size, w.garbage >> byte & 1);
    }
    if (writes) {
        w.garbage &= (uint8_t) ~(((1u << size) - 1) << byte);
    }
    return s;
}

enum { RELAXED, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

/*
 * Of seq_cst, C20's rules (atomics.order, 4): S is the order in which the run
 * executes them. What relacy's fences do to the order of "happens before" they
 * do not do here, where they only bound what a later load may return.
 */
static stamp before_fences[MODEL_THREADS];  /* what came before any fence */
static stamp visible[MODEL_THREADS][MODEL_THREADS]; /* by fences, to each */
static uint64_t last_fence[MODEL_THREADS], seq_cst_time;

static void
raise_to(stamp *stamps, const stamp *least)
{
    for (int i = 0; i < threads; i++) {
        stamps[i] = stamps[i] > least[i] ? stamps[i] : least[i];
    }
}

static void
fence(thread_clock &t)
{
    t.atomic_thread_fence_acquire();
    t.atomic_thread_fence_release();
    raise_to(visible[t.index_], before_fences);
    raise_to(before_fences, t.acq_rel_order_);
    last_fence[t.index_] = ++seq_cst_time;
}

/* Whether a load may not return what is older than that store. */
static bool
must_see(const slot *s, unsigned index, int order)
{
    const relacy_data::history_record &store = s->data.history_[index];
    const thread_clock &t = me();
    stamp when = store.acq_rel_timestamp_;
    int by = store.thread_id_;
    if (t.acq_rel_order_[by] >= when || visible[t.index_][by] >= when) {
        return true;
    }
    if (order == SEQ_CST && (store.seq_cst_ || before_fences[by] >= when)) {
        return true;
    }
    if (store.seq_cst_ && s->seq_cst_time[index] < last_fence[t.index_]) {
        return true;
    }
    for (int i = 0; i < threads; i++) { /* somebody before me has seen it */
        if (t.acq_rel_order_[i] >= store.first_seen_order_[i]) {
            return true;
        }
    }
    return false;
}

/* The store that a load returns, as an index. */
static unsigned
choose_store(slot *s, int order)
{
    unsigned index = s->data.current_index_;
    for (size_t i = 1; i < rl::atomic_history_size; i++, index--) {
        unsigned older = (index - 1) % rl::atomic_history_size;
        const relacy_data::history_record &store = s->data.history_[older];
        if (!store.busy_ ||
            store.first_seen_order_[me().index_] <= me().last_yield_ ||
            must_see(s, index % rl::atomic_history_size, order) ||
            rl::ctx().rand(2, rl::sched_type_atomic_load) == 0) {
            break;
        }
    }
    return index % rl::atomic_history_size;
}

static unsigned
load_from(slot *s, unsigned index, int order)
{
    thread_clock &t = me();
    relacy_data::history_record &store = s->data.history_[index];
    stamp now = ++t.own_acq_rel_order_;
    if (store.first_seen_order_[t.index_] == (stamp)-1) {
        store.first_seen_order_[t.index_] = now;
    }
    bool acquires = order != RELAXED && order != RELEASE;
    raise_to(acquires ? t.acq_rel_order_ : t.acquire_fence_order_,
             store.acq_rel_order_);
    return index;
}

static uint64_t
loaded(slot *s, unsigned index, const void *p, int order, void *at)
{
    uint64_t v = s->history[index];
    note(v == s->value ? "load" : "load old", order_names[order], p, v, v, at);
    if (s->garbage[index]) {
        fail("load of what nobody has stored",
             rl::test_result_unitialized_access, p, at);
    }
    return v;
}

static void
stored(slot *s, unsigned index, void *p, unsigned size, uint64_t v)
{
    s->value = s->history[index] = v;
    s->garbage[index] = false;
    s->seq_cst_time[index] = ++seq_cst_time;
    poke(p, size, v);
}

extern "C" uint64_t
fl_model_load(const void *p, unsigned size, int order)
{
    void *at = __builtin_return_address(0);
    slot *s = arrive(p, size, false, at);
    return loaded(s, load_from(s, choose_store(s, order), order), p, order, at);
}

extern "C" void
fl_model_store(void *p, unsigned size, uint64_t v, int order)
{
    void *at = __builtin_return_address(0);
    slot *s = arrive(p, size, true, at);
    thread_clock &t = me();
    rl::thread_info_base *base = &t;
    unsigned index = order == SEQ_CST   ? base->atomic_store_seq_cst(&s->data)
                     : order == RELEASE ? base->atomic_store_release(&s->data)
                                        : base->atomic_store_relaxed(&s->data);
    bool releases = order == SEQ_CST || order == RELEASE;
    memcpy(s->data.history_[index].acq_rel_order_,
           releases ? t.acq_rel_order_ : t.release_fence_order_,
           sizeof t.acq_rel_order_);
    note("store", order_names[order], p, s->value, v, at);
    stored(s, index, p, size, v);
}

static unsigned
rmw(slot *s, int order)
{
    rl::thread_info_base *t = rl::ctx().threadx_;
    bool aba;
    return order == SEQ_CST   ? t->atomic_rmw_seq_cst(&s->data, aba)
           : order == ACQ_REL ? t->atomic_rmw_acq_rel(&s->data, aba)
           : order == RELEASE ? t->atomic_rmw_release(&s->data, aba)
           : order == ACQUIRE ? t->atomic_rmw_acquire(&s->data, aba)
                              : t->atomic_rmw_relaxed(&s->data, aba);
}

extern "C" uint64_t
fl_model_exchange(void *p, unsigned size, uint64_t v, int order)
{
    void *at = __builtin_return_address(0);
    slot *s = arrive(p, size, true, at);
    uint64_t before = s->value;
    unsigned index = rmw(s, order);
    note("exchange", order_names[order], p, before, v, at);
    stored(s, index, p, size, v);
    return before;
}

extern "C" uint64_t
fl_model_add(void *p, unsigned size, uint64_t v, int order)
{
    void *at = __builtin_return_address(0);
    slot *s = arrive(p, size, true, at);
    uint64_t before = s->value;
    v = size == 4 ? (uint32_t)(before + v) : before + v;
    unsigned index = rmw(s, order);
    note("add", order_names[order], p, before, v, at);
    stored(s, index, p, size, v);
    return before;
}

extern "C" bool
fl_model_cas(void *p, unsigned size, uint64_t *old, uint64_t v, int order)
{
    void *at = __builtin_return_address(0);
    slot *s = arrive(p, size, true, at);
    if (s->value == *old) {
        unsigned index = rmw(s, order);
        note("cas", order_names[order], p, *old, v, at);
        stored(s, index, p, size, v);
        return true;
    }
    unsigned newest = s->data.current_index_ % rl::atomic_history_size;
    unsigned index = load_from(s, newest, order);
    note("cas fails", order_names[order], p, *old, s->value, at);
    *old = loaded(s, index, p, order, at);
    return false;
}

extern "C" void
fl_model_fence(void)
{
    rl::ctx().sched();
    fence(me());
    note("fence", "seq_cst", NULL, 0, 0, __builtin_return_address(0));
}

/* What membarrier does: a fence in every thread, between two of the caller's. */
extern "C" void
fl_model_fence_all(void)
{
    fl_model_fence();
    for (int i = 0; i < threads; i++) {
        rl::ctx().sched();
        fence(clock_of(i));
    }
    fence(me());
    note("fence", "of all", NULL, 0, 0, __builtin_return_address(0));
}

/* ---- plain accesses, as the compiler tells them ---- */

#define AT __builtin_return_address(0)
#define ACCESS(n)                                                              \
    extern "C" void __tsan_read##n(void *p) { plain(p, n, false, AT); }        \
    extern "C" void __tsan_write##n(void *p) { plain(p, n, true, AT); }        \
    extern "C" void __tsan_unaligned_read##n(void *p)                          \
    {                                                                          \
        plain(p, n, false, AT);                                                \
    }                                                                          \
    extern "C" void __tsan_unaligned_write##n(void *p)                         \
    {                                                                          \
        plain(p, n, true, AT);                                                 \
    }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

extern "C" void
__tsan_read_range(void *p, size_t size)
{
    plain(p, size, false, AT);
}

extern "C" void
__tsan_write_range(void *p, size_t size)
{
    plain(p, size, true, AT);
}

extern "C" void
__tsan_init(void)
{
}

extern "C" void
__tsan_func_entry(void *)
{
}

extern "C" void
__tsan_func_exit(void)
{
}

/* ---- what a model asks ---- */

int64_t model_now, model_tick, model_leap, model_only_deadline,
    model_or_deadline;

void
model_fail(const char *what)
{
    fail(what, rl::test_result_user_assert_failed, NULL,
         __builtin_return_address(0));
    abort();
}

unsigned
model_self(void)
{
    return (unsigned)me().index_;
}

unsigned
model_choose(unsigned n)
{
    return rl::ctx().rand(n, rl::sched_type_user);
}

void
model_yield(void)
{
    rl::ctx().yield(1, here());
}

/* As an addition that acquires and releases, to a word that is never looked
 * at otherwise. */
void
model_tell(void *p)
{
    fl_model_add(p, 4, 1, ACQ_REL);
}

void
model_await(void *p)
{
    fl_model_add(p, 4, 1, ACQ_REL);
}

static char heap[1 << 22];
static size_t heap_used;

void *
model_aligned_alloc(size_t alignment, size_t size)
{
    heap_used = (heap_used + 16 + alignment - 1) & ~(alignment - 1);
    char *p = heap + heap_used;
    *(size_t *)(p - 16) = size;
    heap_used += (size + 15) & ~(size_t)15;
    if (heap_used > sizeof heap) {
        model_fail("the checker has no memory left");
    }
    memset(p, 0xa5, size);
    for (size_t i = 0; running && i < size; i += 8) {
        word_at((uintptr_t)p + i).garbage = 0xff;
    }
    return p;
}

void *
model_malloc(size_t size)
{
    return model_aligned_alloc(16, size);
}

void *
model_calloc(size_t n, size_t size)
{
    char *p = (char *)model_malloc(n * size);
    for (size_t i = 0; running && i < n * size; i += 8) {
        word_at((uintptr_t)p + i).garbage = 0;
    }
    plain(p, n * size, true, __builtin_return_address(0));
    memset(p, 0, n * size);
    return p;
}

void
model_kill(void *p, size_t size)
{
    plain(p, size, true, __builtin_return_address(0));
    for (size_t i = 0; i < size; i++) {
        word &w = word_at((uintptr_t)p + i);
        w.dead |= (uint8_t)(1u << (((uintptr_t)p + i) & 7));
    }
}

void
model_free(void *p)
{
    if (p) {
        model_kill(p, *(size_t *)((char *)p - 16));
    }
}

/* ---- the system ---- */

static struct {
    const void *word;
    int64_t deadline;
} sleeping[MODEL_THREADS];

unsigned
model_sleepers(void)
{
    unsigned n = 0;
    for (int i = 0; i < threads; i++) {
        n += sleeping[i].word != NULL;
    }
    return n;
}

extern "C" int64_t
fl_os_now(void)
{
    model_now += model_tick;
    if (model_leap && model_choose(8) == 0) {
        model_now += model_leap;
    }
    return model_now;
}

extern "C" int64_t
fl_os_ticked(void)
{
    return model_now - model_choose(2);
}

extern "C" void
fl_os_back_off(unsigned)
{
    model_yield();
}

extern "C" int
fl_os_wait(uint32_t *word, uint32_t expected, int64_t deadline)
{
    void *at = __builtin_return_address(0);
    slot *s = arrive(word, 4, false, at);
    rl::context &c = rl::ctx();
    bool timed = deadline != INT64_MAX &&
                 (!model_only_deadline || deadline == model_only_deadline ||
                  deadline == model_or_deadline);
    if (timed && deadline <= model_now) {
        return timed_out;
    }
    load_from(s, s->data.current_index_ % rl::atomic_history_size, RELAXED);
    if (s->value != expected) {
        note("awake", "", word, s->value, s->value, at);
        return 0;
    }
    note("sleep", timed ? "timed" : "", word, expected, expected, at);
    int self = me().index_;
    sleeping[self].word = word;
    rl::unpark_reason why = c.park_current_thread(timed, true, false, here());
    sleeping[self].word = NULL;
    note("woken", "", word, 0, why, at);
    if (why == rl::unpark_reason_timeout) {
        model_now = deadline > model_now ? deadline : model_now;
        return timed_out;
    }
    return 0;
}

extern "C" void
fl_os_wake(uint32_t *word, unsigned n)
{
    rl::ctx().sched();
    note("wake", "", word, 0, n, __builtin_return_address(0));
    int first = (int)model_choose(MODEL_THREADS);
    for (int i = 0; i < threads && n; i++) {
        int one = (first + i) % threads;
        if (sleeping[one].word == word) {
            sleeping[one].word = NULL;
            rl::ctx().unpark_thread(one, false, here());
            n--;
        }
    }
}

/* ---- running it ---- */

static double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}


struct suite : rl::test_suite<suite, MODEL_THREADS> {
    void before()
    {
        runs_begun++;
        words_used = slots_used = cells_used = 0;
        heap_used = 0;
        traced = 0;
        memset(sleeping, 0, sizeof sleeping);
        memset(before_fences, 0, sizeof before_fences);
        memset(visible, 0, sizeof visible);
        memset(last_fence, 0, sizeof last_fence);
        seq_cst_time = 0;
        model_now = 1;
        model_tick = model_leap = 0;
        model_only_deadline = model_or_deadline = 0;
        running = true;
        model_before();
    }

    void thread(unsigned i)
    {
        model_thread(i);
        model_thread_ended(i);
    }

    void after()
    {
        model_after();
        running = false;
    }
};

/* As rl::simulate, with another scheduler: a failed run once more, traced. */
static bool
simulate(rl::test_params &params)
{
    typedef model_scheduler<MODEL_THREADS> scheduler;
    rl::ostringstream out, again;
    if (!rl::run_test<suite, scheduler>(params, out, false)) {
        return true;
    }
    params.initial_state = out.str();
    params.collect_history = true;
    rl::run_test<suite, scheduler>(params, again, true);
    return false;
}

int
main(int argc, char **argv)
{
    uint64_t runs = 10000, first = 1;
    bool quiet = false;
    int option;
    double limit = 0;
    while ((option = getopt(argc, argv, "n:s:f:q")) != -1) {
        switch (option) {
        case 'n': runs = strtoull(optarg, NULL, 10); break;
        case 's': limit = atof(optarg); break;
        case 'f': first = strtoull(optarg, NULL, 10); break;
        case 'q': quiet = true; break;
        default: return 2;
        }
    }
    slots = (slot *)malloc(sizeof(slot) * SLOTS);
    cells = (cell *)malloc(sizeof(cell) * CELLS);
    const char *name = strrchr(argv[0], '/');
    name = name ? name + 1 : argv[0];

    /* in pieces, so that it can be bounded in time */
    double begin = seconds();
    uint64_t done = 0, piece = limit > 0 ? 2000 : runs;
    bool passed = true;
    rl::test_params params;
    rl::ostringstream out;
    while (passed && done < runs) {
        char start[32];
        snprintf(start, sizeof start, "%llu", (unsigned long long)(first + done));
        params = rl::test_params();
        params.output_stream = &out;
        params.progress_stream = &out;
        params.execution_depth_limit = 20000;
        params.initial_state = start;
        uint64_t n = piece < runs - done ? piece : runs - done;
        params.iteration_count = first + done + n - 1;
        passed = simulate(params);
        done += passed ? n : params.stop_iteration - (first + done) + 1;
        if (limit > 0 && seconds() - begin > limit) {
            break;
        }
    }
    double took = seconds() - begin;
    if (!passed) {
        printf("%s: run %llu: %s\n", name,
               (unsigned long long)params.stop_iteration,
               traced ? trace[traced - 1].what : "");
        if (params.test_result == rl::test_result_deadlock) {
            printf("%s: deadlock: all that are left sleep\n", name);
        } else if (params.test_result == rl::test_result_livelock) {
            printf("%s: livelock: it does not end\n", name);
        }
        if (!quiet) {
            fflush(stdout);
            print_trace();
            printf("to repeat: %s -f %llu -n 1\n", argv[0],
                   (unsigned long long)params.stop_iteration);
        }
    }
    printf("%s: %llu runs, %s (%.1f s)\n", name, (unsigned long long)done,
           passed ? "nothing found" : "FAILED", took);
    fflush(stdout);
    _exit(passed ? 0 : 1);
}
