/*
 * The pair of fences of os/fence.h on a machine with store buffers (TSO), and
 * the bias of os/bias.h over it: the owner's light fence is none, the
 * visitor's heavy one has the owner's buffer drained (membarrier).
 *
 * The owner's stores lie in its buffer until they reach memory, in order; its
 * loads see its own buffer first. The visitor's operations are locked ones or
 * follow such, so it needs no buffer but for its last store, V5.
 *
 * WEAKEN NO_MEMBARRIER: the heavy fence does nothing to the owner
 * WEAKEN NO_FULL_FENCE: the owner who meets a visitor makes no fence (O4)
 * WEAKEN NO_CHECK: the owner does not look at the visitor (O3)
 * WEAKEN UNORDERED: the owner's buffer is not in order (as without O6's release)
 */
#define INSIDE 0
#define VISITOR 1
#define DATA 2

#define FREE 0
#define WANTED 1
#define TAKEN 2

#define SIZE 4
#define ROUNDS 3

byte memory[3];
byte where[SIZE], what[SIZE], n; /* the owner's buffer, the oldest first */
byte entries;

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
    byte k, at;
end:
    do
    :: atomic {
        n > 0;
#ifdef UNORDERED
        if
        :: at = 0
        :: n > 1 && where[1] != where[0] -> at = 1
        fi;
#endif
        memory[where[at]] = what[at];
        k = at + 1;
        do
        :: k < n -> where[k - 1] = where[k]; what[k - 1] = what[k]; k++
        :: k >= n -> break
        od;
        n--;
        where[n] = 0;
        what[n] = 0;
        k = 0;
        at = 0;
    }
    od
}

proctype owner()
{
    byte r, k, i;
    do
    :: i < ROUNDS ->
again:
        store(INSIDE, 1); /* O1; the light fence is none */
#ifndef NO_CHECK
        load(VISITOR, r);
        if
        :: r == FREE -> skip /* O3 */
        :: else ->
#ifndef NO_FULL_FENCE
            n == 0; /* O4 */
#endif
            load(VISITOR, r);
            if
            :: r != TAKEN -> skip
            :: else ->
                store(INSIDE, 0); /* O5 */
                do
                :: load(VISITOR, r);
                   if
                   :: r != TAKEN -> break
                   :: else -> skip
                   fi
                od;
                goto again
            fi
        fi;
#endif
        load(DATA, r);
        store(DATA, r + 1);
        d_step { entries++; r = 0 };
        store(INSIDE, 0); /* O6 */
        i++
    :: else -> break
    od;
    n == 0
}

proctype visitor()
{
    byte r, k, tries;
    do
    :: tries < ROUNDS ->
        tries++;
        atomic {
            if
            :: memory[VISITOR] == FREE -> memory[VISITOR] = WANTED /* V1 */
            :: else -> goto next
            fi
        };
#ifndef NO_MEMBARRIER
        n == 0; /* V2 */
#endif
        memory[VISITOR] = TAKEN; /* V3 */
        if
        :: memory[INSIDE] == 0 -> /* V4 */
            r = memory[DATA];
            d_step { memory[DATA] = r + 1; entries++; r = 0 }
        :: memory[INSIDE] != 0 -> skip
        fi;
        memory[VISITOR] = FREE; /* V5 */
next:   skip
    :: else -> break
    od
}

init
{
    atomic {
        run drain();
        run owner();
        run visitor();
    };
    _nr_pr == 2 && n == 0;
    assert(memory[DATA] == entries)
}
