/* The context switch: also built for other machines, see context.sh. */
#include "../harness/harness.h"
#include "fiber/context.h"
#include "fiber/sanitizer.h"
#include "spoil.h"

#define STACK 65536
#define RING 100

/* A context with a stack, and the one that switched to it. */
static struct side {
    void *sp, *back;
    char *stack;
    int step;
    struct side *next;
} sides[RING];

static void *main_base;
static size_t main_size;

/* Under the ThreadSanitizer a switch needs fibers, as the scheduler has. */
static void
make(struct side *side, fl_context_entry *entry, size_t off)
{
    if (UNDER_TSAN)
        skip("contexts are switched bare");
    if (!main_base) {
        pthread_attr_t attributes;
        OK(pthread_getattr_np(pthread_self(), &attributes));
        OK(pthread_attr_getstack(&attributes, &main_base, &main_size));
        OK(pthread_attr_destroy(&attributes));
    }
    side->stack = aligned_alloc(4096, STACK);
    CHECK(side->stack != NULL);
    side->sp = fl_context_make(side->stack, side->stack + STACK - off, entry);
}

/* From the test to a side. */
static void *
go(struct side *side, void *value)
{
    void *fake = fl_asan_depart(side->stack, STACK, false);
    value = fl_context_switch(&side->back, side->sp, value, NULL).value;
    fl_asan_arrive(fake);
    return value;
}

/* From a side back to the test. */
static void *
come_back(struct side *side, void *value)
{
    void *fake = fl_asan_depart(main_base, main_size, false);
    value = fl_context_switch(&side->sp, side->back, value, NULL).value;
    fl_asan_arrive(fake);
    return value;
}

/* --- Values -------------------------------------------------------------- */

static void
count_up(void *value, void *more)
{
    (void)more;
    fl_asan_arrive(NULL);
    for (;;)
        value = come_back(&sides[0], (void *)((intptr_t)value + 1));
}

TEST(context_switch_passes_a_value_there_and_back)
{
    make(&sides[0], count_up, 0);
    for (intptr_t n = 0; n < 1000; n += 7)
        EQ(n + 1, (intptr_t)go(&sides[0], (void *)n));
    free(sides[0].stack);
}

/* Hands both back, the second as the first. */
static void
exchange(void *value, void *more)
{
    fl_asan_arrive(NULL);
    for (;;) {
        void *fake = fl_asan_depart(main_base, main_size, false);
        fl_handed handed =
            fl_context_switch(&sides[0].sp, sides[0].back, more, value);
        fl_asan_arrive(fake);
        value = handed.value, more = handed.more;
    }
}

TEST(context_switch_hands_over_two_words_also_to_a_fresh_context)
{
    make(&sides[0], exchange, 0);
    for (intptr_t n = 0; n < 1000; n += 7) {
        void *fake = fl_asan_depart(sides[0].stack, STACK, false);
        fl_handed handed = fl_context_switch(&sides[0].back, sides[0].sp,
                                             (void *)n, (void *)(n + 1));
        fl_asan_arrive(fake);
        EQ(n + 1, (intptr_t)handed.value);
        EQ(n, (intptr_t)handed.more);
    }
    free(sides[0].stack);
}

/* --- Stacks -------------------------------------------------------------- */

static void
tell_where(void *value, void *more)
{
    (void)more;
    char volatile here[64] __attribute__((aligned(16)));
    fl_asan_arrive(NULL);
    here[0] = 1;
    EQ(0, (uintptr_t)here % 16);
    EQ(0, (uintptr_t)__builtin_frame_address(0) % 16);
    come_back(value, __builtin_frame_address(0));
}

TEST(context_begins_on_its_stack_aligned_whatever_its_top_is)
{
    for (size_t off = 0; off < 64; off++) {
        make(&sides[0], tell_where, off);
        char *frame = go(&sides[0], &sides[0]);
        CHECK(frame > sides[0].stack + STACK / 2);
        CHECK(frame < sides[0].stack + STACK - off);
        free(sides[0].stack);
    }
}

static void
pass_round(void *value, void *more)
{
    (void)more;
    struct side *me = value;
    fl_asan_arrive(NULL);
    for (;;) {
        char volatile room[512];
        room[me->step % 512] = (char)me->step;
        come_back(me, NULL);
        EQ((char)me->step, room[me->step % 512]);
        me->step++;
    }
}

TEST(contexts_keep_their_frames_apart)
{
    for (int i = 0; i < RING; i++) {
        make(&sides[i], pass_round, (size_t)i);
        go(&sides[i], &sides[i]);
    }
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < RING; i++)
            go(&sides[i], NULL);
    for (int i = 0; i < RING; i++) {
        EQ(100, sides[i].step);
        free(sides[i].stack);
    }
}

/* --- Registers ----------------------------------------------------------- */

static void
spoil(void *value, void *more)
{
    (void)more;
    fl_asan_arrive(NULL);
    for (;;) {
        SPOIL();
        SPOIL_MORE();
        value = come_back(&sides[0], value);
    }
}

