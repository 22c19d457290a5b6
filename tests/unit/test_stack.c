/* Stacks: guarded, recycled, bounded in what they keep when idle. */
#include "../harness/harness.h"
#include "fiber/slab.h"
#include "fiber/stack.h"
#include "os/os.h"
#include <signal.h>
#include <sys/mman.h>

#define SMALL 14 /* shifts: 16 KiB, 64 KiB, 1 MiB, 16 MiB */
#define USUAL 16
#define BIG 20
#define HUGE 24

static fl_stack *
get(unsigned shift)
{
    fl_stack *stack;
    OK(fl_stack_get(shift, &stack));
    EQ((size_t)1 << shift, fl_stack_size(stack));
    return stack;
}

/* --- Sizes --------------------------------------------------------------- */

TEST(stack_sizes_are_rounded_up_to_a_power_of_two)
{
    EQ(14, fl_stack_shift(0));
    EQ(14, fl_stack_shift(FL_STACK_MIN));
    EQ(15, fl_stack_shift(FL_STACK_MIN + 1));
    EQ(16, fl_stack_shift(65536));
    EQ(17, fl_stack_shift(65537));
    EQ(30, fl_stack_shift(FL_STACK_MAX));
}

TEST(stack_of_any_size_can_be_used_but_for_its_lowest_page)
{
    for (unsigned shift = SMALL; shift <= 30; shift++) {
        fl_stack *stack = get(shift);
        char volatile *low = stack->base + fl_os_page();
        char volatile *high = stack->base + fl_stack_size(stack) - 1;
        *low = 1;
        *high = 2;
        EQ(3, *low + *high);
        EQ(fl_stack_size(stack) / 4, (size_t)(stack->low - low));
        fl_stack_put(stack);
    }
}

/* --- Guards -------------------------------------------------------------- */

static size_t fault_at;

static void
write_there(void)
{
    fl_stack *stack = get(USUAL);
    for (int i = 0; i < 100; i++) { /* also after it was used and cooled */
        fl_os_range usable = {stack->base + fl_os_page(),
                              fl_stack_size(stack) - fl_os_page()};
        fl_os_discard(&usable, 1);
        fl_stack_put(stack);
        stack = get(USUAL);
    }
    ((char volatile *)stack->base)[fault_at] = 1;
}

TEST(stack_guard_faults_from_its_first_byte_to_its_last)
{
    size_t page = fl_os_page();
    size_t places[] = {0, 1, page / 2, page - 1};
    struct child child;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        fault_at = places[i];
        child_run(&child, write_there);
        if (UNDER_SANITIZER)
            CHECK(child.exit_status != 0);
        else
            CHILD_DIED(&child, SIGSEGV);
    }
    fault_at = page;
    child_run(&child, write_there);
    CHILD_EXITED(&child, 0);
}

TEST(stack_knows_which_addresses_are_its_guard)
{
    fl_stack *stack = get(USUAL);
    size_t page = fl_os_page();
    CHECK(!fl_stack_guards(stack, stack->base - 1));
    CHECK(fl_stack_guards(stack, stack->base));
    CHECK(fl_stack_guards(stack, stack->base + page - 1));
    CHECK(!fl_stack_guards(stack, stack->base + page));
    CHECK(!fl_stack_guards(stack, NULL));
}

/* --- Recycling ----------------------------------------------------------- */

#define MANY 1000

static int
by_base(const void *a, const void *b)
{
    const char *x = (*(fl_stack *const *)a)->base;
    const char *y = (*(fl_stack *const *)b)->base;
    return (x > y) - (x < y);
}

TEST(stacks_never_overlap_however_they_come_and_go)
{
    static fl_stack *stacks[MANY], *sorted[MANY];
    uint64_t seed = test_seed();
    for (int i = 0; i < 20 * MANY; i++) {
        int at = (int)chance(&seed, MANY);
        if (stacks[at]) {
            fl_stack_put(stacks[at]);
            stacks[at] = NULL;
        } else {
            stacks[at] = get(SMALL + chance(&seed, 4));
        }
    }
    size_t n = 0;
    for (int i = 0; i < MANY; i++)
        if (stacks[i])
            sorted[n++] = stacks[i];
    CHECK(n > 1);
    qsort(sorted, n, sizeof *sorted, by_base);
    for (size_t i = 0; i + 1 < n; i++)
        CHECK(sorted[i]->base + fl_stack_size(sorted[i]) <=
              sorted[i + 1]->base);
}

TEST(stack_that_was_put_is_used_again)
{
    fl_stack *stack = get(BIG);
    for (int i = 0; i < 1000; i++) {
        fl_stack_put(stack);
        CHECK(get(BIG) == stack);
    }
}

