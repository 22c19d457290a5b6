/* pgz: gzip on all processors. See docs/pgz.1; the plan is in pipeline.h. */
#include "crew.h"
#include "job.h"
#include "message.h"
#include "options.h"
#include "report.h"
#include "signals.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Errors of the standard output that only show when it is closed. */
static void
close_stdout(void)
{
    if (fflush(stdout) != 0 || (close(STDOUT_FILENO) < 0 && errno != EBADF))
        message_error("stdout", "%s", strerror(errno));
}

static void
run_jobs(const struct options *options, struct crew *crew, char **names)
{
    bool on = true;

    if (!*names)
        on = job_run(options, crew, "-");
    while (on && *names)
        on = job_run(options, crew, *names++);
    if (options->mode == MODE_LIST)
        report_list_totals();
}

/* None that is opened later is to be taken for one of the three standard ones:
 * those that are closed give an error at each use, as before. */
static void
occupy_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

int
main(int argc, char **argv)
{
    struct options options;
    struct crew crew;
    int first, error;

    occupy_standard_descriptors();
    first = options_parse(&options, argc, argv);

    if (options.quiet)
        message_quiet();
    if ((error = signals_init()) != 0 ||
        (error = crew_start(&crew, options.workers)) != 0) {
        message_error(NULL, "cannot start the workers: %s", strerror(error));
        return message_status();
    }
    run_jobs(&options, &crew, argv + first);
    if (options.stats)
        crew_print_stats(&crew);
    crew_stop(&crew);
    close_stdout();
    return message_status();
}
