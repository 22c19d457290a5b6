/* On which CPUs workers start, and stay. */
#include "../harness/harness.h"

static cpu_set_t allowed; /* for this process */

static void
look_at_allowed(void)
{
    CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
}

/* --- Where they start: told by pthread_create ---------------------------- */

#if !UNDER_SANITIZER /* which have a pthread_create of their own */
#include <dlfcn.h>

enum { MOST = 64 };
static cpu_set_t started_on[MOST];
static unsigned started;

typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                      void *);

/* The system's, but it notes with which CPUs. */
int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
               void *(*body)(void *), void *arg)
{
    create_fn *real = (create_fn *)dlsym(RTLD_NEXT, "pthread_create");
    if (started < MOST && attributes)
        OK(pthread_attr_getaffinity_np(attributes, sizeof *started_on,
                                       &started_on[started++]));
    return real(thread, attributes, body, arg);
}

static int
nothing(void *arg)
{
    return arg != NULL;
}

static void
look_at_starts(const filch_config *config)
{
    cpu_set_t seen;
    CPU_ZERO(&seen);
    look_at_allowed();
    started = 0;
    OK(filch_run(config, nothing, NULL));
    EQ(config->workers, started);
    for (unsigned i = 0; i < started; ++i) {
        EQ(1, CPU_COUNT(&started_on[i]));
        CPU_OR(&seen, &seen, &started_on[i]);
    }
    /* No CPU twice while there is one without a worker. */
    unsigned cpus = (unsigned)CPU_COUNT(&allowed);
    EQ(started < cpus ? started : cpus, CPU_COUNT(&seen));
    CPU_OR(&seen, &seen, &allowed);
    CHECK(CPU_EQUAL(&seen, &allowed));
}

TEST(each_worker_starts_on_a_cpu_of_its_own)
{
    filch_config config = {.workers = test_workers()};
    look_at_starts(&config);
    config.pin_workers = true;
    look_at_starts(&config);
}

TEST(each_worker_starts_on_a_cpu_that_the_process_may_use)
{
    filch_config config = {.workers = test_workers()};
    look_at_allowed();
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &allowed))
        --last;
    CPU_ZERO(&allowed);
    CPU_SET(last, &allowed);
    CHECK(sched_setaffinity(0, sizeof allowed, &allowed) == 0);
    look_at_starts(&config);
}
#endif

/* --- Where they are afterwards: seen on each of them --------------------- */

static atomic_uint there, looked;
static cpu_set_t pinned_to[64];

/* None of them suspends before all are there, so each has its own worker. */
static void
meet(atomic_uint *met)
{
    atomic_fetch_add(met, 1);
    while (atomic_load(met) < test_workers())
        sched_yield();
}

static filch_fn on_each;

static int
run_on_each_worker(void *arg)
{
    filch_task *tasks[64];
    for (uintptr_t i = 0; i < test_workers(); ++i)
        tasks[i] = spawn(on_each, (void *)i);
    for (unsigned i = 0; i < test_workers(); ++i)
        EQ(0, join(tasks[i]));
    return arg != NULL;
}

/* Whether the calling worker may run on all the CPUs of the process. */
static bool
roams(void)
{
    cpu_set_t cpus;
    CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    return CPU_EQUAL(&cpus, &allowed);
}

static int
look_whether_it_roams(void *arg)
{
    (void)arg;
    meet(&there);
    CHECK(roams());
    meet(&looked);
    return 0;
}

TEST(workers_that_are_not_pinned_may_all_move_afterwards)
{
    look_at_allowed();
    on_each = look_whether_it_roams;
    run_on(test_workers(), run_on_each_worker, NULL);
}

/* It stays although it computes, and all have more to do than one CPU can. */
static int
look_where_it_stays(void *arg)
{
    cpu_set_t now;
    meet(&there);
    CHECK(sched_getaffinity(0, sizeof now, &now) == 0);
    EQ(1, CPU_COUNT(&now));
    pinned_to[(uintptr_t)arg] = now;
    for (int i = 0; i < 100; ++i) {
        CHECK(CPU_ISSET(sched_getcpu(), &pinned_to[(uintptr_t)arg]));
        sched_yield();
    }
    meet(&looked);
    CHECK(sched_getaffinity(0, sizeof now, &now) == 0);
    CHECK(CPU_EQUAL(&now, &pinned_to[(uintptr_t)arg]));
    return 0;
}

TEST(workers_that_are_pinned_stay_each_on_a_cpu_of_its_own)
{
    filch_config config = {.workers = test_workers(), .pin_workers = true};
    cpu_set_t seen;
    CPU_ZERO(&seen);
    look_at_allowed();
    on_each = look_where_it_stays;
    OK(filch_run(&config, run_on_each_worker, NULL));
    for (unsigned i = 0; i < test_workers(); ++i)
        CPU_OR(&seen, &seen, &pinned_to[i]);
    int cpus = CPU_COUNT(&allowed), workers = (int)test_workers();
    EQ(workers < cpus ? workers : cpus, CPU_COUNT(&seen));
}
