# `make help` lists the targets.
#
# Everything is built in build/FLAVOUR/: plain (as installed), tsan and asan
# (by clang, for the sanitizers), fuzz (asan, for libFuzzer), debug (assertions,
# no optimisation), chaos (see make stress), portable (the context switch without
# assembly), and those of the lanes, by other compilers and for other eyes
# (tests/lanes/flavours.mk).
# Source files are found by wildcards.

FLAVOUR = plain
PREFIX  = /usr/local
DESTDIR =

ifeq ($(origin CC),default)
CC = gcc
endif
CLANG   = clang
CFLAGS  = -O2 -g
LDFLAGS =

# --- Flavours ----------------------------------------------------------------

compiler          = $(CC)
needs             = build
ifneq ($(filter tsan asan fuzz,$(FLAVOUR)),)
compiler          = $(CLANG)
needs             = sanitizers
endif
ifeq ($(FLAVOUR),aarch64)
compiler          = aarch64-linux-gnu-gcc
endif

suffix.tsan       = -tsan
suffix.asan       = -asan

sanitize.tsan     = -fsanitize=thread
sanitize.asan     = -fsanitize=address,undefined \
                    -fno-sanitize-recover=undefined

flags.tsan        = $(sanitize.tsan) -fPIC -fno-omit-frame-pointer -DFL_DEBUG
flags.asan        = $(sanitize.asan) -fPIC -fno-omit-frame-pointer -DFL_DEBUG
flags.fuzz        = -fsanitize=fuzzer-no-link $(flags.asan)
flags.debug       = -O0 -DFL_DEBUG
# The short paths in chaos, and guards that are reserved after three entries.
flags.chaos       = -O1 -DFL_DEBUG -DFL_CHAOS_SHORT -DFL_RESERVE_AFTER=3u \
                    -DFL_RESERVE_SOON=2u
flags.portable    = -DFL_PORTABLE
# Concurrency Kit is installed for the machine that compiles.
flags.aarch64     = -DFL_ATOMIC_BUILTIN

include tests/lanes/flavours.mk

# Large frames must not jump over a stack's guard: -fstack-clash-protection. Two
# words that are stored as one and loaded again one by one, at once, cost the CPU
# more than two stores (fork and sync, a twentieth): -fno-tree-slp-vectorize. What is
# measured beside others is compiled as they are.
careful  = $(if $(filter bench/filch/% bench/kit/%,$<),,\
           -fstack-clash-protection -fno-tree-slp-vectorize)
flags    = -std=gnu11 -pthread -fvisibility=hidden $(careful) $(CFLAGS) \
           $(flags.$(FLAVOUR))
warnings = -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes \
           $(if $(DEV),-Werror)
includes = -D_GNU_SOURCE -Iinclude $(if $(filter src/% tests/%,$<),-Isrc)

# The ThreadSanitizer is not to see the scheduler: what the tasks of one worker
# share there is ordered by running one after the other. The edges that are real
# are told it in so many words (src/fiber/sanitizer.h). Nor what its own runtime
# calls as it begins (tests/fault).
unseen   = $(and $(filter tsan%,$(FLAVOUR)),\
           $(filter src/base/% src/os/% src/fiber/% src/sched/% \
           tests/fault/inject.c tests/fault/disturb.c \
           tests/fault/shortage.c tests/fault/system.c,$<))
seen     = $(if $(unseen),$(filter-out -fsanitize=thread,$(flags)) \
           -DFILCH_TSAN_,$(flags))

compile  = $(compiler) $(seen) $(warnings) $(includes) $(CPPFLAGS) -MMD -MP -MF $@.d
link     = $(compiler) $(flags) $(LDFLAGS)

# --- What there is -----------------------------------------------------------

B       = build/$(FLAVOUR)
O       = $(B)/obj
lib     = libfilch$(suffix.$(FLAVOUR))
machine = $(shell $(compiler) -dumpmachine 2>/dev/null || uname -m)
switch  = $(if $(filter portable,$(FLAVOUR)),,$(wildcard \
          src/fiber/context_$(firstword $(subst -, ,$(machine))).S))

objects  = $(patsubst %,$(O)/%.o,$(basename $(1)))
programs = $(patsubst %.c,$(B)/%,$(1))

LIB      = $(call objects,$(wildcard src/*/*.c) $(switch) $(extra))
PGZ      = $(call objects,$(wildcard tools/pgz/*.c))
HARNESS  = $(call objects,$(or $(bare),$(wildcard tests/harness/*.c)))
testlibs = $(if $(bare),,$$(pkg-config --libs check) -lz)
EXAMPLES = $(call programs,$(wildcard examples/*.c))
TESTS    = $(call programs,$(wildcard tests/*/test_*.c))
# These are of several parts; see their folders' .mk.
PARTED   = $(filter $(B)/tests/volume/% $(B)/tests/linear/%,$(TESTS))

