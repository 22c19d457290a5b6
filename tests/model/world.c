#include "world.h"

#include "fiber/slab.h"
#include "sched/resume.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char FILCH_FLAVOUR_ = 0;

player players[PLAYERS];
fl_fiber *callers[PLAYERS];
static fl_thread_fiber plain_threads[PLAYERS];
static fl_stack spare[PLAYERS];

void
fl_fatal(const char *format, ...)
{
    static char text[200];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    model_fail(text);
}

void
fl_warn(const char *format, ...)
{
    (void)format;
}

/* ---- who calls ---- */

/* Whom fl_here does not find, as where there is no membarrier. */
static bool unseen[PLAYERS + 1];

fl_fiber **
fl_here(void)
{
    fl_fiber **here = &callers[model_self()];
    return *here && (*here)->worker && !unseen[model_self()] ? here : NULL;
}

fl_worker *
fl_worker_here(void)
{
    if (!fl_here()) {
        return NULL;
    }
    fl_fiber *me = fl_me();
    me->worker->me = me;
    return me->worker;
}

void
fl_me_set(fl_fiber *me)
{
    callers[model_self()] = me;
}

fl_fiber *
fl_me_slowly(void)
{
    return callers[model_self()];
}

fl_bar
fl_bar_begin(void)
{
    fl_bar bar = {fl_me(), NULL, fl_me()->barred};
    bar.me->barred = 1;
    return bar;
}

void
fl_bar_end(fl_bar bar)
{
    bar.me->barred = bar.before;
}

static fl_party *parties[PLAYERS];

fl_party *
fl_party_read(void)
{
    return parties[model_self()];
}

fl_party *
fl_party_hide(const fl_atomic32 *word)
{
    (void)word;
    fl_party *party = fl_party_read();
    parties[model_self()] = &fl_party_nobody;
    return party;
}

void
fl_party_show_again(fl_party *party)
{
    parties[model_self()] = party;
}

static void
play_party(unsigned i, bool is_one)
{
    fl_parties[i].number = i + FL_PARTY_FIRST;
    fl_store_relaxed(&fl_parties[i].inside, 0u);
    fl_store_relaxed(&fl_parties[i].missed, (void *)NULL);
    fl_parties[i].own = NULL;
    parties[i] = is_one ? &fl_parties[i] : &fl_party_nobody;
}

fl_fiber *
play_task(unsigned i)
{
    play_party(i, model_choose(4) != 0);
    unseen[i] = false;
    player *one = &players[i];
    memset(one, 0, sizeof *one);
    fl_fiber *fiber = &one->task.fiber;
    fiber->mine = FL_NO_JOBS;
    fiber->worker = &one->worker;
    one->runtime.count = 1;
    one->runtime.workers = &one->worker;
    one->runtime.tag = i + 1;
    one->worker.runtime = &one->runtime;
    one->worker.me = fiber;
    one->worker.stack = &spare[i];
    one->worker.stacks.items = &spare[i].link;
    fl_store_relaxed(&fiber->state, (i + 1) << FL_TAG_SHIFT);
    fl_store_relaxed(&one->task.life, 2u * FL_REFERENCE);
    fl_store_relaxed(&one->go, 0u);
    return callers[i] = fiber;
}

void
play_unseen(unsigned i)
{
    unseen[i] = model_choose(4) == 0;
}

fl_fiber *
play_thread(unsigned i)
{
    fl_thread_fiber *thread = &plain_threads[i];
    play_party(i, false);
    memset(thread, 0, sizeof *thread);
    thread->fiber.kind = FL_THREAD;
    thread->fiber.shield = FL_SHIELD_OF_THREAD;
    fl_store_relaxed(&thread->go, 0u);
    fl_store_relaxed(&thread->fiber.state, 0u);
    return callers[i] = &thread->fiber;
}

/* Of a task that has ended nothing is to be seen any more, nor who has cancelled it;
 * in some runs it ends later, when all is over. */
void
model_thread_ended(unsigned thread)
{
    fl_fiber *fiber = &players[thread].task.fiber;
    if (callers[thread] == fiber && model_choose(2)) {
        model_assert(fiber->sp == NULL);
        fl_end_life(fiber);
    }
}

/* ---- suspensions ---- */

void
player_sleep(player *one)
{
    while (!fl_load_acquire(&one->go)) {
        fl_os_wait(&one->go, 0, FILCH_NEVER);
    }
    fl_store_relaxed(&one->go, 0u);
    one->task.fiber.sp = NULL;
}

