# Tests with a floor that gives way (tests/fault/inject.h): the linker puts it
# between the library, as it is shipped, and malloc, libc and src/os.

wrapped = malloc calloc realloc aligned_alloc fl_os_map fl_os_unmap \
          fl_os_guard fl_os_wait fl_os_wake fl_os_back_off fl_os_now fl_os_ticked \
          madvise syscall pthread_create pthread_attr_init \
          pthread_attr_setsigmask_np pthread_attr_setaffinity_np \
          pthread_atfork sigaction sigaltstack \
          open read write close fopencookie getline __getdelim strdup fprintf fputc fputs \
          mmap munmap mprotect clock_gettime getpid sysconf sched_yield \
          sched_getaffinity sched_setaffinity pthread_join pthread_setname_np \
          pthread_getattr_np pthread_mutex_lock pthread_mutex_unlock signal raise \
          abort
wraps   = $(patsubst %,-Wl$(comma)--wrap=%,$(wrapped))

FAULT       = $(call objects,$(filter-out tests/fault/test_%,\
              $(wildcard tests/fault/*.c)))
FAULT_TESTS = $(filter $(B)/tests/fault/%,$(TESTS))

$(O)/tests/fault/noted.h: tests/fault/note $(wildcard include/filch/*.h)
	@mkdir -p $(@D)
	$(call run,GEN,tests/fault/note $(wildcard include/filch/*.h) >$@)
noted_in = $(filter $(O)/tests/fault/calls_%,$(FAULT))
$(noted_in): $(O)/tests/fault/noted.h
$(noted_in): private CPPFLAGS += -I$(O)/tests/fault

$(FAULT_TESTS): $(FAULT)
$(FAULT_TESTS): private LDFLAGS += $(wraps)
$(FAULT_TESTS): private late = $(B)/$(lib).a

# The tests of sched and sync, which know nothing of it, on such a floor: waits
# return without cause and late, wakes come late, and the clock jumps.
DISTURBED = $(patsubst $(B)/tests/%,$(B)/disturbed/%,\
            $(filter $(B)/tests/sched/% $(B)/tests/sync/%,$(TESTS)))

$(DISTURBED): $(B)/disturbed/%: $(O)/tests/%.o $(HARNESS) $(FAULT) $(B)/$(lib).a
	$(call program,$(late) $(testlibs))
$(DISTURBED): private LDFLAGS += $(wraps)
$(DISTURBED): private late = $(B)/$(lib).a

disturb:                        ## the tests of sched and sync, disturbed; JUMP=
	@tools/deps check
	@$(submake) DEV=1 disturbed
	@tests/fault/disturb $(B)/disturbed $(or $(JUMP),0 2000)
disturbed: $(DISTURBED)

# What `make check` builds, for disturbed.sh.
disturbed-checked: $(patsubst %,$(B)/disturbed/%,sched/test_timer sched/test_wait \
    sync/test_lock sync/test_condition sync/test_queue sync/test_semaphore)

.PHONY: disturb disturbed disturbed-checked
