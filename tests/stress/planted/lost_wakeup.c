/*
 * A mailbox for one letter, with a lost wakeup.
 *
 * The reader looks whether there is a letter before it holds the lock. One that
 * comes between its look and its wait notifies nobody: the reader waits for
 * good. Mended, it looks while it holds the lock, which the wait lets go of.
 */
#include <filch.h>
#include <stddef.h>

static filch_condition box = FILCH_CONDITION_INIT;
static const char *letter;

static int
read_letter(void *arg)
{
    (void)arg;
#ifdef MENDED
    filch_condition_acquire(&box);
    while (!letter)
        filch_condition_wait(&box);
    filch_condition_release(&box);
#else
    while (!letter) {
        filch_condition_acquire(&box);
        filch_condition_wait(&box);
        filch_condition_release(&box);
    }
#endif
    return 0;
}

static int
write_letter(void *arg)
{
    filch_condition_acquire(&box);
    letter = arg;
    filch_condition_notify(&box, 1);
    filch_condition_release(&box);
    return 0;
}

static int
run(void *arg)
{
    static char text[] = "Dear reader";
    filch_task *reader, *writer;
    int error = filch_spawn(&reader, read_letter, NULL);

    (void)arg;
    if (error)
        return error;
    error = filch_spawn(&writer, write_letter, text);
    if (error)
        return error;
    filch_task_set_name(reader, "reader");
    filch_task_set_name(writer, "writer");
    error = filch_join(reader, NULL);
    return error ? error : filch_join(writer, NULL);
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
