/*
 * Who waits, who grants and who cancels (wait/wait.h, sched/cancel.c) on a
 * machine with store buffers (TSO). The first task waits once or twice, either
 * plainly, where A3 and R3 are stores and the light fences none, or contested,
 * where they are locked operations; a second task waits in the same list. One
 * thread grants, one cancels the first task, and of a contested wait a deadline
 * may pass. In some runs the first is alone, and nobody grants anything. No
 * permit is lost, and each wait ends once, when its task is parked.
 *
 * The stores of the first task and of the granter lie in buffers, in order;
 * each of them sees its own first. A locked operation waits until its thread's
 * buffer is empty, a heavy fence until each is. What the guard guards needs no
 * buffer: nobody looks at it before the guard's own store has come out. The
 * second task and who cancels use locked operations only.
 *
 * WEAKEN NO_C2: who cancels makes no fence
 * WEAKEN NO_A3_LOOK: who waits does not look for a cancel after its store
 * WEAKEN A3_EARLY: it looks before its store (as without a fence for the compiler)
 * WEAKEN NO_R3_LOOK: who grants does not look for a cancel after its store
 * WEAKEN R3_EARLY: it looks before its store (as without a fence for the compiler)
 * WEAKEN NO_C4: who cancels ends a plain wait without the cas of the state
 * WEAKEN LET_ALWAYS: who sees a cancel goes on as if there were none
 * WEAKEN LET_BLIND: who sees a cancel does not look whether the wait was aborted
 * WEAKEN LET_UNSAID: who goes on does not say so in the state
 * WEAKEN NO_C5: a wait that was aborted does not say so where a grant came
 * WEAKEN C5_EARLY: it says so before it has the guard
 * WEAKEN ONE_LOOK: who cancels does not look at a contested wait after its fence
 * WEAKEN BLIND: who grants does not look whether a contested wait was decided
 * WEAKEN NOT_PASSED_ON: a grant that comes too late is not given to the next
 * WEAKEN NO_GUARD: who cancels does not take the guard, nor unlinks
 * WEAKEN NO_UNLINK: who cancels leaves the waiter in the list
 */
#define RUNNING 0
#define WAITING 1
#define CONTESTED 2
#define GRANTED 3
#define TIMED_OUT 4
#define CANCELLED 5
#define NONE 9

#define PHASE 0 /* of each task */
#define GO 2    /* likewise */
#define GUARD 4

#define TASK 0 /* the buffers */
#define GRANTER 1
#define SIZE 3

byte memory[5];
byte where[6], what[6], n[2]; /* the oldest first */

bool cancel, let, aborted; /* the state of the first task */
bool parked[2], linked[2], armed, over;
byte first = NONE, last = NONE; /* the list holds two at most */
byte permits, got, gives, rounds;
bool contested, alone;

/* ---- the machine ---- */

inline store(c, v, x)
{
    atomic {
        n[c] < SIZE;
        where[c * SIZE + n[c]] = v;
        what[c * SIZE + n[c]] = x;
        n[c]++
    }
}

inline load(c, v, r)
{
    d_step {
        r = memory[v];
        k = 0;
        do
        :: k < n[c] && where[c * SIZE + k] == v -> r = what[c * SIZE + k]; k++
        :: k < n[c] && where[c * SIZE + k] != v -> k++
        :: k >= n[c] -> k = 0; break
        od
    }
}

proctype drain(byte c)
{
    byte k;
end:
    do
    :: d_step {
        n[c] > 0;
        k = c * SIZE;
        if
        :: where[k] == GO || where[k] == GO + 1 ->
            assert(parked[where[k] - GO] && memory[where[k]] == 0)
        :: else -> skip
        fi;
        memory[where[k]] = what[k];
        n[c]--;
        do
        :: k < c * SIZE + n[c] ->
            where[k] = where[k + 1]; what[k] = what[k + 1]; k++
        :: else -> break
        od;
        where[k] = 0;
        what[k] = 0;
        k = 0
    }
    od
}

