/*
 * The deque (sched/deque.h) on a machine with store buffers (TSO): the owner's
 * light fence is none, a thief's heavy one has the owner's buffer drained. The
 * owner pushes and pops; a thief claims one or two; each entry comes out once.
 *
 * The thief holds the guard by a locked operation, so its stores need no
 * buffer; the owner's guard too drains its buffer. An owner that finds nothing left
 * begins anew, and a thief's entries, in slots that are soon written again, must
 * have come out by then.
 *
 * WEAKEN NO_MEMBARRIER: a thief's fence does nothing to the owner (S3)
 * WEAKEN NO_P3: the owner does not look whether a thief has claimed its entry
 * WEAKEN NO_P4: the owner who meets a thief does not take the guard
 * WEAKEN NO_S4: a thief does not give back what the owner has taken
 * WEAKEN EARLY_S5: a thief drops the guard before it reads its entries
 * WEAKEN NO_S2: a thief claims only after its fence
 */
#define TOP 0
#define BOTTOM 1
#define SLOT(i) (2 + (i) % 4)

#define SIZE 4
#define PUSHES 3
#define STEALS 2

byte memory[6];
byte where[SIZE], what[SIZE], n; /* the owner's buffer, the oldest first */
bool guard;
byte out[PUSHES + 1]; /* how often each entry came out */

inline store(v, x)
{
    atomic {
        n < SIZE;
        where[n] = v;
        what[n] = x;
        n++;
    }
}

inline load(v, r)
{
    d_step {
        r = memory[v];
        k = 0;
        do
        :: k < n && where[k] == v -> r = what[k]; k++
        :: k < n && where[k] != v -> k++
        :: k >= n -> k = 0; break
        od
    }
}

proctype drain()
{
    byte k;
end:
    do
    :: d_step {
        n > 0;
        memory[where[0]] = what[0];
        k = 1;
        do
        :: k < n -> where[k - 1] = where[k]; what[k - 1] = what[k]; k++
        :: k >= n -> break
        od;
        n--;
        where[n] = 0;
        what[n] = 0;
        k = 0;
    }
    od
}

/* Indices begin at 4, so that none is below 0. */
proctype owner()
{
    byte b, t, k, entry, pushed;
    do
    :: pushed < PUSHES ->
        pushed++;
        load(BOTTOM, b);
        store(SLOT(b), pushed);
        store(BOTTOM, b + 1)
    :: pushed > 0 -> /* a pop */
        load(BOTTOM, b);
        load(TOP, t);
        if
        :: b == t -> goto next
        :: else -> skip
        fi;
        load(SLOT(b - 1), entry);
        store(BOTTOM, b - 1); /* P1 */
        load(TOP, t);         /* P3 */
        if
#ifndef NO_P3
        :: t > b - 1 ->
            store(BOTTOM, b); /* P4 */
#ifndef NO_P4
            atomic { !guard && n == 0; guard = true };
#endif
            load(TOP, t);
            if
            :: t <= b - 1 -> store(BOTTOM, b - 1)
            :: else ->
                entry = 0;
                store(TOP, 4);
                store(BOTTOM, 4)
            fi;
#ifndef NO_P4
            atomic { n == 0; guard = false };
#endif
#endif
        :: else -> skip
        fi;
        d_step { out[entry]++; entry = 0 };
next:   skip;
        d_step { b = 0; t = 0 }
    :: pushed == PUSHES -> break
    od;
    n == 0
}

proctype thief()
{
    byte t, b, claimed, i, tries;
    do
    :: tries < STEALS ->
        tries++;
        atomic { !guard; guard = true }; /* S1 */
        t = memory[TOP];
        b = memory[BOTTOM];
        if
        :: b <= t -> claimed = 0
        :: b > t -> claimed = 1
        :: b > t + 1 -> claimed = 2
        fi;
        if
        :: claimed ->
#ifndef NO_S2
            memory[TOP] = t + claimed; /* S2 */
#endif
#ifndef NO_MEMBARRIER
            n == 0; /* S3 */
#endif
            b = memory[BOTTOM]; /* S4 */
#ifdef NO_S2
            memory[TOP] = t + claimed;
#endif
#ifndef NO_S4
            if
            :: b < t + claimed ->
                claimed = (b > t -> b - t : 0);
                memory[TOP] = t + claimed
            :: else -> skip
            fi;
#endif
#ifdef EARLY_S5
            guard = false;
#endif
            i = 0;
            do
            :: i < claimed -> out[memory[SLOT(t + i)]]++; i++
            :: else -> break
            od
        :: else -> skip
        fi;
#ifdef EARLY_S5
        if
        :: !claimed -> guard = false
        :: else -> skip
        fi;
#else
        guard = false; /* S5 */
#endif
        d_step { t = 0; b = 0; claimed = 0; i = 0 }
    :: else -> break
    od
}

init
{
    byte i;
    memory[TOP] = 4;
    memory[BOTTOM] = 4;
    atomic {
        run drain();
        run owner();
        run thief();
    };
    _nr_pr == 2 && n == 0;
    /* what is left */
    i = memory[TOP];
    do
    :: i < memory[BOTTOM] -> out[memory[SLOT(i)]]++; i++
    :: else -> break
    od;
    assert(out[1] == 1 && out[2] == 1 && out[3] == 1)
}
