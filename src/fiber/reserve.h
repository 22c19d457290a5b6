/*
 * The guard of an object that tasks share: one that costs no ordered operation
 * while one worker after the other uses it for a while.
 *
 * CONTRACT  As a guard (os/guard.h); a zero guard is free. A thread holds one
 *           of these at a time (but see fl_party_hide). Who knows nothing but
 *           the word's address uses the ..._word functions, which do for a plain
 *           guard as well.
 * STATE     word_   FREE, HELD, or the number of a party, for which the guard is
 *                   reserved: nobody else gets in without taking that away
 *           last_   under the guard: the party that entered last, by number,
 *                   times FL_RESERVE_LEVELS, and how often the guard has been
 *                   reserved in vain, 2 at most; or FL_RESERVE_ASKED
 *           left_   likewise: entries of that party to come before the guard is
 *                   reserved for it
 *           inside  of each party: the guard reserved for it that it is in, in
 *                   short; only the party writes it
 *           missed  likewise: the guard that it last found held
 * PROTOCOL      the party                       anybody else
 *           P1  word_ is its number           Q1  word_ := HELD (exchange)
 *           P2  inside := the guard           Q2  it was FREE: in
 *           P3  light fence                   Q3  it was HELD: wait, Q1 again
 *           P4  word_ is so still: in         Q4  it was a number: heavy fence
 *               else inside := 0, as Q1       Q5  wait until that party's inside
 *           P5  inside := 0                       is not the guard: in
 *           P6  as Q3: missed := the guard    Q6  word_ := FREE
 *           By the pair of fences P4 sees Q1, or Q5 sees P2. A party enters as
 *           Q1 to Q3, and at last, in the guard, reserves it:
 *           R0  missed := none   R1  inside := the guard   R2  word_ := its number
 *           Where two want it at once neither pays for fences: before Q4 there
 *           is a moment in which the party may come by, and miss it. Since R0
 *           that is said of this reservation, and what the party did inside
 *           comes before. Then the two take turns, see fl_reserved_in_vain; if
 *           they hurry, longer ones: who has missed it keeps away for a while.
 *           Who is asked to keep away instead of Q5 puts back what Q1 has found.
 * MEMORY ORDER  P2 and P5 release to Q5, P6 to the look before Q4, Q6 to Q1, R2,
 *           with R0 and R1 before it, to Q1. P1 is a guess, which P4 confirms. (P2
 *           too, since Q5 may read a later value of inside than P5's.) What puts
 *           the word back comes after Q4, which orders it.
 * REJECTED  A guard that is always exchanged: 2 to 9 ns of each put and get, of
 *           which most go through a queue that one worker has for itself, if
 *           only for some milliseconds. A party's flag in the object, where a
 *           later party's would be overwritten by one that was held up at P2.
 * LAST TOUCH  P5 touches the party only; Q6.
 * FORKS     As os/guard.h.
 * SOURCE    Kawachiya, Koseki, Onodera, "Lock Reservation" (OOPSLA 2002), with
 *           the fences of Dice, Huang, Yang (os/fence.h).
 * CHECKED BY  tests/unit/test_guard.c, tests/model/reserve.c, spin/reserve.pml
 */
#ifndef FL_RESERVE_H
#define FL_RESERVE_H

#include "fiber/sanitizer.h"
#include "os/chaos.h"
#include "os/fence.h"
#include "os/guard.h"

typedef filch_guard_ fl_guard;

typedef struct fl_party {
    uint32_t number; /* from FL_PARTY_FIRST on; or FL_NOBODY */
    fl_atomic32 inside;
    fl_atomic_ptr missed;
    fl_atomic32 used;
    const void *own;  /* the guard that was last reserved for it */
    filch_time since; /* and when that was */
    filch_time back;  /* when it was first in a guard again that it had lost */
    bool lost;        /* it is on its way back, in fl_enter_slowly */
    bool hurries;     /* it did little between the entries before `since` */
    char apart[FL_CACHE_LINE - 4 * sizeof(uint32_t) - 2 * sizeof(void *) -
               2 * sizeof(filch_time) - 2 * sizeof(bool)];
} fl_party;

enum { FL_GUARD_FREE, FL_GUARD_HELD, FL_PARTY_FIRST };

