/*
 * What a model of tests/model is made of, and what it may ask of the checker.
 *
 * A model is a C file: it says in MODEL_THREADS how many threads it has (the
 * Makefile fragment reads it there), and defines the three functions below.
 * It is linked with the library's own source files, compiled with
 * FL_ATOMIC_MODEL, and with engine.cc, which runs it again and again under
 * relacy: each run another interleaving, each load returning any value that
 * C11 lets it return. Plain accesses are seen as well, since all is compiled
 * with the calls that the ThreadSanitizer would get: two of them that are not
 * ordered are a data race, and one of freed memory is found too.
 */
#ifndef MODEL_ENGINE_H
#define MODEL_ENGINE_H

#ifdef __cplusplus
extern "C" {
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- defined by the model ---- */

/* Makes everything anew, before the threads of a run start. */
void model_before(void);

/* The body of thread 0, 1, … */
void model_thread(unsigned thread);
void model_thread_ended(unsigned thread); /* world.c: its task, too */

/* What must hold once all of them have ended. */
void model_after(void);

/* ---- asked of the checker ---- */

#define model_assert(x) ((x) ? (void)0 : model_fail(#x))

/* Ends this run as a finding. */
void model_fail(const char *what) __attribute__((noreturn));

/* The number of the calling thread. */
unsigned model_self(void);

/* Any of 0 … n - 1. */
unsigned model_choose(unsigned n);

/* Lets others run; what they stored before is seen afterwards. */
void model_yield(void);

/* How many sleep in fl_os_wait just now: so that what takes many steps comes
 * to pass often enough. Orders nothing. */
unsigned model_sleepers(void);

/* What follows comes after what the thread that told it has done: for what the
 * library takes for ordered since the system does it (a thread's end). */
void model_tell(void *word);
void model_await(void *word);

/* The clock: what fl_os_now says, by how much each look moves it, and by how much
 * more one in eight. */
extern int64_t model_now, model_tick, model_leap;

/* Of the deadlines that are passed to fl_os_wait only these two may pass, if the
 * first is not 0: others are taken for FILCH_NEVER. */
extern int64_t model_only_deadline, model_or_deadline;

/* Memory that is never used twice in a run. */
void *model_malloc(size_t size);
void *model_calloc(size_t n, size_t size);
void *model_aligned_alloc(size_t alignment, size_t size);
void model_free(void *memory);

/* From now on nobody may touch it. */
void model_kill(void *memory, size_t size);

/* It is as new: what was done there before is forgotten. For model_before. */
void model_forget(void *memory, size_t size);

#ifdef __cplusplus
}
#endif

#endif
