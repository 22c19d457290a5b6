#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct program programs[PROGRAMS] = {
    [FILCH] = {.name = "filch", .title = "filch"},
    [GO] = {.name = "go", .title = "Go", .package = "golang-go"},
    [TBB] = {.name = "tbb", .title = "oneTBB", .package = "libtbb-dev"},
    [FIBER] = {.name = "fiber",
               .title = "Boost",
               .package = "libboost-fiber-dev",
               .most = 4}, /* with 16 on 2 CPUs it does not come to an end */
    [OPENMP] = {.name = "openmp", .title = "OpenMP", .package = "gcc"},
    [ASYNCIO] = {.name = "asyncio",
                 .title = "asyncio",
                 .package = "python3",
                 .most = 1},
    [PTHREADS] = {.name = "pthreads", .title = "pthreads", .package = "gcc"},
    [FLOOR] = {.name = "floor", .title = "(floor)", .package = "gcc"},
};

static char *
path_of(const char *folder, const struct program *program)
{
    bool own = program == &programs[FILCH];
    char *path;

    if (asprintf(&path, "%s/%s%s", folder, own ? "" : "peers/", program->name) <
        0)
        abort();
    if (access(path, X_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* All that the command prints, after a line's end. */
static char *
output_of(const char *path, const char *argument)
{
    char *command, *text = malloc(4096);
    size_t length;
    FILE *pipe;

    if (!text || asprintf(&command, "'%s' %s", path, argument) < 0 ||
        !(pipe = popen(command, "r")))
        abort();
    text[0] = '\n';
    length = fread(text + 1, 1, 4094, pipe);
    text[length + 1] = '\0';
    pclose(pipe);
    free(command);
    return text;
}

void
programs_find(const char *folder)
{
    for (int i = 0; i < PROGRAMS; ++i) {
        programs[i].path = path_of(folder, &programs[i]);
        if (programs[i].path)
            programs[i].workloads = output_of(programs[i].path, "--list");
    }
}

void
programs_name_missing(void)
{
    bool any = false;

    for (int i = 0; i < PROGRAMS; ++i) {
        if (programs[i].path)
            continue;
        any = true;
        if (programs[i].package)
            printf("%s is left out: apt-get install %s\n", programs[i].title,
                   programs[i].package);
    }
    if (any)
        printf("(`make bench-deps` installs all that is missing.)\n\n");
}

bool
program_can(const struct program *program, const char *workload,
            unsigned workers)
{
    char line[64];

    if (!program->path || (program->most && workers > program->most))
        return false;
    snprintf(line, sizeof line, "\n%s\n", workload);
    return strstr(program->workloads, line) != NULL;
}