/* For who has no buffer. */
inline lock() { atomic { memory[GUARD] == 0; memory[GUARD] = 1 } }
inline unlock() { memory[GUARD] = 0 }

inline resume(w)
{
    atomic { assert(parked[w] && memory[GO + w] == 0); memory[GO + w] = 1 }
}

inline await_go(w)
{
    atomic { memory[GO + w] == 1; memory[GO + w] = 0; parked[w] = false };
    assert(!linked[w])
}

/* ---- the list; with the guard ---- */

inline link(w)
{
    d_step {
        if
        :: first == NONE -> first = w
        :: else -> last = w
        fi;
        linked[w] = true
    }
}

inline unlink(w)
{
    d_step {
        if
        :: first == w -> first = last; last = NONE
        :: first != w && last == w -> last = NONE
        :: else -> skip
        fi;
        linked[w] = false
    }
}

/* ---- L1 ---- */

inline settle(c, won)
{
#ifdef LET_ALWAYS
    won = true
#else
    atomic {
        n[c] == 0;
#ifdef LET_BLIND
        won = true;
#else
        won = !aborted;
#endif
#ifndef LET_UNSAID
        if
        :: won -> let = true
        :: else -> skip
        fi
#endif
    }
#endif
}

/* ---- who waits ---- */

proctype waiter()
{
    byte r, k, round;
    bool contests, won;
    do
    :: round < rounds && !cancel ->
        round++;
        atomic { n[TASK] == 0 && memory[GUARD] == 0; memory[GUARD] = 1 }; /* A1 */
        if
        :: permits > 0 ->
            d_step { permits--; got++ };
            store(TASK, GUARD, 0);
            goto next
        :: else -> skip
        fi;
        link(0); /* A2 */
        contests = contested || cancel;
        if
        :: !contests ->
#ifdef A3_EARLY
            won = cancel;
#endif
            store(TASK, PHASE, WAITING); /* A3 */
#if !defined(A3_EARLY) && !defined(NO_A3_LOOK)
            won = cancel;
#endif
            if
            :: won ->
                settle(TASK, contests); /* L1 */
                if
                :: contests -> store(TASK, PHASE, RUNNING)
                :: else -> skip
                fi
            :: else -> skip
            fi;
            won = false
        :: else -> skip
        fi;
        if
        :: contests ->
            atomic { n[TASK] == 0; memory[PHASE] = CONTESTED };
            if
            :: cancel ->
                atomic {
                    if
                    :: memory[PHASE] == CONTESTED ->
                        memory[PHASE] = RUNNING; won = true
                    :: else -> skip
                    fi
                };
                if
                :: won -> unlink(0); store(TASK, GUARD, 0); break
                :: else -> skip
                fi
            :: else -> skip
            fi;
            armed = contested
        :: else -> skip
        fi;
        parked[0] = true;      /* A4 */
        store(TASK, GUARD, 0); /* A5 */
        await_go(0);
        load(TASK, PHASE, r);
        if
        :: r == GRANTED -> r = 0; got++
        :: else -> assert(r == TIMED_OUT || r == CANCELLED); break
        fi;
next:   skip
    :: else -> break
    od;
    n[TASK] == 0;
    over = true
}

proctype second()
{
    lock();
    if
    :: permits > 0 -> d_step { permits--; got++ }; unlock(); goto out
    :: else -> skip
    fi;
    link(1);
    memory[PHASE + 1] = WAITING;
    parked[1] = true;
    unlock();
    await_go(1);
    assert(memory[PHASE + 1] == GRANTED);
    got++;
out:
    skip
}

/* ---- who grants ---- */