all: lib pgz filch-stress       ## the library and its programs (the default)
lib: $(B)/$(lib).a $(B)/$(lib).so.0  ## the library alone
pgz: $(B)/pgz
examples: $(EXAMPLES)           ## the examples, in build/plain/examples
tests: $(TESTS)                 ## the test programs, without running them

# --- How it is made ----------------------------------------------------------

# The shared library's objects are .lo, everybody else's .o; sanitized, where another
# load of an address is nothing, they are the same. What it calls of itself is its
# own, not whatever a program calls so: a put and get is a sixth faster than through
# the table of all that it takes from others.
$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call run,CC,$(compile) $(if $(suffix.$(FLAVOUR)),,-fPIE) -c -o $@ $<)
ifeq ($(suffix.$(FLAVOUR)),)
$(O)/%.lo: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call run,CC,$(compile) -fPIC -fno-semantic-interposition -c -o $@ $<)
endif
$(O)/%.o: %.S $(O)/flags
	@mkdir -p $(@D)
	$(call run,AS,$(compile) -c -o $@ $<)
$(O)/%.lo: $(O)/%.o
	@cp $< $@

$(B)/$(lib).a: $(LIB)
	@rm -f $@
	$(call run,AR,$(AR) rcs $@ $^)
$(B)/$(lib).so.0: $(LIB:.o=.lo)
	$(call run,LD,$(link) -shared -Wl$(comma)-soname$(comma)$(@F) \
	    -Wl$(comma)-Bsymbolic-functions -Wl$(comma)-z$(comma)nodelete -o $@ $^)
$(B)/pgz: $(PGZ) $(B)/$(lib).a
	$(call run,LD,$(link) -o $@ $^ -ldeflate -lz)

program = @mkdir -p $(@D)$(newline)$(call run,LD,$(link) -o $@ $^ $(1))
$(EXAMPLES): $(B)/%: $(O)/%.o $(B)/$(lib).a
	$(call program)
$(filter-out $(PARTED),$(TESTS)): $(B)/%: $(O)/%.o $(HARNESS) $(B)/$(lib).a
	$(call program,$(late) $(testlibs))

# What is missing is installed first; other flags build everything anew.
$(O)/flags: force | deps-$(needs)
	@mkdir -p $(@D)
	@echo '$(filter-out -Werror,$(compile) $(LDFLAGS))' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(HARNESS) $(TESTS:$(B)/%=$(O)/%.o): | deps-check
deps-%:
	@CC='$(CC)' CLANG='$(CLANG)' tools/deps $*

-include $(shell [ -d $(O) ] && find $(O) -name '*.d')
.SECONDARY:
.DELETE_ON_ERROR:

# `make V=1` shows whole commands.
run     = $(if $(V),,@echo "  $(1)  $@"; )$(2)
comma   = ,
space   = $() $()
define newline


endef

include bench/bench.mk
include tests/fault/fault.mk
include tests/fuzz/fuzz.mk
include tests/seeded/seeded.mk
include tests/volume/volume.mk
include tests/linear/linear.mk
include tests/lanes/lanes.mk
include bench/simulate/simulate.mk
include tests/model/model.mk
include tests/stress/stress.mk

# --- Testing -----------------------------------------------------------------

# On all CPUs, unless make was given a number of jobs.
jobs       = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
submake    = $(MAKE) -s $(jobs)
everything = $(submake) DEV=1 lib pgz examples tests

# In a quick check the ThreadSanitizer sees what waits and wakes. In one of all, of
# what takes sanitizers long: seeded's quick ones, and chaos on some. Of the lanes:
# another compiler, on what it could do wrong.
checked      = FLAVOUR=plain bench-checked stress-checked disturbed-checked
waits        = $(filter $(B)/tests/sync/%,$(TESTS))
briefly      = stress/chaos.sh,seeded/test_golden,seeded/test_points,$\
               seeded/test_runs,seeded/test_stall,seeded/test_jobs
lane_short   = clang-O3
lane_checked = unit/test_context sched/test_migrate seeded/test_golden

check:                          ## build and run the tests, in five minutes
	@tools/deps check
	@$(everything) $(checked)
	@$(submake) DEV=1 FLAVOUR=tsan waits
	@tools/run-tests -q plain@1,2,3,4,8 tsan@2:sync

