#include "report.h"
#include "schedule.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
print_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+./:,=@%";

    if (*word && strspn(word, plain) == strlen(word)) {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*word);
    putchar('\'');
}

static void
print_command(const struct options *options)
{
    for (char **word = options->command; *word; word++) {
        putchar(' ');
        print_word(*word);
    }
    putchar('\n');
}

void
report_failure(const struct options *options, const struct finding *finding)
{
    printf("%s fails: %s\n", *options->command, outcome_text(finding->outcome));
    outcome_show_output(finding->output);
    printf("That is seed %" PRIu64 " with the policy %s, after %" PRIu64
           " seeds. It is repeated by\n    FILCH_SEED=%" PRIu64
           " FILCH_POLICY=%s",
           finding->setting.seed, finding->setting.policy, finding->runs,
           finding->setting.seed, finding->setting.policy);
    print_command(options);
}

void
report_schedule(const char *file)
{
    struct schedule schedule;

    if (!schedule_read(&schedule, file))
        return;
    if (schedule.count)
        printf("Where it deviates from what it does by default:\n");
    else
        printf("It does so by default, without a deviation.\n");
    schedule_show(&schedule);
    schedule_free(&schedule);
}

void
report_replay(const struct options *options)
{
    printf("That schedule is in %s. It is followed by\n    FILCH_REPLAY=",
           options->output);
    print_word(options->output);
    print_command(options);
}
