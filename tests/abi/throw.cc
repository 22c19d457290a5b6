/* A C++ exception leaves a FILCH_WITH_LOCK block, which releases its lock. */
#include <cstdio>
#include <filch.h>

static filch_lock lock = FILCH_LOCK_INIT;

static void
throw_in_block(bool &was_locked)
{
    FILCH_WITH_LOCK(&lock)
    {
        was_locked = filch_lock_locked(&lock);
        throw 42;
    }
}

static int
run(void *)
{
    bool was_locked = false;
    int caught = 0;
    try {
        throw_in_block(was_locked);
    } catch (int thrown) {
        caught = thrown;
    }
    return was_locked && caught == 42 && !filch_lock_locked(&lock) ? 0 : 1;
}

int
main()
{
    if (run(nullptr)) {
        std::puts("on a plain thread the lock was not released");
        return 1;
    }
    return filch_run(nullptr, run, nullptr);
}
