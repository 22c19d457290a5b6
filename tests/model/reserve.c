/*
 * The guard that is reserved (fiber/reserve.h): two parties and one that is none
 * enter it, of which nobody is inside together with another (what they write
 * inside would be a race). It is reserved at once for who comes twice, and at
 * first, in some runs. One of them knows but its word.
 */
#include "world.h"

#define MODEL_THREADS 3

static fl_guard guard;
static unsigned inside, entered;
static bool by_word;

void
model_before(void)
{
    play_fences();
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
    }
    if (model_choose(2)) {
        play_thread(2);
    }
    play_guard(&guard);
    by_word = model_choose(2);
    inside = entered = 0;
}

static void
be_inside(void)
{
    model_assert(inside == 0);
    fl_assert_in(&guard.word_);
    inside++;
    entered++;
    inside--;
}

static void
enter_once(unsigned thread)
{
    fl_atomic32 *held;
    if (thread == 1 && by_word) {
        fl_enter_word(&guard.word_);
        be_inside();
        fl_leave_word(&guard.word_);
    } else if (thread == 0 && (held = fl_enter_at_once(&guard))) {
        be_inside();
        fl_leave_by(held);
    } else {
        fl_enter(&guard);
        be_inside();
        fl_leave(&guard);
    }
}

void
model_thread(unsigned thread)
{
    for (int i = 0; i < 3; i++) {
        enter_once(thread);
    }
}

void
model_after(void)
{
    model_assert(entered == 3 * MODEL_THREADS);
    model_assert(guard.word_ != FL_GUARD_HELD);
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        model_assert(fl_parties[i].inside == 0);
    }
}
