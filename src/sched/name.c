#include "sched/name.h"

#include "os/depot.h"

#include <errno.h>
#include <string.h>

/* A block's number is that of its chunk, and of its place there. */
#define CHUNK_BYTES ((size_t)64 << 10)
#define CHUNKS 65536u
#define PLACE_BITS 10

struct name_block {
    fl_link link;
    uint32_t number;
    unsigned kind;
    char text[];
};

#define KINDS 2
static const size_t block_bytes[KINDS] = {64, 1024};
static fl_depot depots[KINDS];

static fl_atomic32 guard;            /* of what follows */
static fl_atomic_ptr chunks[CHUNKS]; /* set once */
static uint32_t used;

static size_t
room(unsigned kind)
{
    return block_bytes[kind] - sizeof(struct name_block) - 1;
}

/* With the guard. */
static bool
make_chunk(unsigned kind)
{
    void *memory;
    size_t bytes = block_bytes[kind], n = CHUNK_BYTES / bytes;
    if (used == CHUNKS || fl_os_map(&memory, CHUNK_BYTES)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct name_block *block = (void *)((char *)memory + i * bytes);
        block->number = (used << PLACE_BITS | i) + 1;
        block->kind = kind;
    }
    fl_store_release(&chunks[used++], memory);
    fl_depot_fill(&depots[kind], memory, bytes, n);
    return true;
}

/* A block that holds `length` bytes and a zero, or the longest there is. */
static struct name_block *
take_block(size_t length)
{
    unsigned kind = length <= room(0) ? 0 : 1;
    fl_link *link;
    bool made = true;
    while (!(link = fl_depot_take_one(&depots[kind])) && made) {
        fl_guard_lock(&guard);
        made = make_chunk(kind);
        fl_guard_unlock(&guard);
    }
    return link ? fl_container(link, struct name_block, link) : NULL;
}

static struct name_block *
block_of(uint32_t number)
{
    uint32_t chunk = (number - 1) >> PLACE_BITS;
    uint32_t place = (number - 1) & ((1u << PLACE_BITS) - 1);
    char *memory = fl_load_acquire(&chunks[chunk]);
    /* the first block of a chunk tells how long all are */
    size_t bytes = block_bytes[((struct name_block *)(void *)memory)->kind];
    return (struct name_block *)(void *)(memory + place * bytes);
}

/* Byte by byte: the sanitizers watch memcpy also where it is called from code
 * that they do not see, and know nothing of how the blocks change hands. */
static void
copy(volatile char *to, const char *from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        to[i] = from[i];
    }
    to[length] = 0;
}

int
fl_name_set(fl_atomic32 *name, const char *text)
{
    uint32_t number = 0;
    if (text) {
        size_t length = strlen(text);
        struct name_block *block = take_block(length);
        if (!block) {
            return ENOMEM;
        }
        size_t most = room(block->kind);
        copy(block->text, text, length < most ? length : most);
        number = block->number;
    }
    number = fl_exchange_acq_rel(name, number);
    if (number) {
        struct name_block *former = block_of(number);
        fl_depot_give_one(&depots[former->kind], &former->link);
    }
    return 0;
}

const char *
fl_name_text(const fl_atomic32 *name)
{
    uint32_t number = fl_load_acquire(name);
    return number ? block_of(number)->text : NULL;
}
