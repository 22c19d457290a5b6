#include "variants.h"

#include <string.h>

static void
change_chain(struct protocol *protocol)
{
    protocol->help = 0;
}

static void
change_no_wait(struct protocol *protocol)
{
    protocol->help_waits = false;
}

static void
change_most_32(struct protocol *protocol)
{
    protocol->most = 32;
}

static void
change_anywhere(struct protocol *protocol)
{
    protocol->looks_anywhere = true;
}

static void
change_short_naps(struct protocol *protocol)
{
    protocol->nap_last = 100000;
}

static void
change_spins(struct protocol *protocol)
{
    protocol->looks_spinning = 160;
}

static void
change_chunks(struct protocol *protocol)
{
    protocol->chunk = 64;
}

static void
change_8_queues(struct protocol *protocol)
{
    protocol->injects = 8;
}

const struct variant variants[] = {
    {"chain", "one wake follows the other: nobody helps", change_chain},
    {"no-wait", "who would help gives up where another is just stealing",
     change_no_wait},
    {"most-32", "32 tasks are stolen at once, in place of 256", change_most_32},
    {"anywhere", "each look begins at a random worker", change_anywhere},
    {"short-naps", "no nap is longer than 100 us", change_short_naps},
    {"spins", "the watch looks 160 times before it naps, in place of 16",
     change_spins},
    {"chunks", "the common queue is taken from by chunks of 64", change_chunks},
    {"8-queues", "there are eight common queues", change_8_queues},
};

const size_t variant_count = sizeof variants / sizeof *variants;

struct protocol
variant_protocol(const struct variant *variant)
{
    struct protocol protocol = as_is;
    variant->change(&protocol);
    return protocol;
}

const struct variant *
variant_find(const char *name)
{
    for (size_t i = 0; i < variant_count; ++i)
        if (strcmp(variants[i].name, name) == 0)
            return &variants[i];
    return NULL;
}
