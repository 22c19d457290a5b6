#include "names.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const known[] = {".gz", ".z", ".taz", ".tgz",
                                    "-gz", "-z", "_z",   NULL};

static char *
join(const char *begin, size_t n, const char *end)
{
    char *joined;

    return asprintf(&joined, "%.*s%s", (int)n, begin, end) < 0 ? NULL : joined;
}

const char *
name_base(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

/* The end of the name, if that is the suffix and something stands before. */
static const char *
ends_in(const char *name, const char *suffix)
{
    const char *base = name_base(name);
    size_t n = strlen(base), m = strlen(suffix);

    return n > m && strcasecmp(base + n - m, suffix) == 0 ? base + n - m : NULL;
}

const char *
name_suffix(const char *name, const char *suffix)
{
    const char *found = ends_in(name, suffix);

    for (int i = 0; !found && known[i]; i++)
        found = ends_in(name, known[i]);
    return found;
}

char *
name_pack(const char *name, const char *suffix)
{
    return join(name, strlen(name), suffix);
}

char *
name_unpack(const char *name, const char *suffix)
{
    const char *found = name_suffix(name, suffix);
    bool tar;

    if (!found)
        return NULL;
    tar = strcasecmp(found, ".tgz") == 0 || strcasecmp(found, ".taz") == 0;
    return join(name, (size_t)(found - name), tar ? ".tar" : "");
}

char *
name_beside(const char *name, const char *other)
{
    return join(name, (size_t)(name_base(name) - name), other);
}
