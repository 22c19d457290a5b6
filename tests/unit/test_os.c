/* What is asked of the system, where nothing else comes to it. */
#include "../harness/harness.h"
#include "os/os.h"

#include <sys/mman.h>

enum { SIZE = 1 << 16 };

static char *
map(void)
{
    void *memory;
    OK(fl_os_map(&memory, SIZE));
    return memory;
}

TEST(wait_for_a_time_before_all_times_has_timed_out)
{
    fl_atomic32 word = 7;
    errno = 4711;
    EQ(ETIMEDOUT, fl_os_wait(&word, 7, 0));
    EQ(ETIMEDOUT, fl_os_wait(&word, 7, -1));
    EQ(4711, errno);
}

TEST(guard_where_nothing_is_mapped_is_an_error)
{
    char *memory = map();
    unsigned done = 99;
    fl_os_range range = {memory, SIZE};
    fl_os_unmap(memory, SIZE);
    errno = 4711;
    FAILS(ENOMEM, fl_os_guard(&range, 1, &done));
    EQ(0, done);
    EQ(4711, errno);
}

TEST(memory_that_is_renewed_is_as_new)
{
    char *memory = map();
    memset(memory, 1, SIZE);
    errno = 4711;
    fl_os_renew(memory + 4096, SIZE - 4096);
    EQ(1, memory[4095]);
    for (int at = 4096; at < SIZE; ++at)
        EQ(0, memory[at]);
    fl_os_renew(memory + 1, 4096); /* not whole pages: nothing */
    EQ(1, memory[1]);
    EQ(4711, errno);
    fl_os_unmap(memory, SIZE);
}

TEST(stack_of_a_thread_is_told_whatever_errno_is)
{
    void *base;
    size_t size;
    errno = 4711;
    fl_os_thread_stack(&base, &size);
    EQ(4711, errno);
    CHECK((char *)base < (char *)&size && (char *)&size < (char *)base + size);
}
