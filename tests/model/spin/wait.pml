/*
 * A waiter's state word (wait/wait.h): two tasks wait for a permit in one list;
 * one thread grants two permits, one cancels the first task, and a timer's
 * deadline passes for it. No permit is lost, and each goes on once, parked.
 *
 * WEAKEN BLIND: who grants does not look whether the wait was decided (R3)
 * WEAKEN NOT_PASSED_ON: a grant that comes too late is not given to the next
 * WEAKEN NO_GUARD: who cancels does not take the guard, nor unlinks
 * WEAKEN NO_UNLINK: who cancels leaves the waiter in the list
 * WEAKEN NO_BIT: a cancel that finds its fiber running leaves no mark
 */
#define RUNNING 0
#define WAITING 1
#define GRANTED 2
#define TIMED_OUT 3
#define CANCELLED 4
#define NONE 9

bool guard;
byte first = NONE, last = NONE; /* the list holds two at most */
byte permits, got, gone;
byte phase[2], go[2];
bool cancel[2], parked[2], linked[2], armed;

inline lock() { atomic { !guard; guard = true } }
inline unlock() { guard = false }

inline unlink(w)
{
    if
    :: first == w -> first = last; last = NONE
    :: first != w && last == w -> last = NONE
    :: else -> skip
    fi;
    linked[w] = false
}

inline decide(w, outcome, won)
{
    atomic {
        if
        :: phase[w] == WAITING -> phase[w] = outcome; won = true
        :: else ->
#ifdef BLIND
            won = (outcome == GRANTED && phase[w] != RUNNING)
#else
            won = false
#endif
        fi
    }
}

inline resume(w)
{
    atomic { assert(parked[w]); assert(go[w] == 0); go[w] = 1 }
}

proctype waiter(byte me)
{
    lock(); /* A1 */
    if
    :: permits > 0 -> permits--; got++; unlock(); goto out
    :: else -> skip
    fi;
    if /* A2 */
    :: first == NONE -> first = me
    :: else -> last = me
    fi;
    linked[me] = true;
    atomic { /* A3 */
        if
        :: cancel[me] -> skip
        :: else -> phase[me] = WAITING
        fi
    };
    if
    :: phase[me] == RUNNING -> unlink(me); unlock(); gone++; goto out
    :: else -> skip
    fi;
    if
    :: me == 0 -> armed = true
    :: else -> skip
    fi;
    parked[me] = true; /* A4 */
    unlock();          /* A5 */
    atomic { go[me] == 1; go[me] = 0; parked[me] = false };
    assert(!linked[me]);
    if
    :: phase[me] == GRANTED -> got++
    :: else -> gone++
    fi;
out:
    skip
}

proctype granter()
{
    byte w = NONE, n;
    bool won;
    do
    :: n < 2 ->
        n++;
        lock(); /* R1 */
        won = false;
        do
        :: first != NONE && !won ->
            d_step { w = first; unlink(w) }; /* R2 */
            decide(w, GRANTED, won);         /* R3 */
#ifdef NOT_PASSED_ON
            won = true;
            if
            :: phase[w] != GRANTED -> w = NONE
            :: else -> skip
            fi
#endif
        :: else -> break
        od;
        if
        :: won -> skip
        :: else -> permits++; w = NONE
        fi;
        unlock(); /* R4 */
        if
        :: w != NONE -> resume(w) /* R5 */
        :: else -> skip
        fi;
        w = NONE
    :: else -> break
    od
}

inline abort_wait(w)
{
#ifndef NO_GUARD
    lock();
#ifndef NO_UNLINK
    d_step { unlink(w) };
#endif
    unlock();
#endif
    resume(w)
}

proctype canceller()
{
    bool waits;
    atomic {
#ifdef NO_BIT
        if
        :: phase[0] == RUNNING -> skip
        :: else -> cancel[0] = true
        fi;
#else
        cancel[0] = true;
#endif
        waits = (phase[0] == WAITING);
        if
        :: waits -> phase[0] = CANCELLED
        :: else -> skip
        fi
    };
    if
    :: waits -> abort_wait(0)
    :: else -> skip
    fi
}

proctype timer()
{
    bool won;
    if
    :: armed -> decide(0, TIMED_OUT, won)
    :: gone + got == 2 -> skip
    fi;
    if
    :: won -> abort_wait(0)
    :: else -> skip
    fi
}

init
{
    atomic {
        run waiter(0);
        run waiter(1);
        run granter();
        run canceller();
        run timer();
    };
    _nr_pr == 1;
    assert(got + permits == 2 && got + gone == 2);
    assert(first == NONE && last == NONE)
#ifdef NO_BIT
    ; assert(gone == 1) /* it is not cancelled for sure */
#endif
}
