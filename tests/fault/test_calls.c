/* Every public function while one step of it fails, or all from one on.
 *
 * run-tests: long */
#include "calls.h"
#include "shortage.h"

static const struct row *const tables[] = {rows_of_tasks, rows_of_queues,
                                           rows_of_others};
enum { TABLES = sizeof tables / sizeof *tables };

static struct turn {
    const struct row *row;
    void (*fault)(unsigned n);
    unsigned workers, n;
    bool failed;
} turn;

/* With more, what a call asks for depends on what they do meanwhile: they take
 * its jobs, so that it waits, or end what it would have waited for. */
static bool
is_alone(void)
{
    return turn.workers == 1;
}

static bool
is_shortage(int error)
{
    return error == ENOMEM || error == EAGAIN;
}

static int
call_once(void *arg)
{
    const struct row *row = turn.row;
    if (row->prepare)
        row->prepare();
    shortage_begin();
    turn.fault(turn.n);
    unsigned before = fault_here();
    int error = row->call();
    CHECK(!row->frugal || fault_here() == before || !is_alone());
    turn.failed = fault_end() > 0;
    if (error) {
        CHECK(turn.failed && is_shortage(error) && !row->never_fails);
        if (row->refused)
            row->refused();
        OK(row->call()); /* and now there is enough */
    }
    if (row->after)
        row->after();
    return arg != NULL;
}

static void
call_at_each_point(const struct row *row, void (*fault)(unsigned n),
                   unsigned workers)
{
    char text[300];
    int shown = 0;
    turn = (struct turn){.row = row, .fault = fault, .workers = workers};
    do {
        snprintf(text, sizeof text, "%s, point %u, %u workers", row->name,
                 turn.n, workers);
        check_context(text);
        run_on(workers, call_once, NULL);
        shown++;
        turn.n = fault_next(turn.n);
    } while (turn.failed && !row->frugal);
    CHECK(shown > 1 || row->frugal || !is_alone());
}

static void
all_calls_at_each_point(void (*fault)(unsigned n))
{
    if (UNDER_TSAN)
        skip("there work that gets no stack of its own confuses the sanitizer");
    for (int t = 0; t < TABLES; ++t)
        for (const struct row *row = tables[t]; row->name; ++row) {
            call_at_each_point(row, fault, 1);
            if (test_workers() > 1)
                call_at_each_point(row, fault, test_workers());
        }
}

TEST(call_of_which_one_step_fails_is_an_error_without_effect_or_works)
{
    all_calls_at_each_point(fault_once);
}

TEST(call_of_which_all_fails_from_some_step_on_is_an_error_without_effect)
{
    all_calls_at_each_point(fault_from);
}
