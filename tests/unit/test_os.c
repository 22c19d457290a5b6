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

/* Pages of address space that are in use. */
static size_t
mapped(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%zu", &pages) == 1);
    fclose(file);
    return pages;
}

TEST(large_memory_takes_no_more_address_space_than_it_has)
{
    enum { TIMES = 8 };
    void *memory;
    size_t before = mapped(), least = TIMES * FL_OS_LARGE / fl_os_page();
    for (int i = 0; i < TIMES; i++)
        OK(fl_os_map_large(&memory));
    size_t now = mapped();
    CHECK(now >= before + least && now < before + least + least / TIMES);
}

TEST(large_memory_lies_at_a_multiple_of_its_size)
{
    void *memory[3];
    for (int i = 0; i < 3; i++) {
        errno = 4711;
        OK(fl_os_map_large(&memory[i]));
        EQ(4711, errno);
        EQ(0, (uintptr_t)memory[i] % FL_OS_LARGE);
        fl_os_populate(&(fl_os_range){memory[i], FL_OS_LARGE}, 1);
        char *last = (char *)memory[i] + FL_OS_LARGE - 1;
        EQ(0, *last);
        *last = 1;
    }
    for (int i = 0; i < 3; i++) {
        fl_os_unmap(memory[i], FL_OS_LARGE);
    }
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