static volatile int64_t whole[12] = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144};
static volatile double real[8] = {0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5};

TEST(context_switch_keeps_the_registers_that_a_callee_preserves)
{
    make(&sides[0], spoil, 0);
    for (int i = 0; i < 100; i++) {
        /* more than there are such registers: so all of them are in use */
        int64_t a = whole[0], b = whole[1], c = whole[2], d = whole[3];
        int64_t e = whole[4], f = whole[5], g = whole[6], h = whole[7];
        int64_t j = whole[8], k = whole[9], l = whole[10], m = whole[11];
        double p = real[0], q = real[1], r = real[2], s = real[3];
        double t = real[4], u = real[5], v = real[6], w = real[7];
        go(&sides[0], NULL);
        CHECK(a == whole[0] && b == whole[1] && c == whole[2]);
        CHECK(d == whole[3] && e == whole[4] && f == whole[5]);
        CHECK(g == whole[6] && h == whole[7] && j == whole[8]);
        CHECK(k == whole[9] && l == whole[10] && m == whole[11]);
        CHECK(p == real[0] && q == real[1] && r == real[2] && s == real[3]);
        CHECK(t == real[4] && u == real[5] && v == real[6] && w == real[7]);
    }
    free(sides[0].stack);
}

/* --- Calls --------------------------------------------------------------- */

#if FL_CONTEXT_CALL

/* Goes on with whoever has called it. */
static fl_onward
answer(void *side, void *to, void *add)
{
    struct side *me = side;
    char volatile here[64] __attribute__((aligned(16)));
    fl_asan_arrive(NULL);
    here[0] = 1;
    EQ(0, (uintptr_t)here % 16);
    CHECK((char *)__builtin_frame_address(0) < (char *)me->sp);
    CHECK((char *)__builtin_frame_address(0) > me->stack);
    SPOIL();
    SPOIL_MORE();
    fl_asan_depart(main_base, main_size, true);
    return (fl_onward){(void *)((intptr_t)add + 1), *(void **)to};
}

static void *
call(struct side *side, fl_context_fn *fn, void *add)
{
    void *fake = fl_asan_depart(side->stack, STACK, false);
    fl_handed handed =
        fl_context_call(&side->back, side->sp, fn, side, &side->back, add);
    fl_asan_arrive(fake);
    EQ(0, (uintptr_t)handed.more); /* whoever is named */
    return handed.value;
}

TEST(context_call_runs_below_a_parked_context_which_then_goes_on_as_before)
{
    for (size_t off = 0; off < 64; off++) {
        make(&sides[0], count_up, off);
        for (intptr_t n = 0; n < 100; n += 7) {
            EQ(n + 1, (intptr_t)call(&sides[0], answer, (void *)n));
            EQ(n + 2, (intptr_t)call(&sides[0], answer, (void *)(n + 1)));
            EQ(n + 1, (intptr_t)go(&sides[0], (void *)n));
        }
        free(sides[0].stack);
    }
}

/* The same, without saying who that is. */
static fl_onward
answer_caller(void *side, void *to, void *add)
{
    fl_onward onward = answer(side, to, add);
    onward.to = NULL;
    return onward;
}

TEST(context_call_goes_on_with_its_caller_where_nobody_is_named)
{
    make(&sides[0], count_up, 0);
    for (intptr_t n = 0; n < 1000; n += 7) {
        EQ(n + 1, (intptr_t)call(&sides[0], answer_caller, (void *)n));
        EQ(n + 2, (intptr_t)call(&sides[0], answer, (void *)(n + 1)));
        EQ(n + 1, (intptr_t)go(&sides[0], (void *)n));
    }
    free(sides[0].stack);
}

TEST(context_call_keeps_the_registers_that_a_callee_preserves)
{
    make(&sides[0], count_up, 0);
    for (int i = 0; i < 100; i++) {
        int64_t a = whole[0], b = whole[1], c = whole[2], d = whole[3];
        int64_t e = whole[4], f = whole[5], g = whole[6], h = whole[7];
        double p = real[0], q = real[1], r = real[2], s = real[3];
        double t = real[4], u = real[5], v = real[6], w = real[7];
        call(&sides[0], i % 2 ? answer : answer_caller, NULL);
        CHECK(a == whole[0] && b == whole[1] && c == whole[2]);
        CHECK(d == whole[3] && e == whole[4] && f == whole[5]);
        CHECK(g == whole[6] && h == whole[7]);
        CHECK(p == real[0] && q == real[1] && r == real[2] && s == real[3]);
        CHECK(t == real[4] && u == real[5] && v == real[6] && w == real[7]);
    }
    free(sides[0].stack);
}

