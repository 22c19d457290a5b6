# The lanes: the tests by other compilers, with other optimisation, on another
# machine, under other eyes. Each is built in build/LANE, alone by
# `make lane-NAME`, and ends with `N passed, M failed`. tests/lanes/run prints
# the table of all.

lane_workers   = 1,2,4
lane_optimised = $(foreach c,gcc clang,$(foreach o,0 1 2 3,$c-O$o)) \
                 $(foreach c,gcc clang,$(foreach o,2 3,$c-lto-O$o))
lane_built     = $(lane_optimised) debug portable tsan asan
LANES          = $(lane_built) tsan-gcc valgrind aarch64 headers cppcheck \
                 clang-tidy

# What each runs, as tools/run-tests takes it; of what takes long, some.
runs.optimised = @$(lane_workers):$(lane_whole),seeded,fault/test_calls,$\
                 fault/test_mill,fault/test_waits
runs.debug     = $(runs.optimised)
runs.portable  = $(runs.optimised)
runs.tsan      = $(runs.optimised)
runs.asan      = $(runs.optimised)
# gcc resolves calls within what it optimises as a whole, so that nothing can
# stand between the library and the system: not fault, nor seeded/test_visit.
runs.lto       = @$(lane_workers):$(lane_whole),$(seeded_alone)
runs.gcc-lto-O2 = $(runs.lto)
runs.gcc-lto-O3 = $(runs.lto)
runs.clang-lto-O2 = $(runs.lto)
runs.clang-lto-O3 = $(runs.lto)
# gcc's runtime takes 831 KiB and 1 ms for each task: those of few tasks.
runs.tsan-gcc  = @2:$(tsan_gcc)
runs.valgrind  = @2:$(memcheck)
runs.aarch64   = @2:$(emulated)

lane_whole   = unit,sched,sync,race,examples,linear/test_linear,$\
               volume/test_volume
seeded_alone = seeded/test_golden,seeded/test_jobs,seeded/test_points,$\
               seeded/test_runs,seeded/test_seeded,seeded/test_stall,$\
               seeded/test_virtual_time

tsan_gcc = unit/test_atomic,unit/test_bias,unit/test_depot,unit/test_inject,$\
           seeded/test_golden,sched/test_cancel,sched/test_errno,$\
           sched/test_migrate,sched/test_task,sched/test_timer,$\
           sched/test_timer_wait,sched/test_wait,sched/test_yield,$\
           sync/test_anywhere,sync/test_barrier,$\
           sync/test_condition,sync/test_condition_cancel,$\
           sync/test_condition_wait_for,sync/test_event,sync/test_freed,$\
           sync/test_group,sync/test_join_entered,sync/test_lock,$\
           sync/test_queue,sync/test_queue_join,sync/test_queue_kinds,$\
           sync/test_queue_many,sync/test_queue_shutdown,$\
           sync/test_semaphore,sync/test_thread_order,sync/test_with_lock

# Slow, on one thread at a time: what memory it is about, more than order.
memcheck = seeded/test_golden,seeded/test_points,unit/test_cgroup,$\
           unit/test_config,unit/test_context,$\
           unit/test_depot,unit/test_deque,unit/test_inject,$\
           unit/test_ready,unit/test_stack,unit/test_timers,$\
           sched/test_cancel,sched/test_config,sched/test_errno,$\
           sched/test_job,sched/test_migrate,sched/test_start_stop,$\
           sched/test_stats,sched/test_task,sched/test_task_options,$\
           sched/test_timer,sched/test_tree,sched/test_wait,$\
           sched/test_yield,sync/test_barrier,$\
           sync/test_condition,sync/test_event,sync/test_freed,$\
           sync/test_group,sync/test_lock,sync/test_parallel_for,$\
           sync/test_queue,sync/test_queue_many,sync/test_queue_shutdown,$\
           sync/test_semaphore,sync/test_with_lock

emulated = unit/test_atomic,unit/test_bias,unit/test_context,$\
           unit/test_depot,unit/test_deque,unit/test_inject,$\
           unit/test_ready,unit/test_timers,sched/test_errno,$\
           sched/test_job,sched/test_migrate,sched/test_task,$\
           sched/test_timer,sched/test_tree,sched/test_wait,$\
           sched/test_yield,sync/test_barrier,$\
           sync/test_condition,sync/test_event,sync/test_group,$\
           sync/test_lock,sync/test_queue,sync/test_queue_many,$\
           sync/test_queue_stress,sync/test_semaphore,sync/test_with_lock,$\
           seeded/test_golden,seeded/test_points,seeded/test_runs,$\
           seeded/test_seeded,volume/test_volume

lanes:                          ## the tests in all lanes; make lane-NAME: one
	@tests/lanes/run $(LANES)

lane_tests = $(submake) FLAVOUR=$* DEV=1 lib examples tests

$(lane_built:%=lane-%): lane-%:
	@tools/deps lanes
	@$(lane_tests)
	@tools/run-tests $*$(or $(runs.$*),$(runs.optimised))

lane-tsan-gcc lane-valgrind: lane-%:
	@tools/deps lanes
	@$(lane_tests)
	@tools/run-tests $*$(runs.$*)

# The emulator shows no weak order of memory, nor does it keep the guards of
# stacks (it takes MADV_GUARD_INSTALL for done); but the code is that machine's.
lane-aarch64: lane-%:
	@tools/deps aarch64
	@$(submake) FLAVOUR=$* DEV=1 lib examples \
	    $(patsubst %,build/$*/tests/%,$(subst $(comma), ,$(emulated)))
	@$(submake) FLAVOUR=plain DEV=1 lib
	@mkdir -p build/plain/tests
	@tools/run-tests $*$(runs.$*) plain@1:unit/aarch64.sh

lane-headers:
	@tools/deps check
	@$(submake) DEV=1 lib build/plain/tests/abi/test_abi
	@tools/run-tests plain@1:abi/headers.sh,abi/test_abi,abi/throw.sh

lane-cppcheck lane-clang-tidy: lane-%:
	@tools/deps $*
	@tests/lanes/$*

# Without the shared library: its objects would count in the same files.
coverage:                       ## which lines and branches of src the tests run
	@tools/deps check
	@$(submake) FLAVOUR=coverage DEV=1 pgz examples tests
	@find build/coverage -name '*.gcda' -delete
	@tools/run-tests -l 180 coverage@1,2,4
	@tests/lanes/coverage

.PHONY: coverage lanes $(LANES:%=lane-%)
