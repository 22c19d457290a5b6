/*
 * A task entered by its joiner (sync/join.c, D1 to D4), its end (E0 to E4) and a
 * cancel of the joiner (C1 to C3). After its first wait the joiner waits once
 * more, for something that only a third grants: the task's end must not. Or it
 * ends, cancelled, and its descriptor has another user, who waits. (The beginning of
 * its wait is one step here; of what may come in between, see tests/model/join.c.)
 *
 * WEAKEN NO_SETTLED: who cancels does not wait until the end has done (C2)
 * WEAKEN NO_LEFT: the end does not look whether the joiner has left (E4)
 * WEAKEN EARLY: the joiner's wait begins before it is parked (D3)
 * WEAKEN NO_ANSWER: the end that was late does not say that it has done (E4)
 * WEAKEN NO_LOOK: the end does not look whether the joiner is cancelled (E1)
 * WEAKEN NO_LAST_LOOK: nor whether it has left, where it is not, or no more (E1)
 * WEAKEN NO_LIFE: who cancels does not look whether the task ends already (C2)
 * WEAKEN STILL_ITS: a joiner whose wait does not begin is still whom the end is told (D3)
 */
#define RUNNING 0
#define WAITING 1
#define GRANTED 2
#define CANCELLED 3
#define SHELTERED 4

byte phase;           /* the joiner's */
bool cancel;          /* FL_CANCEL */
bool direct = true;   /* the task knows who has entered it */
bool lives = true;    /* the task */
bool done, left, settled; /* one word */
byte go;              /* how often the joiner was resumed */
bool parked, entered, second, ended, granted_second;

inline decide(outcome, won)
{
    atomic {
        if
        :: phase == WAITING || phase == SHELTERED ->
            phase = outcome; won = true
        :: else -> won = false
        fi
    }
}

inline resume()
{
    atomic { assert(parked); assert(go == 0); go = 1 }
}

inline begin_wait()
{
    atomic {
        if
        :: cancel ->
            resume();
#ifndef STILL_ITS
            direct = false
#else
            skip
#endif
        :: else -> phase = WAITING
        fi
    }
}

proctype joiner()
{
#ifdef EARLY
    begin_wait();
#endif
    parked = true;
    entered = true; /* D2 */
    atomic { go == 1; go = 0; parked = false };
    assert(phase == CANCELLED || phase == RUNNING || done);
    if
    :: phase == CANCELLED || phase == RUNNING ->
        atomic { cancel = false; ended = true; phase = WAITING };
        goto out
    :: true -> skip
    fi;
    phase = SHELTERED;
    parked = true;
    second = true;
    atomic { go == 1; go = 0; parked = false };
    assert(granted_second);
out:
    skip
}

proctype child()
{
    bool was_left, won;
    entered;
#ifndef EARLY
    begin_wait(); /* D3 */
#endif
    lives = false; /* E0 */
    if
    :: !direct -> done = true; goto out
    :: else -> skip
    fi;
#ifndef NO_LOOK
    if
    :: cancel -> goto by_cas
    :: else -> skip
    fi;
#endif
#ifndef NO_LAST_LOOK
    if
    :: left -> goto by_cas
    :: else -> skip
    fi;
#endif
    atomic { done = true; left = false }; /* E1, a store */
    goto settle;
by_cas:
    atomic { done = true; was_left = left }; /* E1, a cas */
settle:
#ifdef NO_LEFT
    was_left = false;
#endif
    if
    :: was_left -> skip
    :: else ->
        decide(GRANTED, won); /* E4 */
        if
        :: won -> resume() /* E5 */
        :: else ->
#ifndef NO_ANSWER
            settled = true
#else
            skip
#endif
        fi
    fi;
out:
    skip
}

proctype canceller()
{
    bool waits, ends, was_done;
    atomic {
        cancel = true;
        if
        :: phase == WAITING -> phase = CANCELLED; waits = true /* C1 */
        :: else -> skip
        fi
    };
    if
    :: waits ->
#ifndef NO_LIFE
        ends = !lives; /* C2 */
#endif
        if
        :: ends -> was_done = true
        :: else -> atomic { was_done = done; left = left || !done }
        fi;
#ifndef NO_SETTLED
        if
        :: was_done -> settled
        :: else -> skip
        fi;
#endif
        resume() /* C3 */
    :: else -> skip
    fi
}

proctype granter()
{
    bool won;
    if
    :: second -> skip
    :: ended -> goto out
    fi;
    granted_second = true;
    decide(GRANTED, won);
    assert(won);
    resume();
out:
    skip
}

init
{
    atomic {
        run joiner();
        run child();
        run canceller();
        run granter();
    };
    _nr_pr == 1;
    assert(go == 0)
}