enum { PEAK = 64 };
static fl_stack *peak[PEAK];

/* Takes them all; how many have kept their pages. */
static size_t
count_warm(void)
{
    size_t warm = 0;
    for (int i = 0; i < PEAK; i++) {
        peak[i] = get(HUGE);
        char *top = &peak[i]->base[fl_stack_size(peak[i]) - 1];
        warm += *top == 1;
        CHECK(*top == 1 || !peak[i]->sp); /* no context is left on it */
        *top = 1;
    }
    return warm;
}

static void
put_all(void)
{
    for (int i = 0; i < PEAK; i++)
        fl_stack_put(peak[i]);
}

/* As who works does, now and then until that time. */
static void
shed_until(filch_time now)
{
    for (int i = 0; i < 2 * PEAK; i++)
        fl_stack_shed(now - 2 * PEAK + i);
}

TEST(stacks_that_were_not_needed_for_a_second_give_their_pages_back)
{
    EQ(0, count_warm());
    put_all();
    shed_until(FILCH_SEC(100));
    EQ(PEAK, count_warm());
    put_all();
    shed_until(FILCH_SEC(102)); /* they were needed since */
    EQ(PEAK, count_warm());
    put_all();
    shed_until(FILCH_SEC(104));
    shed_until(FILCH_SEC(106));
    CHECK(count_warm() < 4);
}

TEST(stacks_give_back_some_at_a_time_and_others_have_most_of_it)
{
    EQ(0, count_warm());
    put_all();
    shed_until(FILCH_SEC(100));
    filch_time now = FILCH_SEC(102), begin = fl_os_now();
    filch_time rested = fl_stack_shed(now);
    filch_time took = fl_os_now() - begin;
    CHECK(rested > now);
    CHECK(rested - now <= 8 * took);
    CHECK(fl_stack_surplus());
    fl_stack_trim();
    CHECK(fl_stack_surplus());
}

TEST(stacks_that_are_idle_give_their_pages_back_beyond_a_bound)
{
    EQ(0, count_warm());
    put_all();
    CHECK(fl_stack_surplus());
    while (fl_stack_trim())
        ;
    CHECK(!fl_stack_surplus());
    CHECK(count_warm() < 4);
}

/* Of which one alone is more than that bound. */
TEST(stacks_that_are_very_large_keep_no_pages_when_they_are_idle)
{
    for (unsigned shift = 27; shift <= 30; shift++) {
        fl_stack *stack = get(shift);
        char volatile *middle = stack->base + fl_stack_size(stack) / 2;
        *middle = 1;
        fl_stack_put(stack);
        while (fl_stack_trim())
            ;
        CHECK(get(shift) == stack);
        EQ(0, *middle);
        fl_stack_put(stack);
    }
}

TEST(stacks_come_and_go_in_batches_of_one_size)
{
    fl_link *batch = fl_stack_get_batch(USUAL);
    size_t n = 0;
    CHECK(batch != NULL);
    for (fl_link *link = batch; link; link = link->next, n++)
        EQ(65536, fl_stack_size(fl_container(link, fl_stack, link)));
    fl_stack_put_batch(batch);
    CHECK(fl_stack_get_batch(USUAL) == batch);
    for (; batch; batch = batch->next)
        n--;
    EQ(0, n);
}

/* --- Those that were only tried ------------------------------------------ */

static bool
is_mapped(const void *address)
{
    uintptr_t page = (uintptr_t)address & ~(fl_os_page() - 1);
    return msync((void *)page, fl_os_page(), MS_ASYNC) == 0;
}

static char *
top_of(fl_link *link)
{
    fl_stack *stack = fl_container(link, fl_stack, link);
    return stack->base + fl_stack_size(stack) - 1;
}

static bool
is_there(const void *address)
{
    uintptr_t page = (uintptr_t)address & ~(fl_os_page() - 1);
    unsigned char there = 0;
    OK(mincore((void *)page, fl_os_page(), &there));
    return there & 1;
}

/* Who waits goes on on the next one, and is in a guard until it is there. */
static void
check_first_pages(fl_link **batches, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        batches[i] = fl_stack_get_batch(USUAL);
        for (fl_link *link = batches[i]; link; link = link->next)
            CHECK(is_there(top_of(link)));
    }
}

TEST(stacks_have_their_first_page_also_where_they_had_given_it_back)
{
    enum { BATCHES = 24 }; /* more than stay warm */
    fl_link *batches[BATCHES];
    check_first_pages(batches, BATCHES);
    char *last = top_of(batches[BATCHES - 1]);
    for (size_t i = 0; i < BATCHES; i++)
        fl_stack_put_batch(batches[i]);
    while (fl_stack_trim())
        ;
    CHECK(!is_there(last));
    check_first_pages(batches, BATCHES);
}