check-all:                      ## all tests, also those that take longer
	@tools/deps check
	@$(everything) $(checked)
	@$(everything) FLAVOUR=tsan
	@$(everything) FLAVOUR=asan
	@$(submake) DEV=1 FLAVOUR=$(lane_short) \
	    $(lane_checked:%=build/$(lane_short)/tests/%)
	@tools/run-tests plain@1,2,3,4,8 \
	    tsan@2:sched,sync,race,fault,volume,linear,examples,$(briefly) \
	    asan@2:sched,sync,fault,fuzz,volume,linear,examples,$(briefly) \
	    $(lane_short)@2:$(subst $(space),$(comma),$(lane_checked))

waits: $(waits)

tsan asan:                      ## all tests and examples, sanitized
	@tools/deps check
	@$(everything) FLAVOUR=$@
	@tools/run-tests $@@1,2,4,8

N = 200
repeat:                         ## the concurrency tests N=200 times in a row
	@tools/deps check
	@$(everything)
	@tools/run-tests -r $(N) $(FLAVOUR)@1,2,3,4,8:sync $(FLAVOUR)@4/0:sync

demo:                           ## the examples, and pgz on real data
	@tools/deps demo
	@$(submake) lib pgz examples
	@tools/demo

# --- Installing --------------------------------------------------------------

bin     = $(DESTDIR)$(PREFIX)/bin
libs    = $(DESTDIR)$(PREFIX)/lib
headers = $(DESTDIR)$(PREFIX)/include
man1    = $(DESTDIR)$(PREFIX)/share/man/man1
doc     = $(DESTDIR)$(PREFIX)/share/doc/filch
version = $(shell sed -n 's/.*FILCH_VERSION "\(.*\)"/\1/p' \
          include/filch/version.h)

# A name with a space would be taken for two, also by rm -rf; of one that does not
# begin at the root filch.pc would name what depends on where it is read.
sound_place = $(if $(word 2,$(DESTDIR)$(PREFIX)), \
    $(error DESTDIR and PREFIX must not contain spaces)) \
    $(if $(filter /%,$(PREFIX)),,$(error PREFIX must begin with a /))

# The sanitized libraries are built by clang. Programs built by gcc can use them
# too, static and shared (tests/abi/users.sh), but gcc 12's ThreadSanitizer takes
# 1 ms and 831 KiB for each task, against 6 us and 5 KiB.
install:                        ## to PREFIX=/usr/local, under DESTDIR
	$(sound_place)
	@$(submake) FLAVOUR=plain pgz filch-stress install-plain
	@$(submake) FLAVOUR=tsan install-tsan
	@$(submake) FLAVOUR=asan install-asan
	install -d $(bin) $(man1) $(headers)/filch
	install -m 755 build/plain/pgz build/plain/filch-stress $(bin)
	install -m 644 docs/pgz.1 docs/filch-stress.1 $(man1)
	install -m 644 include/filch.h $(headers)
	install -m 644 include/filch/*.h $(headers)/filch
	install -d $(doc)/examples
	install -m 644 examples/*.c $(doc)/examples
	sed 's|(../examples/|(examples/|' docs/MANUAL.md >$(doc)/MANUAL.md
	chmod 644 $(doc)/MANUAL.md

install-%: lib
	install -d $(libs)/pkgconfig
	install -m 644 $(B)/$(lib).a $(libs)
	install -m 755 $(B)/$(lib).so.0 $(libs)
	ln -sf $(lib).so.0 $(libs)/$(lib).so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(version)|' \
	    -e 's|@SUFFIX@|$(suffix.$*)|' \
	    -e 's|@SANITIZE@|$(firstword $(sanitize.$*))|' -e 's| *$$||' \
	    tools/filch.pc.in >$(libs)/pkgconfig/$(lib:lib%=%).pc
	chmod 644 $(libs)/pkgconfig/$(lib:lib%=%).pc

uninstall:                      ## what install has put there
	$(sound_place)
	rm -f $(bin)/pgz $(man1)/pgz.1 $(headers)/filch.h
	rm -f $(bin)/filch-stress $(man1)/filch-stress.1
	rm -rf $(headers)/filch $(doc)
	for s in '' -tsan -asan; do \
	    rm -f $(libs)/libfilch$$s.a $(libs)/libfilch$$s.so* \
	          $(libs)/pkgconfig/filch$$s.pc; \
	done

# --- The rest ----------------------------------------------------------------

fmt:                            ## format all C files with clang-format
	@tools/deps fmt
	find include src tests bench tools examples -name '*.[ch]' | \
	    xargs clang-format -i

clean:                          ## remove build/
	rm -rf build

help:                           ## this list
	@sed -n 's/^\([a-z -]*\):[^#]*## */\1\t/p' Makefile \
	    $(wildcard bench/*.mk bench/*/*.mk tests/*/*.mk) | expand -t 20

force:
.PHONY: all lib pgz examples tests check check-all waits tsan asan repeat demo \
        install uninstall fmt clean help force
