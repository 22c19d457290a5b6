/* Runs a fuzz target once for each of the files that are named. */
#include "fuzz.h"

#include <string.h>

static void
replay(const char *name)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(name, "rb");
    MUST(file);
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    /* in a block of its own, so that reading past the end shows */
    uint8_t *copy = malloc(size ? size : 1);
    MUST(copy);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; ++i)
        replay(argv[i]);
    return argc > 1 ? 0 : 2;
}
