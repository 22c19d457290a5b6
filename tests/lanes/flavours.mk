# The flavours of the lanes; see lanes.mk. This part is read first, since what
# the Makefile's rules depend on is fixed as they are read.
#
#     gcc-O0 … clang-O3      by that compiler, with that optimisation
#     gcc-lto-O2 …           the same, optimised as a whole when it is linked
#     tsan-gcc               the ThreadSanitizer of gcc
#     valgrind               for memcheck
#     coverage               counts what runs
#     v4                     with the registers of AVX-512

flavours = plain tsan asan fuzz debug chaos portable aarch64 tsan-gcc valgrind \
           coverage v4 gcc-O% clang-O% gcc-lto-O% clang-lto-O%
ifeq ($(filter $(flavours),$(FLAVOUR)),)
$(error no flavour '$(FLAVOUR)': it is one of $(flavours))
endif

optimised = $(lastword $(subst -, ,$(FLAVOUR)))

ifneq ($(filter gcc-% tsan-gcc coverage,$(FLAVOUR)),)
compiler  = gcc
endif
ifneq ($(filter clang-%,$(FLAVOUR)),)
compiler  = $(CLANG)
needs     = sanitizers
endif
ifneq ($(filter gcc-O% clang-O% gcc-lto-O% clang-lto-O%,$(FLAVOUR)),)
flags.$(FLAVOUR) = -$(optimised)
endif
# An archive of such objects takes an archiver that can read them.
ifneq ($(filter gcc-lto-%,$(FLAVOUR)),)
flags.$(FLAVOUR) += -flto=auto
AR        = gcc-ar
endif
ifneq ($(filter clang-lto-%,$(FLAVOUR)),)
flags.$(FLAVOUR) += -flto
LDFLAGS  += -fuse-ld=lld
AR        = llvm-ar
needs     = lto
endif

flags.v4        = -march=x86-64-v4
flags.tsan-gcc  = $(flags.tsan)
flags.valgrind  = -O1 -DFL_DEBUG
# Atomic counters, since tasks of several workers count the same lines.
flags.coverage  = -O0 --coverage -fprofile-update=atomic
ifeq ($(FLAVOUR),coverage)
LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,abort _exit signal)
extra    = tests/lanes/gcov.c
endif

# Check is not there for the other machine.
ifeq ($(FLAVOUR),aarch64)
bare = $(filter-out %/harness.c,$(wildcard tests/harness/*.c)) tests/unit/bare.c
endif
