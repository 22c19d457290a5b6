#include "fiber/reserve.h"

#include "os/chaos.h"

#ifndef MISS_LOOKS
#define MISS_LOOKS 64 /* a microsecond, usually */
#endif
#define OFTEN FILCH_US(100)
#define HURRY 100u /* ns for an entry, and what is done until the next */

fl_party fl_party_nobody = {.number = FL_NOBODY};

/* By number, less FL_PARTY_FIRST. One that is used again has the guards that
 * were reserved for its former thread. */
fl_party fl_parties[FL_PARTIES] __attribute__((aligned(FL_CACHE_LINE)));

/* ---- parties ---- */

#ifndef FL_ATOMIC_MODEL
/* As fl_here_tls. */
__thread fl_party *fl_party_tls __attribute__((used)) = &fl_party_nobody;
#endif

#if !defined(__x86_64__) && !defined(FL_ATOMIC_MODEL) && !FL_TSAN
FL_NOINLINE fl_party *
fl_party_read(void)
{
    fl_party **party = &fl_party_tls;
    __asm__ volatile("" : "+r"(party) : : "memory");
    return *party;
}
#endif

#ifndef FL_ATOMIC_MODEL
void
fl_party_begin(void)
{
    for (uint32_t i = 0; i < FL_PARTIES; i++) {
        uint32_t unused = 0;
        if (fl_cas_acq_rel(&fl_parties[i].used, &unused, 1u)) {
            fl_parties[i].number = i + FL_PARTY_FIRST;
            fl_party_tls = &fl_parties[i];
            return;
        }
    }
}

/* Who the thread is that is hidden, and which guard it is in. */
static __thread struct {
    const fl_party *party;
    const fl_atomic32 *word;
} hidden;

fl_party *
fl_party_hide(const fl_atomic32 *word)
{
    fl_party *party = fl_party_tls;
    if (party != &fl_party_nobody) { /* else it may be hidden already */
        hidden.party = party;
        hidden.word = word;
        fl_party_tls = &fl_party_nobody;
    }
    return party;
}

void
fl_party_show_again(fl_party *party)
{
    if (party != &fl_party_nobody) {
        hidden.party = NULL;
        fl_party_tls = party;
    }
}

/* Whether the party is the caller itself, which so is in another guard. */
static bool
is_hidden(const fl_party *party, const fl_atomic32 *word)
{
    return party == hidden.party && word != hidden.word;
}

void
fl_party_end(void)
{
    fl_party *party = fl_party_tls;
    fl_assert(!fl_load_relaxed(&party->inside));
    fl_party_tls = &fl_party_nobody;
    if (party != &fl_party_nobody) {
        fl_store_release(&party->used, 0u);
    }
}
#else
static bool
is_hidden(const fl_party *party, const fl_atomic32 *word)
{
    (void)party, (void)word;
    return false; /* no two guards of a model lie so far apart */
}
#endif

/* ---- entering ---- */

/* Whether the party says, within a moment, that it has missed the guard. */
static bool
is_missed(const fl_party *party, const fl_atomic32 *word)
{
    for (filch_time looks = fl_patience(MISS_LOOKS); looks > 0; looks--) {
        if (fl_load_acquire(&party->missed) == (const void *)word) {
            return true;
        }
        fl_pause();
    }
    return false;
}

/* Q4 and Q5, from the party that was `seen`. FL_NOT_RESERVED: *flag came to be
 * `asked` meanwhile, and the reservation is put back; with NULL nobody asks. */
