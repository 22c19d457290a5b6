# Tests with a floor that gives way (tests/fault/inject.h): the linker puts it
# between the library, as it is shipped, and malloc, libc and src/os.

wrapped = malloc calloc realloc aligned_alloc fl_os_map fl_os_unmap \
          fl_os_guard fl_os_wait fl_os_wake fl_os_now filch_now filch_after \
          madvise syscall pthread_create pthread_attr_init \
          pthread_attr_setsigmask_np pthread_attr_setaffinity_np \
          pthread_atfork sigaction sigaltstack write
wraps   = $(patsubst %,-Wl$(comma)--wrap=%,$(wrapped))

FAULT       = $(call objects,$(filter-out tests/fault/test_%,\
              $(wildcard tests/fault/*.c)))
FAULT_TESTS = $(filter $(B)/tests/fault/%,$(TESTS))

$(FAULT_TESTS): $(FAULT)
$(FAULT_TESTS): private LDFLAGS += $(wraps)
$(FAULT_TESTS): private late = $(B)/$(lib).a