#define FL_NOBODY 16000u /* no party, but as short as one */

/* How many entries in a row, the first time: what is saved then is what it
 * costs to take the reservation away. Then 8 times as many, and at last 64
 * times, so that an object that goes to and fro loses 2 % by it. */
#ifndef FL_RESERVE_AFTER
#define FL_RESERVE_AFTER 512u
#endif
#define FL_RESERVE_LEVELS 4u
/* How many where the party that had it was asked, and came by at once: then it
 * costs next to nothing. */
#define FL_RESERVE_ASKED 3u
#define FL_RESERVE_MOST 2u
#ifndef FL_RESERVE_SOON
#define FL_RESERVE_SOON 16u
#endif

#define FL_PARTIES 256u
extern fl_party fl_parties[FL_PARTIES],
    fl_party_nobody __attribute__((visibility("hidden")));

/* Makes the calling thread a party, if there is room for one more; it is one no
 * more after fl_party_end. */
void fl_party_begin(void);
void fl_party_end(void);

extern __thread fl_party *fl_party_tls
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The party that calls, or one that is nobody. As fl_here. */
#if FL_TSAN
/* It is not told the order in which a worker's tasks enter a reserved guard. */
static inline fl_party *
fl_party_read(void)
{
    return &fl_party_nobody;
}
#elif defined(__x86_64__) && !defined(FL_ATOMIC_MODEL)
static inline fl_party *
fl_party_read(void)
{
    fl_party *party;
    __asm__ volatile("movq fl_party_tls@gottpoff(%%rip), %0\n\t"
                     "movq %%fs:(%0), %0"
                     : "=r"(party)
                     :
                     : "memory");
    return party;
}
#else
fl_party *fl_party_read(void);
#endif

/* The caller, inside of that guard, calls what is not the library's and may enter
 * others: as nobody, since `inside` has room for one. Gives what
 * fl_party_show_again takes. */
fl_party *fl_party_hide(const fl_atomic32 *word);
void fl_party_show_again(fl_party *party);

/* A guard in short, never 0. Two that lie a multiple of 4 GiB apart have the
 * same: then who takes a reservation away waits a little longer. (Not for itself,
 * hidden inside of the other one.) */
static inline uint32_t
fl_guard_short(const fl_atomic32 *word)
{
    return (uint32_t)(uintptr_t)word | 1u;
}

/* Whether the party is in a guard that is reserved for it. */
static inline bool
fl_is_inside(const fl_party *party, const fl_atomic32 *word)
{
    return fl_is_relaxed(&party->inside, fl_guard_short(word));
}

/* P1 to P4: whether it is in now. */
static inline bool
fl_enter_reserved(fl_party *party, fl_atomic32 *word)
{
    uint32_t number = party->number;
    if (!fl_is_relaxed(word, number)) {
        return false; /* P1 */
    }
    fl_assert(!fl_load_relaxed(&party->inside));
    fl_store_release(&party->inside, fl_guard_short(word)); /* P2 */
    fl_chaos_short();
    fl_fence_lightest(); /* P3: else nobody has reserved it */
    fl_chaos_short();
    if (fl_likely(fl_is_acquire(word, number))) {
        return true; /* P4 */
    }
    fl_store_release(&party->inside, 0u);
    return false;
}

typedef enum fl_reserved {
    FL_NOT_RESERVED,
    FL_TAKEN_AWAY,
    FL_GIVEN_BACK /* its party missed it */
} fl_reserved;

/* Q3 to Q5, the word having been `seen`, and HELD now: whether it was
 * reserved. */
fl_reserved fl_enter_slowly(fl_atomic32 *word, uint32_t seen);

/* The caller has what others wait for: should it find the guard that was
 * reserved for it held, it does not leave it to them for a while. */
void fl_give_no_turn(void);

/* In the guard: it is time to reserve it. */
void fl_reserve(fl_guard *guard, fl_party *party);

/* In the guard: it has been reserved in vain, or for a turn. */
void fl_reserved_in_vain(fl_guard *guard, fl_reserved how);

static inline uint32_t
fl_reserve_after(uint32_t level)
{
    return level == FL_RESERVE_ASKED ? FL_RESERVE_SOON
                                     : FL_RESERVE_AFTER << (3 * level);
}

