/* Names and stacks of tasks. */
#include "../harness/harness.h"

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

/* --- Names --------------------------------------------------------------- */

TASK_TEST(task_without_a_name_has_the_empty_name)
{
    filch_task *task = spawn(nothing, NULL);
    CHECK(strcmp("", filch_task_name(task)) == 0);
    EQ(0, join(task));
}

TASK_TEST(task_name_is_copied)
{
    char name[] =
        "reader of a file whose name is rather long, to say the least";
    char copy[sizeof name];
    filch_task *task;
    strcpy(copy, name);
    OK(filch_spawn_with(&task, nothing, NULL,
                        &(filch_task_options){.name = name}));
    memset(name, 'x', sizeof name - 1);
    CHECK(strcmp(copy, filch_task_name(task)) == 0);
    strcpy(name, "writer");
    OK(filch_task_set_name(task, name));
    name[0] = 'x';
    CHECK(strcmp("writer", filch_task_name(task)) == 0);
    EQ(0, join(task));
}

TASK_TEST(task_set_name_of_NULL_takes_the_name_away)
{
    filch_task *self = filch_current();
    OK(filch_task_set_name(self, "somebody"));
    CHECK(strcmp("somebody", filch_task_name(self)) == 0);
    OK(filch_task_set_name(self, NULL));
    CHECK(strcmp("", filch_task_name(self)) == 0);
}

TASK_TEST(task_name_outlives_the_task_while_there_is_a_handle)
{
    filch_task *task;
    OK(filch_spawn_with(&task, nothing, NULL,
                        &(filch_task_options){.name = "late"}));
    UNTIL(filch_task_done(task));
    CHECK(strcmp("late", filch_task_name(task)) == 0);
    filch_task_release(task);
}

/* --- Stacks -------------------------------------------------------------- */

/* Touches that many bytes of the stack. */
__attribute__((noinline)) static int
touch(size_t bytes)
{
    char volatile room[1024];
    for (size_t i = 0; i < sizeof room; i += 64)
        room[i] = (char)i;
    int status = bytes > 2048 ? touch(bytes - sizeof room) : 0;
    return status + room[64] - 64;
}

static int
touch_and_wait(void *arg)
{
    filch_yield();
    int status = touch((size_t)arg);
    filch_yield();
    return status;
}

TASK_TEST(task_gets_a_stack_of_the_size_that_it_asks_for)
{
    static const size_t sizes[] = {1 << 20, 3 << 20, 16 << 20};
    for (int i = 0; i < 3; ++i) {
        filch_task *task;
        filch_task_options options = {.stack_size = sizes[i]};
        size_t most = sizes[i] / (UNDER_SANITIZER ? 4 : 1) * 7 / 8;
        OK(filch_spawn_with(&task, touch_and_wait, (void *)most, &options));
        EQ(0, join(task));
    }
}

TASK_TEST(task_may_use_most_of_its_default_stack)
{
    EQ(0, join(spawn(touch_and_wait, (void *)(size_t)(48 << 10))));
}

TASK_TEST(task_main_has_a_stack_of_1_MiB)
{
    size_t most = (UNDER_SANITIZER ? 256 : 900) << 10;
    EQ(0, touch_and_wait((void *)most));
}

TASK_TEST(task_that_asks_for_a_small_stack_may_still_suspend)
{
    filch_task *task;
    OK(filch_spawn_with(&task, nothing, NULL,
                        &(filch_task_options){.stack_size = 1}));
    EQ(0, join(task));
}

TASK_TEST(task_with_a_stack_above_1_GiB_is_EINVAL)
{
    filch_task *task;
    FAILS(EINVAL, filch_spawn_with(&task, nothing, NULL,
                                   &(filch_task_options){
                                       .stack_size = ((size_t)1 << 30) + 1}));
    FAILS(EINVAL,
          filch_spawn_with(&task, nothing, NULL,
                           &(filch_task_options){.stack_size = SIZE_MAX}));
}

/* --- Where the child of a join runs -------------------------------------- */

static int
end_when_told(void *arg)
{
    OK(filch_event_wait(arg));
    return touch(40 << 10);
}

/* Joins a child that has not begun, with too little stack left for both. */
__attribute__((noinline)) static int
join_deep_down(filch_task *child, size_t bytes)
{
    char volatile room[1024];
    room[0] = 0;
    if (bytes > sizeof room)
        return join_deep_down(child, bytes - sizeof room) + room[0];
    return join(child) + room[0];
}

static filch_event joined;

static int
join_with_little_stack(void *arg)
{
    filch_task *child = spawn(touch_and_wait, arg);
    EQ(0, join_deep_down(child, 40 << 10));
    filch_event_set(&joined);
    return 0;
}

/* The joiner itself is not joined, as it then might run on main's stack. */
TASK_TEST(join_never_runs_the_child_on_top_of_the_joiners_stack)
{
    for (int i = 0; i < 20; ++i) {
        filch_event_clear(&joined);
        OK(filch_spawn(NULL, join_with_little_stack, (void *)(40 << 10)));
        OK(filch_event_wait(&joined));
    }
}

static int
join_impatiently(void *arg)
{
    filch_task *child = spawn(end_when_told, arg);
    FAILS(ETIMEDOUT, filch_join_until(child, NULL, filch_after(FILCH_MS(1))));
    touch(40 << 10); /* where the child would lie */
    filch_event_set(arg);
    return join(child);
}

TASK_TEST(join_that_gives_up_returns_while_the_child_it_started_still_waits)
{
    static filch_event told;
    EQ(0, join(spawn(join_impatiently, &told)));
}
