/*
 * A server that needs its settings, with a violation of their order.
 *
 * The server relies on the settings having been loaded because the task that
 * loads them was spawned first. Nothing promises that it also runs first, and
 * without it the server follows a null pointer. Mended, it waits for an event.
 */
#include <filch.h>
#include <stddef.h>

struct settings {
    int port;
};

static filch_event loaded = FILCH_EVENT_INIT;
static struct settings *settings;

static int
load(void *arg)
{
    static struct settings all;

    (void)arg;
    all.port = 80;
    settings = &all;
    filch_event_set(&loaded);
    return 0;
}

static int
serve(void *arg)
{
    (void)arg;
#ifdef MENDED
    filch_event_wait(&loaded);
#endif
    return settings->port != 80;
}

static int
run(void *arg)
{
    filch_task *loader, *server;
    int status, error = filch_spawn(&loader, load, NULL);

    (void)arg;
    if (error)
        return error;
    error = filch_spawn(&server, serve, NULL);
    if (error)
        return error;
    filch_task_set_name(loader, "loader");
    filch_task_set_name(server, "server");
    filch_join(loader, NULL);
    error = filch_join(server, &status);
    return error ? error : status;
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
