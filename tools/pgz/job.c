#include "job.h"
#include "compress.h"
#include "decompress.h"
#include "message.h"
#include "names.h"
#include "progress.h"
#include "report.h"
#include "target.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
    const struct options *options;
    struct crew *crew;
    struct source source;
    struct target target;
    bool garbage; /* something that is not part of the file was ignored */
};

/* What the head of the packed file tells about this one. */
static struct header_file
file_of(const struct job *job)
{
    const struct source *source = &job->source;
    time_t mtime = source->stat.st_mtim.tv_sec;
    struct header_file file = {NULL, 0};

    if (!job->options->save_name)
        return file;
    if (source->path)
        file.name = name_base(source->path);
    if (S_ISREG(source->stat.st_mode) && mtime > 0 && mtime <= UINT32_MAX)
        file.mtime = (uint32_t)mtime;
    return file;
}

static struct outcome
pack(struct job *job)
{
    struct packer packer;

    return pipeline_run(job->crew,
                        packer_init(&packer, &job->source.input,
                                    job->options->level, file_of(job)),
                        job->target.fd);
}

static struct outcome
unpack(struct job *job)
{
    struct unpacker unpacker;
    bool copy_allowed = job->options->force && job->target.fd == STDOUT_FILENO;
    struct codec *codec =
        unpacker_init(&unpacker, &job->source.input, copy_allowed);
    struct outcome outcome = pipeline_run(job->crew, codec, job->target.fd);

    job->garbage = unpacker.garbage;
    unpacker_destroy(&unpacker);
    return outcome;
}

static void
begin_progress(const struct job *job)
{
    const struct stat *stat = &job->source.stat;

    if (!job->options->quiet && !isatty(job->target.fd))
        progress_begin(job->source.name,
                       S_ISREG(stat->st_mode) ? (uint64_t)stat->st_size : 0);
}

static void
report_replaced(const struct job *job, const struct outcome *outcome)
{
    char *text = NULL;

    if (job->target.path &&
        asprintf(&text, " -- %s %s",
                 job->options->keep ? "created" : "replaced with",
                 job->target.path) < 0)
        text = NULL;
    report_ratio(job->source.name, outcome->raw, outcome->packed,
                 text ? text : "");
    free(text);
}

static void
report(const struct job *job, const struct outcome *outcome)
{
    const struct options *options = job->options;
    const char *name = job->source.name;
    char *bare;

    if (job->garbage)
        message_warning(name, "decompression OK, trailing garbage ignored");
    if (options->mode == MODE_LIST) {
        bare = name_unpack(name, options->suffix);
        report_list(bare ? bare : name, outcome->raw, outcome->packed);
        free(bare);
    } else if (options->verbose && options->mode == MODE_TEST) {
        report_text(name, "OK");
    } else if (options->verbose) {
        report_replaced(job, outcome);
    }
}

/*
 * The source goes only when its replacement is complete and on the disk; and
 * when that is all of it, which garbage leaves open, and a change meanwhile.
 */
static void
complete(struct job *job, const struct outcome *outcome)
{
    bool goes = source_is_replaced(&job->source, job->options) &&
                !job->options->keep && !job->garbage;

    if (!target_complete(&job->target, &job->source,
                         goes || job->options->synchronous))
        return;
    if (goes && !source_is_unchanged(&job->source))
        message_warning(job->source.name, "changed meanwhile -- kept");
    else if (goes && unlink(job->source.path) < 0)
        message_error(job->source.name, "%s", strerror(errno));
    report(job, outcome);
}

/* A disk that is full, or a pipe that is closed, is so for the next file. */
static bool
convert(struct job *job)
{
    bool packing = job->options->mode == MODE_PACK;
    struct outcome outcome;

    begin_progress(job);
    outcome = packing ? pack(job) : unpack(job);
    progress_end();
    if (!outcome.fault) {
        complete(job, &outcome);
        return true;
    }
    target_discard(&job->target);
    message_error(outcome.output_failed ? job->target.name : job->source.name,
                  "%s", outcome.fault);
    return !outcome.output_failed;
}

bool
job_run(const struct options *options, struct crew *crew, const char *name)
{
    struct job job = {.options = options, .crew = crew};
    bool on = true;

    if (!source_open(&job.source, options, name))
        return true;
    if (target_open(&job.target, &job.source, options))
        on = convert(&job);
    target_close(&job.target);
    source_close(&job.source);
    return on;
}
