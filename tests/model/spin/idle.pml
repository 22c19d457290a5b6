/*
 * Who sleeps, and who keeps watch (sched/idle.c): two workers, a stranger who
 * pushes to the common queue and later has everybody quit, and a timer that
 * the worker of an item may arm and then stay busy until it has gone off; or it
 * stays busy until the other item is done.
 * Naps end only at the timer's deadline, and who sleeps for 1 ms at a time does
 * not wake by itself. Spin finds every lost wakeup as a state from which nobody
 * goes on.
 *
 * WEAKEN NO_W2: the watch does not look at the queue after its announcement
 * WEAKEN NO_W3: the watch does not look at the timers after its announcement
 * WEAKEN NO_QUIT: the watch does not look whether to quit after it
 * WEAKEN NO_RECHECK: a sleeper does not look whether it was given the watch
 * WEAKEN NO_HAND_OVER: the watch that found work wakes no other
 * WEAKEN NO_STILL: the watch that has woken does not look whether it still is
 * WEAKEN NO_TIMER_WAKE: who arms a timer does not wake the watch
 * WEAKEN NO_D3: who leaves the other asleep does not say until when
 * WEAKEN NO_D4: who leaves the other asleep does not look at the queue
 * WEAKEN LATE_PUSH: the stranger looks who has the watch before it pushes
 */
#define WORKERS 2
#define NOBODY 9
#define NEVER 9

byte count, done, pushed;     /* the common queue; what has run */
bool quit, guard, armed_once, waited_once; /* guard: idle_guard */
byte earliest = NEVER;        /* 1: the timer is armed */
bool fired;
byte watch = NOBODY, until;   /* watch_until: 0, 1 (the timer's), NEVER */
bool sleeper[WORKERS], asleep[WORKERS], woken[WORKERS];
bool rests[WORKERS]; /* it wakes by itself within 1 ms, as far as it said */

inline lock() { atomic { !guard; guard = true } }
inline unlock() { guard = false }

/* Sets AWAKE; a futex wake where it was asleep. */
inline wake(w)
{
    if
    :: asleep[w] -> atomic { if
        :: asleep[w] -> asleep[w] = false; woken[w] = true
        :: else -> skip
        fi }
    :: else -> skip
    fi
}

inline wake_watch(w)
{
    w = watch; /* I2 */
    if
    :: w != NOBODY -> wake(w) /* I3 */
    :: else -> skip
    fi;
    w = NOBODY
}

/* The first of others; with two workers there is one. */
#define OTHER (1 - me)

inline take_watch()
{
    lock();
    w = watch;
    if
    :: w == NOBODY || asleep[w] ->
        if
        :: w != NOBODY && w != me -> sleeper[w] = true
        :: else -> skip
        fi;
        until = 0;
        watch = me;
        watching = true
    :: else ->
        sleeper[me] = true;
        watching = false
    fi;
    w = NOBODY;
    unlock()
}

/* D2 to D4, where it may be away for a moment only. */
inline leave_asleep()
{
    if
    :: rests[w] -> /* D2 */
#ifndef NO_D3
        until = NEVER; /* D3: later than the timer's */
#endif
#ifndef NO_D4
        if
        :: count > 0 -> skip /* D4 */
        :: else -> w = NOBODY
        fi
#else
        w = NOBODY
#endif
    :: else -> skip
    fi
}

/* How long it will sleep. */
inline say_how_long()
{
    if
    :: rests[me] = true
    :: rests[me] = false
    fi
}

inline hand_over()
{
    lock();
    if
    :: sleeper[OTHER] ->
        sleeper[OTHER] = false;
        w = OTHER;
        watch = w; /* D1 */
        if
        :: leave_asleep()
        :: skip
        fi
    :: else -> watch = NOBODY
    fi;
    unlock();
#ifndef NO_HAND_OVER
    if
    :: w != NOBODY -> wake(w)
    :: else -> skip
    fi;
#endif
    w = NOBODY
}

inline still_watch()
{
    lock();
#ifdef NO_STILL
    watching = true;
#else
    watching = (watch == me);
#endif
    if
    :: watching -> asleep[me] = false; until = 0
    :: else -> skip
    fi;
    unlock()
}

proctype worker(byte me)
{
    byte w = NOBODY, limit;
    bool watching, timers;
look:
    do
    :: atomic { count > 0 -> count-- };
busy:
        if
        :: atomic { !armed_once && !waited_once -> armed_once = true };
            earliest = 1;
            if
            :: 1 < until ->
#ifndef NO_TIMER_WAKE
                wake_watch(w)
#else
                skip
#endif
            :: else -> skip
            fi;
            fired
        :: atomic { !armed_once && !waited_once -> waited_once = true };
            done > 0
        :: skip
        fi;
        done++
    :: count == 0 -> break
    od;
    take_watch();
idle:
    if
    :: !watching ->
        do
        :: say_how_long(); /* R1 */
            asleep[me] = true;
            if
            :: quit -> break
            :: else -> skip
            fi;
#ifndef NO_RECHECK
            if
            :: watch == me ->
                still_watch();
                if
                :: watching -> break
                :: else -> goto idle
                fi
            :: else -> skip
            fi;
#endif
            /* the futex: it sleeps only while the word is still ASLEEP */
            if
            :: !asleep[me] -> skip
            :: woken[me] -> skip
            fi;
            woken[me] = false;
#ifdef NO_RECHECK
            if
            :: watch == me -> watching = true; break
            :: else -> skip
            fi
#endif
        od
    :: else -> skip
    fi;
    if
    :: quit -> asleep[me] = false; goto leave
    :: else -> skip
    fi;
    watching = true;
    /* keep_watch */
    do
    :: quit -> goto leave
    :: !quit ->
        if
        :: atomic { count > 0 -> count-- }; timers = false; break
        :: count == 0 ->
            if
            :: earliest == 1 && fired == false && limit == 1 ->
                timers = true; break
            :: !(earliest == 1 && fired == false && limit == 1) -> skip
            fi
        fi;
        /* nap */
        limit = (earliest == 1 -> 1 : NEVER);
        say_how_long(); /* R1 */
        until = limit;
        asleep[me] = true; /* W1 */
        if
#ifndef NO_QUIT
        :: quit -> skip
#endif
#ifndef NO_W2
        :: count > 0 -> skip /* W2 */
#endif
#ifndef NO_W3
        :: earliest < limit -> skip /* W3 */
#endif
        :: else ->
            if
            :: !asleep[me] -> skip
            :: woken[me] -> skip
            :: limit == 1 -> skip /* the deadline passes */
            fi
        fi;
        woken[me] = false;
        if
        :: earliest == 1 -> skip
        :: else -> limit = NEVER
        fi;
        still_watch();
        if
        :: watching -> skip
        :: else -> limit = 0; goto idle
        fi
    od;
    hand_over();
    watching = false;
    if
    :: timers -> d_step { earliest = NEVER; fired = true; limit = 0;
                          timers = false }; goto look
    :: else -> limit = 0; goto busy
    fi;
leave:
    skip
}

proctype stranger()
{
    byte w = NOBODY;
    do
    :: pushed < 2 ->
#ifdef LATE_PUSH
        wake_watch(w);
        count++;
#else
        count++; /* I1 */
        wake_watch(w);
#endif
        pushed++
    :: else -> break
    od;
    done == 2;
    quit = true;
    wake(0);
    wake(1)
}

init
{
    atomic {
        run worker(0);
        run worker(1);
        run stranger();
    };
    _nr_pr == 1;
    assert(done == 2 && count == 0 && fired == armed_once)
}
