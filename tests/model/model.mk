# The models (tests/model/README.md): the library's own source under relacy,
# and a few protocols under spin. Also used alone, by `make -f`, on a copy of
# the tree whose source was weakened on purpose (tests/model/mutate).

MODEL_CC  = gcc
MODEL_CXX = g++
M         = build/model

# What each is made of, besides its own file, world.c and beside.c. What a
# model does not use of these files is left out by the linker.
model.guard     = src/os/guard.c src/fiber/reserve.c
model.wait      = src/wait/wait.c src/wait/give_up.c src/sched/resume.c \
                  src/sched/timer.c src/sched/wheel.c src/sched/cancel.c \
                  $(model.guard)
model.lock      = src/sync/lock.c src/sync/lock_release.c $(model.wait)
model.lookout   = src/sched/idle.c src/sched/watch.c src/sched/find.c \
                  src/sched/chores.c src/sched/steal.c src/sched/inject.c src/sched/deque.c $(model.wait)

of.barrier      = src/sync/barrier.c $(model.wait)
of.bias         =
of.callback     = src/sync/timer.c \
                  $(filter-out src/sched/timer.c,$(model.wait))
of.cancel       = src/sync/semaphore.c $(model.wait)
of.condition    = src/sync/condition.c $(model.lock)
of.depot        = src/os/depot.c $(model.guard)
of.deque        = src/sched/deque.c $(model.guard)
of.event        = src/sync/event.c $(model.wait)
of.foreign      = src/sync/event.c $(model.lookout)
of.freed        = src/sync/event.c $(model.wait)
of.group        = src/sync/group.c src/sync/join.c src/sync/event.c \
                  src/sched/deque.c src/os/depot.c $(model.wait)
of.help         = $(model.lookout)
of.idle         = $(model.lookout)
of.inject       = src/sched/inject.c $(model.guard)
of.job          = src/sched/job.c src/sched/task_run.c src/sched/deque.c \
                  $(model.wait)
of.join         = src/sync/join.c src/sync/event.c src/sched/task_run.c \
                  src/sched/deque.c src/os/depot.c $(model.wait)
of.lock         = $(model.lock)
of.queue        = src/sync/queue.c src/sync/queue_items.c \
                  src/sync/queue_many.c src/sync/queue_join.c \
                  src/sync/queue_close.c $(model.wait)
of.ready        =
of.reserve      = $(model.wait)
of.stop         = src/sched/spawn.c src/sched/task_run.c src/os/depot.c \
                  $(model.lookout)
of.wait         = src/sync/semaphore.c $(model.wait)
of.wait_many    = src/sync/wait_many.c src/sync/join.c src/sched/task_run.c \
                  src/sched/deque.c src/os/depot.c $(model.wait)

MODELS = $(patsubst of.%,%,$(filter of.%,$(.VARIABLES)))

# How many runs of each: some seconds.
MODEL_RUNS      = 200000
runs.barrier    = 40000
runs.callback   = 120000
runs.depot      = 40000
runs.foreign    = 60000
runs.group      = 60000
runs.help       = 40000
runs.idle       = 60000
runs.stop       = 60000
runs.wait_many  = 60000
runs.join       = 100000
runs.condition  = 100000

# Small sizes, so that the ends of everything are met.
model_sizes = -DFL_READY=4u -DFL_BATCH=2 -DFL_BIAS_MOMENT=2 -DFL_DEQUE_FIRST=2 \
              -DFL_RESERVE_AFTER=0u -DFL_RESERVE_SOON=0u -DMISS_LOOKS=2 \
              -DLOOKS_SPINNING=1 -DLOOKS_MOST=2 -DHELP_FROM=1 -DTICKS_FROM=0 \
              -DFL_GRACE=10000 # ends before a first nap
model_memory = -Dmalloc=model_malloc -Dcalloc=model_calloc -Dfree=model_free \
               -Daligned_alloc=model_aligned_alloc
# The compiler tells of each plain access as it would the ThreadSanitizer,
# which is not linked: engine.cc has those functions.
model_flags = -std=gnu11 -O1 -g -fsanitize=thread -U__SANITIZE_THREAD__ \
              -DFL_ATOMIC_MODEL -DFL_DEBUG -D_GNU_SOURCE -Iinclude -Isrc \
              -Itests/model -ffunction-sections -fdata-sections \
              -Wall -Wextra -MMD -MP $(model_sizes) $(model_memory)

model_threads = $(shell sed -n 's/^.define MODEL_THREADS \([0-9]*\).*/\1/p' \
                tests/model/$(1).c)
model_objects = $(patsubst %.c,$(M)/obj/%.o,tests/model/$(1).c \
                tests/model/world.c tests/model/beside.c $(of.$(1)))

$(M)/obj/%.o: %.c tests/model/model.mk
	@mkdir -p $(@D)
	@echo "  CC  $@"; $(MODEL_CC) $(model_flags) -c -o $@ $<
$(M)/engine%.o: tests/model/engine.cc tests/model/engine.h \
               tests/model/scheduler.h
	@mkdir -p $(@D)
	@echo "  CXX $@"; $(MODEL_CXX) -O2 -g -w -DMODEL_THREADS=$* -c -o $@ $<

define model_program
$(M)/$(1): $(call model_objects,$(1)) $(M)/engine$(call model_threads,$(1)).o
	@echo "  LD  $$@"; $(MODEL_CXX) -Wl,--gc-sections -o $$@ $$^
endef
$(foreach one,$(MODELS),$(eval $(call model_program,$(one))))

-include $(shell [ -d $(M)/obj ] && find $(M)/obj -name '*.d')
.SECONDARY: $(foreach one,$(MODELS),$(call model_objects,$(one)))

models: $(MODELS:%=$(M)/%)

model: | deps-model             ## check the models: relacy and spin, minutes
	@$(MAKE) -s -j2 models
	@tests/model/run $(foreach one,$(MODELS),$(M)/$(one):$(or \
	    $(runs.$(one)),$(MODEL_RUNS)))

model-deep: | deps-model        ## the same with other seeds, for SECS=600
	@$(MAKE) -s -j2 models
	@tests/model/run -s $(or $(SECS),600) $(MODELS:%=$(M)/%)

model-mutations: | deps-model   ## weaken the source on purpose: who notices
	@tests/model/uncovered
	@$(MAKE) -s -j2 models
	@tests/model/mutate

.PHONY: models model model-deep model-mutations
