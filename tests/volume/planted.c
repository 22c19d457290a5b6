#include "planted.h"
#include "kit.h"

#include <sys/mman.h>
#include <unistd.h>

static void
leak_memory(void)
{
    enum { SIZE = 16 << 20 };
    static char *volatile leaked;
    leaked = malloc(SIZE);
    CHECK(leaked);
    memset(leaked, 1, SIZE);
}

static void *
stay(void *arg)
{
    pause();
    return arg;
}

static void
leak_threads(void)
{
    for (int i = 0; i < 50; ++i)
        thread_start(stay, NULL);
}

/* Every other page may be read, so that each is a mapping of its own. */
static void
leak_mappings(void)
{
    enum { PAGES = 256 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages =
        mmap(NULL, PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    for (int i = 0; i < PAGES; i += 2)
        OK(mprotect(pages + i * page, page, PROT_READ));
}

/* More than may be under way. */
static unsigned long
too_many(void)
{
    return atomic_load(&scene_queue.flow.most) + 1;
}

static void
lose_items(void)
{
    flow_in(&scene_queue.flow, too_many());
}

static void
repeat_items(void)
{
    flow_out(&scene_queue.flow, too_many());
}

planted_fault *
planted_find(const char *name)
{
    static const struct {
        const char *name;
        planted_fault *fault;
    } faults[] = {{"memory", leak_memory},
                  {"threads", leak_threads},
                  {"mappings", leak_mappings},
                  {"lost", lose_items},
                  {"repeated", repeat_items}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; ++i)
        if (!strcmp(faults[i].name, name))
            return faults[i].fault;
    check_failed(__FILE__, __LINE__, name);
}
