/* What a program compiled against these headers has built into itself. */
#include "../harness/harness.h"

TEST(public_structs_have_the_sizes_that_programs_were_compiled_with)
{
    if (sizeof(void *) != 8)
        skip("the sizes are those of 64-bit machines");
    EQ(72, sizeof(filch_config));
    EQ(32, sizeof(filch_task_options));
    EQ(104, sizeof(filch_timer));
    EQ(64, sizeof(filch_job));
    EQ(96, sizeof(filch_stats));
    EQ(32, sizeof(filch_event));
    EQ(56, sizeof(filch_lock));
    EQ(96, sizeof(filch_condition));
    EQ(152, sizeof(filch_queue));
    EQ(56, sizeof(filch_semaphore));
    EQ(56, sizeof(filch_barrier));
    EQ(64, sizeof(filch_group));
}

TEST(public_constants_have_the_values_that_programs_were_compiled_with)
{
    EQ(0, FILCH_FIRST_COMPLETED);
    EQ(1, FILCH_FIRST_EXCEPTION);
    EQ(2, FILCH_ALL_COMPLETED);
    EQ(INT64_MAX, FILCH_NEVER);
    EQ(1000, FILCH_US(1));
    EQ(1000000, FILCH_MS(1));
    EQ(1000000000, FILCH_SEC(1));
    EQ(500000000, FILCH_SEC(0.5));
}

static bool
is_zero(const void *object, size_t size)
{
    for (size_t i = 0; i < size; ++i)
        if (((const char *)object)[i] != 0)
            return false;
    return true;
}

TEST(a_zeroed_event_lock_condition_queue_group_and_timer_is_an_initialised_one)
{
    static const filch_event event = FILCH_EVENT_INIT;
    static const filch_lock lock = FILCH_LOCK_INIT;
    static const filch_condition condition = FILCH_CONDITION_INIT;
    static const filch_queue queue = FILCH_QUEUE_INIT;
    static const filch_group group = FILCH_GROUP_INIT;
    static const filch_timer timer = FILCH_TIMER_INIT;
    CHECK(is_zero(&event, sizeof event));
    CHECK(is_zero(&lock, sizeof lock));
    CHECK(is_zero(&condition, sizeof condition));
    CHECK(is_zero(&queue, sizeof queue));
    CHECK(is_zero(&group, sizeof group));
    CHECK(is_zero(&timer, sizeof timer));
}

/* X_init makes, of whatever was there, what X_INIT is. */
#define MAKES(call, object, initialised)                                       \
    do {                                                                       \
        memset(&(object), 0xa5, sizeof(object));                               \
        OK(call);                                                              \
        CHECK(memcmp(&(object), &(initialised), sizeof(object)) == 0);         \
    } while (0)

TEST(init_makes_the_same_as_the_static_initialiser)
{
    static const filch_event set_up_event = FILCH_EVENT_INIT;
    static const filch_lock set_up_lock = FILCH_LOCK_INIT;
    static const filch_lock set_up_fair_lock = FILCH_LOCK_FAIR_INIT;
    static const filch_condition set_up_condition = FILCH_CONDITION_INIT;
    static const filch_semaphore set_up_semaphore = FILCH_SEMAPHORE_INIT(3);
    static const filch_barrier set_up_barrier = FILCH_BARRIER_INIT(3);
    static const filch_queue set_up_queue = FILCH_QUEUE_INIT;
    static const filch_group set_up_group = FILCH_GROUP_INIT;
    static const filch_timer set_up_timer = FILCH_TIMER_INIT;
    filch_event event;
    filch_lock lock;
    filch_condition condition;
    filch_semaphore semaphore;
    filch_barrier barrier;
    filch_queue queue;
    filch_group group;
    filch_timer timer;

    MAKES(filch_event_init(&event), event, set_up_event);
    MAKES(filch_lock_init(&lock), lock, set_up_lock);
    MAKES(filch_lock_init_fair(&lock), lock, set_up_fair_lock);
    MAKES(filch_condition_init(&condition, NULL), condition, set_up_condition);
    MAKES(filch_semaphore_init(&semaphore, 3), semaphore, set_up_semaphore);
    MAKES(filch_barrier_init(&barrier, 3), barrier, set_up_barrier);
    MAKES(filch_queue_init(&queue, 0), queue, set_up_queue);
    MAKES(filch_group_init(&group), group, set_up_group);
    MAKES(filch_timer_init(&timer), timer, set_up_timer);
}

TEST(the_library_and_the_headers_have_the_same_version)
{
    CHECK(strcmp(filch_version(), FILCH_VERSION) == 0);
}