proctype granter()
{
    byte w = NONE, i, r, k;
    bool won, seen;
    do
    :: i < gives ->
        i++;
        atomic { n[GRANTER] == 0 && memory[GUARD] == 0; memory[GUARD] = 1 };
        won = false;
        do
        :: first != NONE && !won ->
            w = first;
            unlink(w); /* R2 */
            load(GRANTER, PHASE + w, r);
            if
            :: r == WAITING ->
#ifdef R3_EARLY
                seen = cancel && w == 0;
#endif
                store(GRANTER, PHASE + w, GRANTED); /* R3 */
#if !defined(R3_EARLY) && !defined(NO_R3_LOOK)
                seen = cancel && w == 0;
#endif
                if
                :: seen -> settle(GRANTER, won) /* L1 */
                :: else -> won = true
                fi;
                seen = false
            :: else ->
                atomic {
                    n[GRANTER] == 0;
                    if
                    :: memory[PHASE + w] == CONTESTED ->
                        memory[PHASE + w] = GRANTED; won = true
#ifdef BLIND
                    :: memory[PHASE + w] != CONTESTED -> won = true
#endif
                    :: else -> skip
                    fi
                }
            fi;
#ifdef NOT_PASSED_ON
            if
            :: won -> skip
            :: else -> won = true; w = NONE
            fi
#endif
        :: else -> break
        od;
        if
        :: won -> skip
        :: else -> permits++; w = NONE
        fi;
        store(GRANTER, GUARD, 0); /* R4 */
        if
        :: w != NONE -> store(GRANTER, GO + w, 1) /* R5 */
        :: else -> skip
        fi;
        d_step { w = NONE; r = 0; won = false }
    :: else -> break
    od
}

/* ---- who cancels, and the deadline ---- */

inline say_cancelled()
{
    d_step {
        if
        :: memory[PHASE] == WAITING || memory[PHASE] == GRANTED ->
            memory[PHASE] = CANCELLED
        :: else -> skip
        fi
    }
}

inline abort_wait()
{
#ifdef C5_EARLY
    say_cancelled();
#endif
#ifndef NO_GUARD
    lock();
#ifndef NO_UNLINK
    unlink(0);
#endif
#endif
#if !defined(NO_C5) && !defined(C5_EARLY)
    say_cancelled();
#endif
#ifndef NO_GUARD
    unlock();
#endif
    resume(0)
}

inline contest(outcome, won)
{
    atomic {
        won = (memory[PHASE] == CONTESTED);
        if
        :: won -> memory[PHASE] = outcome
        :: else -> skip
        fi
    }
}

proctype canceller()
{
    bool ends;
    byte seen;
    cancel = true; /* C1 */
    if
    :: skip /* one of several, which share the fence */
    :: contest(CANCELLED, ends);
       if
       :: ends -> goto out
       :: else -> skip
       fi
    fi;
#ifndef NO_C2
    n[TASK] == 0; /* C2 */
    n[GRANTER] == 0;
#endif
    seen = memory[PHASE]; /* C3 */
    if
    :: seen == WAITING ->
#ifdef NO_C4
        ends = true
#else
        atomic { /* C4 */
            ends = !let;
            aborted = ends
        }
#endif
#ifndef ONE_LOOK
    :: seen == CONTESTED -> contest(CANCELLED, ends)
#endif
    :: else -> skip
    fi;
out:
    if
    :: ends -> abort_wait()
    :: else -> skip
    fi
}

proctype timer()
{
    bool ends;
    if
    :: armed -> contest(TIMED_OUT, ends)
    :: over -> skip
    fi;
    if
    :: ends -> abort_wait()
    :: else -> skip
    fi
}

init
{
    atomic {
        if
        :: contested = true
        :: contested = false
        fi;
        run drain(TASK);
        run drain(GRANTER);
        if
        :: alone = true; rounds = 1
        :: rounds = 2; gives = 3; run second()
        fi;
        run waiter();
        run granter();
        run canceller();
        if
        :: contested && !alone -> run timer()
        :: else -> skip
        fi
    };
    _nr_pr == 3 && n[TASK] == 0 && n[GRANTER] == 0;
    assert(got + permits == gives);
    assert(first == NONE && last == NONE && memory[GUARD] == 0)
}