/* The context that it was called below goes on in its place. */
static fl_onward
hand_on(void *side, void *to, void *add)
{
    struct side *me = side;
    (void)to;
    fl_asan_arrive(NULL);
    fl_asan_depart(me->stack, STACK, true);
    return (fl_onward){(void *)((intptr_t)add + 10), me->sp};
}

TEST(context_call_may_go_on_with_the_context_that_it_was_called_below)
{
    make(&sides[0], count_up, 0);
    for (intptr_t n = 0; n < 100; n++)
        EQ(n + 11, (intptr_t)call(&sides[0], hand_on, (void *)n));
    free(sides[0].stack);
}

/* Waits in the middle, parked, while the test goes on. */
static void *between;

static fl_onward
wait_between(void *side, void *to, void *add)
{
    struct side *me = side;
    fl_asan_arrive(NULL);
    void *fake = fl_asan_depart(main_base, main_size, false);
    add = fl_context_switch(&between, *(void **)to, add, NULL).value;
    fl_asan_arrive(fake);
    fl_asan_depart(main_base, main_size, true);
    return (fl_onward){(void *)((intptr_t)add + 1), me->back};
}

static void *
go_between(void *arg)
{
    pthread_attr_t attributes;
    OK(pthread_getattr_np(pthread_self(), &attributes));
    OK(pthread_attr_getstack(&attributes, &main_base, &main_size));
    OK(pthread_attr_destroy(&attributes));
    void *fake = fl_asan_depart(sides[0].stack, STACK, false);
    intptr_t value =
        (intptr_t)fl_context_switch(&sides[0].back, between, arg, NULL).value;
    fl_asan_arrive(fake);
    EQ((intptr_t)arg + 1, value);
    return NULL;
}

TEST(context_that_was_called_may_be_parked_and_end_on_another_thread)
{
    make(&sides[0], count_up, 0);
    for (intptr_t n = 0; n < 20; n++) {
        EQ(n, (intptr_t)call(&sides[0], wait_between, (void *)n));
        void *base = main_base;
        size_t size = main_size;
        thread_join(thread_start(go_between, (void *)(n + 5)));
        main_base = base;
        main_size = size;
        EQ(n + 1, (intptr_t)go(&sides[0], (void *)n));
    }
    free(sides[0].stack);
}

#endif

/* --- Returns ------------------------------------------------------------- */

static int
go_and_return(void *side, void *value, void *unused)
{
    (void)unused;
    return (int)(intptr_t)go(side, value);
}

static int
come_and_return(void *side, void *value, void *unused)
{
    (void)unused;
    return (int)(intptr_t)come_back(side, value);
}

static int
return_at_once(void *side, void *value, void *other)
{
    (void)side, (void)other;
    return (int)(intptr_t)value;
}

static int
leave(intptr_t value, fl_context_leaving *how)
{
    return fl_context_leave(&sides[0], (void *)value, NULL, how);
}

/* Each call of fl_context_leave stands where no other does, so that the return
 * of one is never that of who left last. */
static void
answer_from_two_places(void *value, void *more)
{
    (void)more;
    fl_asan_arrive(NULL);
    int n = (int)(intptr_t)value;
    for (;;) {
        n = leave(n + 1, come_and_return);
        n = fl_context_leave(&sides[0], (void *)(intptr_t)(n + 2), NULL,
                             come_and_return);
    }
}

TEST(context_that_has_left_returns_to_where_it_was_called_whoever_left_last)
{
    make(&sides[0], answer_from_two_places, 0);
    for (int n = 0; n < 1000; n += 7) {
        int64_t a = whole[0], b = whole[1], c = whole[2], d = whole[3];
        int64_t e = whole[4], f = whole[5];
        EQ(n + 1, fl_context_leave(&sides[0], (void *)(intptr_t)n, NULL,
                                   go_and_return));
        EQ(n + 3, leave(n + 1, go_and_return));
        EQ(n, leave(n, return_at_once));
        CHECK(a == whole[0] && b == whole[1] && c == whole[2]);
        CHECK(d == whole[3] && e == whole[4] && f == whole[5]);
    }
    free(sides[0].stack);
}

/* --- Threads ------------------------------------------------------------- */

static void *
go_on_elsewhere(void *arg)
{
    pthread_attr_t attributes;
    OK(pthread_getattr_np(pthread_self(), &attributes));
    OK(pthread_attr_getstack(&attributes, &main_base, &main_size));
    OK(pthread_attr_destroy(&attributes));
    EQ(*(int *)arg + 1,
       (intptr_t)go(&sides[0], (void *)(intptr_t) * (int *)arg));
    return NULL;
}

TEST(context_may_go_on_on_another_thread)
{
    make(&sides[0], count_up, 0);
    for (int n = 0; n < 20; n++) {
        EQ(n + 101, (intptr_t)go(&sides[0], (void *)(intptr_t)(n + 100)));
        void *base = main_base;
        size_t size = main_size;
        thread_join(thread_start(go_on_elsewhere, &n));
        main_base = base;
        main_size = size;
    }
    free(sides[0].stack);
}
