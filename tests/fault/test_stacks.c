/*
 * Stacks that come from the system: it takes its time, and nobody is kept from
 * anything meanwhile; and it may guard just some of them.
 */
#include "fiber/slab.h"
#include "inject.h"

#define SIZE ((size_t)1 << shift)

static const unsigned shift = 15;
static filch_event event;
static atomic_uint asked;

/* --- What others can do meanwhile ----------------------------------------- */

/* What takes a guard that whoever needs the stacks may hold. */
static void *
do_likewise(void *arg)
{
    fl_stack_put_batch(fl_slab_carve(shift, 2, true));
    FAILS(ETIMEDOUT, filch_event_wait_until(&event, past()));
    return arg;
}

static void
let_another_do_so(void)
{
    fault_guards(NULL); /* not for that one */
    thread_join(thread_start(do_likewise, NULL));
    atomic_fetch_add(&asked, 1);
    fault_guards(let_another_do_so);
}

static int
wait_for_event(void *arg)
{
    (void)arg;
    return filch_event_wait(&event);
}

static int
wait_in_crowds(void *arg)
{
    static filch_task *tasks[300]; /* a few batches of stacks */
    enum { N = sizeof tasks / sizeof *tasks };
    fault_guards(let_another_do_so);
    for (int i = 0; i < N; ++i)
        tasks[i] = spawn(wait_for_event, arg);
    UNTIL(atomic_load(&asked) >= 3);
    filch_event_set(&event);
    for (int i = 0; i < N; ++i)
        EQ(0, join(tasks[i]));
    return 0;
}

TEST(an_event_is_free_while_who_waits_for_it_has_the_system_make_stacks)
{
    run_on(1, wait_in_crowds, NULL);
}

TEST(stacks_can_be_had_while_somebody_has_the_system_make_some)
{
    fault_guards(let_another_do_so);
    for (int i = 0; i < 4; ++i)
        fl_stack_put_batch(fl_slab_carve(shift, 4, true));
    EQ(4, atomic_load(&asked));
}

/* --- What cannot be guarded ----------------------------------------------- */

static int
length(const fl_link *batch)
{
    int n = 0;
    for (; batch; batch = batch->next)
        ++n;
    return n;
}

static bool
is_among(const fl_link *batch, const char *base)
{
    for (; batch; batch = batch->next)
        if (fl_container(batch, fl_stack, link)->base == base)
            return true;
    return false;
}

TEST(stacks_that_could_not_be_guarded_are_the_next_to_be_tried)
{
    fl_link *two, *rest;
    two = fl_slab_carve(shift, 2, true);
    char *next = fl_container(two, fl_stack, link)->base + SIZE;
    fl_stack_put_batch(two);
    fault_from(3);
    two = fl_slab_carve(shift, 8, true);
    fault_end();
    EQ(3, length(two));
    rest = fl_slab_carve(shift, 6, true);
    EQ(6, length(rest));
    for (int i = 0; i < 3; ++i)
        CHECK(is_among(two, next + i * SIZE));
    for (int i = 3; i < 9; ++i)
        CHECK(is_among(rest, next + i * SIZE));
}

TEST(no_address_space_is_lost_while_no_stack_can_be_guarded)
{
    fl_stack_put_batch(fl_slab_carve(shift, 1, true));
    int before = fault_mappings();
    for (int i = 0; i < 3000; ++i) {
        fault_from(0);
        CHECK(!fl_slab_carve(shift, 8, i % 2));
        fault_end();
    }
    EQ(before, fault_mappings());
}

TEST(stacks_of_a_runtime_that_does_not_start_are_unmapped_guarded_or_not)
{
    int before = fault_mappings();
    for (int i = 0; i < 10; ++i) {
        fl_link *one = fl_slab_carve(shift, 4, false);
        fault_from(2);
        fl_link *other = fl_slab_carve(shift, 8, false);
        fault_end();
        EQ(2, length(other));
        CHECK(fault_mappings() > before);
        fl_slab_give_back(one);
        fl_slab_give_back(other);
        EQ(before, fault_mappings());
    }
    EQ(4, length(fl_slab_carve(shift, 4, false)));
}

/* Of these four fill a mapping: the first is kept, with two that have no guard,
 * and the second goes again. */
TEST(stacks_without_a_guard_stay_when_another_mapping_goes)
{
    const unsigned big = 24;
    fl_link *one = fl_slab_carve(big, 1, true);
    char *base = fl_container(one, fl_stack, link)->base;
    int before = fault_mappings();
    fault_from(1);
    EQ(1, length(fl_slab_carve(big, 3, true)));
    fault_end();
    fault_from(1); /* the second is mapped */
    EQ(0, length(fl_slab_carve(big, 4, false)));
    fault_end();
    EQ(before, fault_mappings());
    fl_link *two = fl_slab_carve(big, 2, true);
    EQ(before, fault_mappings());
    CHECK(is_among(two, base + ((size_t)2 << big)));
    CHECK(is_among(two, base + ((size_t)3 << big)));
}
