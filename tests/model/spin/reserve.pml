/*
 * The reserved guard (fiber/reserve.h) on a machine with store buffers (TSO):
 * two parties, whose light fence is none, and one that is none, which uses
 * locked operations only. A party that has entered as anybody may reserve the
 * guard, whenever. At first it is free, or reserved for a party, or for one that
 * does not come. Nobody is inside together with another, nor misses what another
 * has written inside.
 *
 * The parties' stores lie in buffers until they reach memory, in order; each
 * sees its own first. A locked operation waits until its thread's buffer is
 * empty, a heavy fence until each is.
 *
 * WEAKEN NO_P4: the party does not look whether its reservation was taken away
 * WEAKEN P2_LATE: it looks before it has said that it is inside (as without P3)
 * WEAKEN NO_BACK: a party whose reservation is gone does not take P2 back
 * WEAKEN NO_Q3: who has waited for the guard takes it for free
 * WEAKEN NO_Q4: who takes a reservation away makes no fence
 * WEAKEN NO_Q5: it does not wait until the party has left
 * WEAKEN NO_R1: who reserves the guard does not say that it is inside
 * WEAKEN R1_LATE: it says so only after R2
 * WEAKEN UNORDERED: the buffers are not in order (as without the releases)
 * WEAKEN NO_R0: what a party has missed is said of its next reservation, too
 * WEAKEN NOT_PUT_BACK: an entry at once does not put the guard back
 */
#define WORD 0
#define DATA 1
#define INSIDE 2 /* of each party */
#define MISSED 5 /* likewise: whether it has missed the guard */

#define FREE 0
#define HELD 1
#define FIRST 2 /* the number of the first party; the third does not come */

#define SIZE 4
#define ROUNDS 2

byte memory[7];
byte where[8], what[8], n[2]; /* the oldest first */
byte entries, within;

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
    :: atomic {
        n[c] > 0;
        k = c * SIZE;
#ifdef UNORDERED
        if
        :: skip
        :: n[c] > 1 && where[k] != where[k + 1] -> k++
        fi;
#endif
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

/* ---- who enters ---- */

/* Q3 to Q5, in steps that any thread may do, its buffer being empty; `me` 2: who
 * is no party. */
inline enter_slowly(me, seen)
{
    do
    :: seen == HELD ->
        if
        :: me < 2 -> store(me, MISSED + me, 1) /* P6 */
        :: else -> skip
        fi;
        atomic {
            (me == 2 || n[me % 2] == 0) && memory[WORD] != HELD; /* Q3 */
#ifdef NO_Q3
            seen = FREE;
#else
            seen = memory[WORD];
#endif
            memory[WORD] = HELD
        }
    :: else -> break
    od;
    if
    :: seen >= FIRST ->
        if
        :: seen < FIRST + 2 && memory[MISSED + (seen - FIRST) % 2] == 1
        :: true ->
#ifndef NO_Q4
            n[0] == 0; /* Q4 */
            n[1] == 0;
#endif
#ifndef NO_Q5
            memory[INSIDE + seen - FIRST] == 0 /* Q5 */
#else
            skip
#endif
        fi
    :: else -> skip
    fi
}

proctype party(byte c)
{
    byte r, k, i, exit;
    do
    :: i < ROUNDS ->
        i++;
        exit = WORD;
        load(c, WORD, r); /* P1 */
        if
        :: r == FIRST + c ->
#ifdef P2_LATE
            load(c, WORD, r);
            store(c, INSIDE + c, 1);
#else
            store(c, INSIDE + c, 1); /* P2 */
#ifndef NO_P4
            load(c, WORD, r); /* P4 */
#endif
#endif
            if
            :: r == FIRST + c -> exit = INSIDE + c; goto in
            :: else -> skip
            fi;
#ifndef NO_BACK
            store(c, INSIDE + c, 0)
#endif
        :: else -> skip
        fi;
        if
        :: skip
        :: c == 0 -> /* an entry at once, which finds it due */
            atomic {
                n[c] == 0;
                if
                :: memory[WORD] == FREE -> memory[WORD] = HELD; r = FREE
                :: else -> r = HELD
                fi
            };
            if
            :: r == FREE ->
#ifndef NOT_PUT_BACK
                store(c, WORD, FREE)
#endif
            :: else -> skip
            fi
        fi;
        atomic { n[c] == 0; r = memory[WORD]; memory[WORD] = HELD }; /* Q1 */
        enter_slowly(c, r);
        if
        :: skip
        :: true -> /* it is reserved */
#ifndef NO_R0
            store(c, MISSED + c, 0); /* R0 */
#endif
#if !defined(NO_R1) && !defined(R1_LATE)
            store(c, INSIDE + c, 1); /* R1 */
#endif
            store(c, WORD, FIRST + c); /* R2 */
#ifdef R1_LATE
            store(c, INSIDE + c, 1);
#endif
            exit = INSIDE + c
        fi;
in:
        atomic { within++; assert(within == 1) };
        load(c, DATA, r);
        store(c, DATA, r + 1);
        d_step { entries++; within--; r = 0 };
        store(c, exit, 0) /* P5, Q6 */
    :: else -> break
    od
}

proctype stranger()
{
    byte r, i;
    do
    :: i < ROUNDS ->
        i++;
        atomic { r = memory[WORD]; memory[WORD] = HELD };
        enter_slowly(2, r);
        atomic { within++; assert(within == 1); r = memory[DATA] };
        d_step { memory[DATA] = r + 1; entries++; within--; r = 0 };
        memory[WORD] = FREE
    :: else -> break
    od
}

init
{
    atomic {
        if
        :: skip
        :: memory[WORD] = FIRST
        :: memory[WORD] = FIRST + 1
        :: memory[WORD] = FIRST + 2
        fi;
        run drain(0);
        run drain(1);
        run party(0);
        run party(1);
        run stranger()
    };
    _nr_pr == 3 && n[0] == 0 && n[1] == 0;
    assert(memory[DATA] == entries && memory[WORD] != HELD);
    assert(memory[INSIDE] == 0 && memory[INSIDE + 1] == 0)
}
