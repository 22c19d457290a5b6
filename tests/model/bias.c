/*
 * The bias alone: an owner and two visitors, of which nobody is inside
 * together with another (what they write inside would be a race).
 */
#include "world.h"

#include "os/bias.h"

#define MODEL_THREADS 3

static fl_bias bias;
static unsigned inside, entered;

void
model_before(void)
{
    fl_fence_asymmetric = model_choose(2);
    fences_fail = model_choose(2);
    bias = (fl_bias){0};
    inside = entered = 0;
}

static void
be_inside(void)
{
    model_assert(inside == 0);
    inside++;
    entered++;
    inside--;
}

void
model_thread(unsigned thread)
{
    for (int i = 0; i < 2; i++) {
        if (thread == 0) {
            fl_bias_enter(&bias);
            be_inside();
            fl_bias_leave(&bias);
        } else if (fl_bias_visit(&bias)) {
            be_inside();
            fl_bias_depart(&bias);
        }
    }
}

void
model_after(void)
{
    model_assert(entered >= 2);
    model_assert(bias.inside == 0 && bias.visitor == FL_BIAS_FREE);
}