TEST(stacks_that_were_only_tried_are_unmapped_when_all_are_given_back)
{
    if (UNDER_TSAN)
        skip("it keeps them");
    if (UNDER_VALGRIND)
        skip("it reports whoever asks whether a page is mapped");
    for (unsigned shift = SMALL; shift <= HUGE; shift += 2) {
        for (int i = 0; i < 3; i++) {
            fl_link *one = fl_stack_try_batch(shift);
            fl_link *other = fl_stack_try_batch(shift);
            char *at = top_of(one);
            *at = 1;
            CHECK(is_mapped(at));
            fl_slab_give_back(other);
            fl_slab_give_back(one);
            CHECK(!is_mapped(at));
        }
    }
}

TEST(stacks_that_are_kept_are_never_unmapped)
{
    fl_link *one = fl_stack_try_batch(USUAL);
    char *at = top_of(one);
    fl_slab_keep(USUAL);
    *at = 1;
    fl_slab_give_back(one);
    CHECK(is_mapped(at));
    EQ(1, *at);
}

TEST(stacks_given_back_are_used_again_where_others_need_their_mapping)
{
    static fl_stack *stacks[1024];
    fl_link *one = fl_stack_try_batch(USUAL), *other;
    char *at = top_of(one);
    size_t n = 0, found = 0;
    for (fl_link *link = one; link; link = link->next)
        n++;
    other = fl_stack_try_batch(USUAL);
    fl_slab_give_back(one);
    CHECK(is_mapped(at));
    fl_slab_keep(USUAL);
    for (int i = 0; i < 1024 - 2 * (int)n; i++)
        stacks[i] = get(USUAL);
    for (int i = 0; i < 1024 - 2 * (int)n; i++)
        found += stacks[i]->base + fl_stack_size(stacks[i]) - 1 == at;
    EQ(1, found);
    fl_stack_put_batch(other);
}

/* --- From several threads ------------------------------------------------ */

static void *
come_and_go(void *arg)
{
    fl_stack *stacks[20] = {0};
    uint64_t seed = test_seed() + (uintptr_t)arg;
    for (int i = 0; i < 5000; i++) {
        uint32_t at = chance(&seed, 20);
        if (stacks[at]) {
            char volatile *low = stacks[at]->base + fl_os_page();
            EQ((char)(intptr_t)arg, *low); /* nobody else has it */
            fl_stack_put(stacks[at]);
            stacks[at] = NULL;
        } else {
            stacks[at] = get(SMALL);
            stacks[at]->base[fl_os_page()] = (char)(intptr_t)arg;
        }
    }
    return NULL;
}

TEST(stack_belongs_to_one_thread_at_a_time)
{
    pthread_t threads[3];
    if (UNDER_TSAN)
        skip("it does not see the depot that hands stacks over");
    for (intptr_t i = 0; i < 3; i++)
        threads[i] = thread_start(come_and_go, (void *)(i + 1));
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
}

/* --- What they cost ------------------------------------------------------ */

static size_t
mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    size_t n = 0;
    CHECK(maps != NULL);
    for (int c; (c = getc(maps)) != EOF;)
        n += c == '\n';
    fclose(maps);
    return n;
}

TEST(stacks_take_no_mapping_each_where_the_kernel_can_guard_pages)
{
    if (UNDER_SANITIZER)
        skip("a sanitizer maps memory of its own");
    if (UNDER_VALGRIND)
        skip("40,000 stacks take it too long");
    get(SMALL);
    size_t before = mappings();
    for (int i = 0; i < 16; i++)
        get(SMALL);
    if (mappings() >= before + 16)
        skip("this kernel cannot");
    for (int i = 0; i < 40000; i++)
        get(SMALL);
    CHECK(mappings() < before + 100);
}

/* --- Fresh contexts ------------------------------------------------------ */

static void
never(void *value, void *more)
{
    (void)value, (void)more;
}

TEST(stacks_begin_at_different_cache_sets)
{
    enum { N = 16 };
    bool seen[64] = {false};
    int different = 0;
    for (int i = 0; i < N; i++) {
        fl_stack *stack = get(BIG); /* which are carved one by one */
        fl_stack_prepare(stack, never);
        size_t down =
            (size_t)(stack->base + fl_stack_size(stack) - (char *)stack->sp);
        CHECK(down < 8192);
        different += !seen[down / FL_CACHE_LINE % 64];
        seen[down / FL_CACHE_LINE % 64] = true;
    }
    CHECK(different >= N / 2);
}