/* In the guard: counts an entry that was not by a reservation. False: it is
 * time to reserve it. */
static inline bool
fl_count_entry(fl_guard *guard, fl_party *party)
{
    uint32_t vain = guard->last_ % FL_RESERVE_LEVELS;
    uint16_t last = (uint16_t)(party->number * FL_RESERVE_LEVELS + vain);
    if (guard->last_ == last) {
        if (fl_unlikely(guard->left_ == 0)) {
            return false;
        }
        guard->left_--;
    } else {
        guard->last_ = last;
        guard->left_ = (uint16_t)fl_reserve_after(vain);
    }
    return true;
}

/* Enters the guard: what is to be 0 for it to be left, see fl_leave_by. */
static inline fl_atomic32 *
fl_enter(fl_guard *guard)
{
    fl_party *party = fl_party_read();
    if (fl_likely(fl_enter_reserved(party, &guard->word_))) {
        return &party->inside;
    }
    uint32_t seen = fl_exchange_acq_rel(&guard->word_, FL_GUARD_HELD); /* Q1 */
    if (fl_unlikely(seen != FL_GUARD_FREE)) {
        fl_reserved how = fl_enter_slowly(&guard->word_, seen);
        fl_tsan_acquire(&guard->word_); /* that is hidden from it */
        if (how) {
            fl_reserved_in_vain(guard, how);
        }
    }
    if (fl_unlikely(!fl_count_entry(guard, party))) {
        fl_reserve(guard, party);
        return fl_is_inside(party, &guard->word_) ? &party->inside
                                                  : &guard->word_;
    }
    return &guard->word_;
}

/* The same if it can be at once, and calls nothing; NULL: use fl_enter. */
static inline fl_atomic32 *
fl_enter_at_once(fl_guard *guard)
{
    fl_party *party = fl_party_read();
    if (fl_likely(fl_enter_reserved(party, &guard->word_))) {
        return &party->inside;
    }
    uint32_t seen = FL_GUARD_FREE;
    if (!fl_cas_acq_rel(&guard->word_, &seen, (uint32_t)FL_GUARD_HELD)) {
        return NULL;
    }
    if (fl_unlikely(!fl_count_entry(guard, party))) {
        fl_store_release(&guard->word_, (uint32_t)FL_GUARD_FREE);
        return NULL;
    }
    return &guard->word_;
}

/* What is to be 0 for a guard to be left that the caller is in. */
static inline fl_atomic32 *
fl_exit_of(fl_atomic32 *word)
{
    fl_party *party = fl_party_read();
    return fl_is_inside(party, word) ? &party->inside : word;
}

static inline void
fl_leave_by(fl_atomic32 *held)
{
    fl_store_release(held, 0u); /* P5, Q6 */
}

/* The same for who does not know any more. */
static inline void
fl_leave(fl_guard *guard)
{
    fl_leave_by(fl_exit_of(&guard->word_));
}

/* ---- who knows but the word ---- */

static inline void
fl_enter_word(fl_atomic32 *word)
{
    if (!fl_enter_reserved(fl_party_read(), word)) {
        uint32_t seen = fl_exchange_acq_rel(word, FL_GUARD_HELD);
        if (fl_unlikely(seen != FL_GUARD_FREE)) {
            fl_enter_slowly(word, seen);
            fl_tsan_acquire(word);
        }
    }
}

/* The same for who may be asked to keep away: false if *flag comes to be `asked`
 * first. After that the guard is not looked at any more, and is as it was. */
bool fl_enter_word_unless(fl_atomic32 *word, const fl_atomic_ptr *flag,
                          const void *asked);

static inline void
fl_leave_word(fl_atomic32 *word)
{
    fl_store_release(fl_exit_of(word), 0u);
}

/* Whether the guard is free, or cannot be held by another but the caller's own
 * worker, which is here. */
static inline bool
fl_is_free_now(const fl_guard *guard)
{
    uint32_t word = fl_load_acquire(&guard->word_);
    return word == FL_GUARD_FREE || word == fl_party_read()->number;
}

/* Somebody is in the guard; by the protocol, the caller. */
#define fl_assert_in(word)                                                     \
    fl_assert(fl_load_relaxed(word) == FL_GUARD_HELD ||                        \
              fl_is_inside(fl_party_read(), word))

#endif