static fl_reserved
take_away(fl_atomic32 *word, uint32_t seen, const fl_atomic_ptr *flag,
          const void *asked)
{
    const fl_party *party = &fl_parties[seen - FL_PARTY_FIRST];
    uint32_t mark = fl_guard_short(word);
    fl_chaos();
    if (is_hidden(party, word)) {
        return FL_TAKEN_AWAY;
    }
    if (is_missed(party, word)) {
        return FL_GIVEN_BACK;
    }
    fl_fence_heavy_surely(); /* Q4 */
    fl_chaos();
    unsigned round = 0;
    while (fl_load_acquire(&party->inside) == mark) { /* Q5 */
        if (flag && fl_load_acquire(flag) == asked) {
            fl_store_release(word, seen);
            return FL_NOT_RESERVED;
        }
        fl_guard_back_off(round++);
    }
    return FL_TAKEN_AWAY;
}

/* P6, and leaves the guard to the other for a while if both come so often: it
 * has a turn then. Who has work to do between two entries would lose more. */
static void
miss(fl_party *party, const fl_atomic32 *word)
{
    if (party->number == FL_NOBODY) {
        return;
    }
    fl_store_release(&party->missed, (void *)(uintptr_t)word);
    if (party->own == word) {
        party->own = NULL;
        party->lost = true;
        if (party->hurries && fl_os_now() - party->since < OFTEN) {
            fl_guard_keep_away(word);
        }
    }
}

/* It is in: from now on its entries are timed. */
static inline void
come_back(fl_party *party)
{
    if (party->lost) {
        party->lost = false;
        party->back = fl_os_now();
    }
}

void
fl_give_no_turn(void)
{
    fl_party *party = fl_party_read();
    if (party->number != FL_NOBODY) {
        party->own = NULL;
    }
}

FL_NOINLINE fl_reserved
fl_enter_slowly(fl_atomic32 *word, uint32_t seen)
{
    fl_party *party = fl_party_read();
    while (seen == FL_GUARD_HELD) {
        miss(party, word);
        fl_guard_wait(word); /* Q3 */
        seen = fl_exchange_acq_rel(word, FL_GUARD_HELD);
    }
    fl_reserved how = seen == FL_GUARD_FREE ? FL_NOT_RESERVED
                                            : take_away(word, seen, NULL, NULL);
    come_back(party);
    return how;
}

bool
fl_enter_word_unless(fl_atomic32 *word, const fl_atomic_ptr *flag,
                     const void *asked)
{
    if (fl_enter_reserved(fl_party_read(), word)) {
        return true;
    }
    for (unsigned round = 0; fl_load_acquire(flag) != asked; round++) {
        uint32_t found = fl_exchange_acq_rel(word, FL_GUARD_HELD);
        fl_chaos();
        if (found != FL_GUARD_HELD) {
            fl_tsan_acquire(word);
            return found == FL_GUARD_FREE ||
                   take_away(word, found, flag, asked);
        }
        fl_guard_back_off(round);
    }
    return false;
}

/* ---- reserving ---- */

FL_NOINLINE void
fl_reserve(fl_guard *guard, fl_party *party)
{
    if (party->number == FL_NOBODY || !fl_fence_asymmetric) {
        guard->left_ = UINT16_MAX; /* not for a while: it would save nothing */
        return;
    }
    party->own = &guard->word_;
    party->since = fl_os_now();
    party->hurries = party->since - party->back <
                     HURRY * fl_reserve_after(guard->last_ % FL_RESERVE_LEVELS);
    fl_store_relaxed(&party->missed, (void *)NULL);                  /* R0 */
    fl_store_release(&party->inside, fl_guard_short(&guard->word_)); /* R1 */
    fl_chaos();
    fl_store_release(&guard->word_, party->number); /* R2 */
}

void
fl_reserved_in_vain(fl_guard *guard, fl_reserved how)
{
    uint32_t level = guard->last_ % FL_RESERVE_LEVELS;
    uint32_t next = how == FL_GIVEN_BACK        ? FL_RESERVE_ASKED
                    : level == FL_RESERVE_ASKED ? 0
                    : level < FL_RESERVE_MOST   ? level + 1
                                                : FL_RESERVE_MOST;
    guard->last_ = (uint16_t)next; /* of no party */
}
