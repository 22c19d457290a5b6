/*
 * The guard that is reserved (fiber/reserve.h): two parties and one that is
 * none enter it, of which nobody is inside together with another (what they
 * write inside would be a race). It is reserved at once for who comes twice,
 * and at first, in some runs. One of them knows but its word. In some runs
 * there are two such guards, which a party enters one after the other.
 */
#include "world.h"

#define MODEL_THREADS 3

static fl_guard guards[2];
static unsigned inside[2], entered[2];
static bool by_word, two;

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
    by_word = model_choose(2);
    two = model_choose(2);
    for (unsigned i = 0; i < 2; i++) {
        play_guard(&guards[i]);
        inside[i] = entered[i] = 0;
    }
}

static void
be_inside(unsigned i)
{
    model_assert(inside[i] == 0);
    fl_assert_in(&guards[i].word_);
    inside[i]++;
    entered[i]++;
    inside[i]--;
}

static void
enter_once(unsigned thread, unsigned i)
{
    fl_guard *guard = &guards[i];
    fl_atomic32 *held;
    if (thread == 1 && by_word) {
        fl_enter_word(&guard->word_);
        be_inside(i);
        fl_leave_word(&guard->word_);
    } else if (thread == 0 && (held = fl_enter_at_once(guard))) {
        be_inside(i);
        fl_leave_by(held);
    } else {
        fl_enter(guard);
        be_inside(i);
        fl_leave(guard);
    }
}

void
model_thread(unsigned thread)
{
    for (int i = 0; i < 3; i++) {
        enter_once(thread, two ? model_choose(2) : 0);
    }
}

void
model_after(void)
{
    model_assert(entered[0] + entered[1] == 3 * MODEL_THREADS);
    model_assert(guards[0].word_ != FL_GUARD_HELD);
    model_assert(guards[1].word_ != FL_GUARD_HELD);
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        model_assert(fl_parties[i].inside == 0);
    }
}
