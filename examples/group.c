/*
 * Three pages are fetched at once. One cannot be had: so the others are not
 * wanted any more, and what is still under way is given up.
 *
 * With FILCH_WORKERS=1 in the environment it prints the same every time.
 */
#include <errno.h>
#include <filch.h>
#include <stdio.h>
#include <string.h>

struct page {
    const char *name;
    filch_time takes;
    int status;
};

static int
fetch(void *arg)
{
    const struct page *page = arg;
    printf("%s: fetching\n", page->name);
    int error = filch_sleep(page->takes); /* in place of a network */
    if (error) {
        printf("%s: given up\n", page->name);
        return error;
    }
    printf("%s: %s\n", page->name, page->status ? "not there" : "fetched");
    return page->status;
}

static int
run(void *arg)
{
    static struct page pages[] = {
        {"index", FILCH_MS(10), 0},
        {"map", FILCH_MS(150), ENOENT},
        {"film", FILCH_SEC(60), 0},
    };
    filch_group group = FILCH_GROUP_INIT;
    int error = 0;
    (void)arg;
    for (int i = 0; i < 3 && !error; ++i)
        error = filch_group_spawn(&group, fetch, &pages[i]);
    if (error)
        filch_group_cancel(&group);
    int status; /* awaited in any case, also if memory is short at first */
    while (status = filch_group_wait(&group),
           filch_group_destroy(&group) == EBUSY)
        filch_yield();
    if (!status)
        status = error;
    printf("the site: %s\n", status ? strerror(status) : "fetched");
    return error;
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