void
player_resume(fl_fiber *fiber)
{
    player *one = fl_container(fiber, player, task.fiber);
    model_assert(fiber->sp != NULL); /* resumed before it was parked */
    model_assert(fl_exchange_acq_rel(&one->go, 1u) == 0);
    fl_os_wake(&one->go, 1);
}

__attribute__((weak)) int
fl_suspend_guarded(fl_fiber *me, fl_atomic32 *guard, void **handed)
{
    player *one = fl_container(me, player, task.fiber);
    me->sp = one;
    fl_store_release(guard, 0u);
    player_sleep(one);
    return fl_outcome_in(me, handed);
}

__attribute__((weak)) int
fl_suspend_onward(fl_fiber *me, fl_atomic32 *guard, fl_fiber *next)
{
    fl_resume_by(me, next);
    return fl_suspend_guarded(me, guard, NULL);
}

__attribute__((weak)) void
fl_suspend(fl_fiber *me, void (*after)(void *arg), void *arg)
{
    player *one = fl_container(me, player, task.fiber);
    fl_fiber *next = &plain_threads[model_self()].fiber;
    me->sp = one;
    fl_me_set(next); /* who runs next on that worker */
    after(arg);
    fl_me_set(me);
    player_sleep(one);
}

__attribute__((weak)) void
fl_suspend_into(fl_fiber *me, void (*after)(void *me), fl_fiber *next)
{
    (void)next;
    fl_suspend(me, after, me);
}

__attribute__((weak)) void
fl_tend(fl_fiber *me)
{
    (void)me;
}

__attribute__((weak)) bool
fl_yield(fl_fiber *me, fl_worker *worker)
{
    (void)me;
    (void)worker;
    model_yield();
    return true;
}

__attribute__((weak)) void
fl_give_way(fl_fiber *me, unsigned round)
{
    (void)me;
    (void)round;
    model_yield();
}

__attribute__((weak)) bool
fl_spare_slowly(fl_worker *worker)
{
    (void)worker;
    return true;
}

__attribute__((weak)) uint32_t
fl_chores_with_newest(fl_worker *worker)
{
    (void)worker;
    return 0; /* they are the loop's */
}

__attribute__((weak)) void
fl_chores_soon(fl_worker *worker)
{
    (void)worker;
}

__attribute__((weak)) void
fl_inject_push(fl_inject *inject, fl_fiber *first, fl_fiber *last, uint32_t n)
{
    (void)inject;
    (void)last;
    for (; n > 0; n--) {
        fl_fiber *next = first->next;
        player_resume(first);
        first = next;
    }
}

/* ---- what lies below or beside ---- */

__attribute__((weak)) void
fl_stole_in_vain(fl_worker *worker)
{
    (void)worker;
}

__attribute__((weak)) void
fl_wake_watch(filch_runtime *runtime)
{
    (void)runtime;
}

__attribute__((weak)) void
fl_timer_armed(fl_worker *worker, filch_time deadline)
{
    (void)worker;
    (void)deadline;
}

__attribute__((weak)) bool
fl_stack_surplus(void)
{
    return false;
}

__attribute__((weak)) bool
fl_stack_trim(void)
{
    return false;
}

__attribute__((weak)) void
fl_slab_roots(bool begins)
{
    (void)begins;
}

__attribute__((weak)) filch_time
fl_stack_shed(filch_time now)
{
    return now;
}

/* ---- the fence of os/fence.h ---- */

bool fl_fence_asymmetric, fences_fail;

void fl_model_fence_all(void);

__attribute__((weak)) bool
fl_fence_heavy(void)
{
    if (!fl_fence_asymmetric) {
        fl_fence_seq_cst();
    } else if (fences_fail && model_choose(4) == 0) {
        return false; /* the kernel is short of memory */
    } else {
        fl_model_fence_all();
    }
    return true;
}

void
fl_fence_heavy_surely(void)
{
    while (!fl_fence_heavy()) {
    }
}

void
play_fences(void)
{
    fl_fence_asymmetric = model_choose(2);
    fences_fail = model_choose(2);
}

void
play_guard(fl_guard *guard)
{
    *guard = (fl_guard){0};
    unsigned party = model_choose(PLAYERS + 2);
    if (party <= PLAYERS) { /* PLAYERS: somebody who does not play */
        fl_parties[party].number = party + FL_PARTY_FIRST;
        fl_store_relaxed(&fl_parties[party].missed, (void *)NULL);
        fl_store_relaxed(&guard->word_, party + FL_PARTY_FIRST);
    }
}

__attribute__((weak)) filch_task *
fl_task_of(fl_fiber *fiber)
{
    return fiber->kind == FL_TASK ? fl_container(fiber, filch_task, fiber)
                                  : NULL;
}
