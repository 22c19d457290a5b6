# The benchmarks: filch's own program, those of its peers, and the driver, which
# runs them beside each other. Nothing is installed here but by `bench-deps`;
# a peer whose tools are missing is left out.

BENCH = # options, see `make bench BENCH=--help`

benchkit   = $(call objects,$(wildcard bench/kit/*.c))
bench_of   = $(call objects,$(wildcard bench/$(1)/*.c)) $(benchkit)
benchmarks = $(B)/bench/filch $(B)/bench/driver

$(B)/bench/filch: $(call bench_of,filch) $(B)/$(lib).a
	$(call program,-lm)
$(B)/bench/instructions: $(call objects,bench/instructions/main.c) \
                         $(B)/$(lib).a
	$(call program)
$(B)/bench/driver: $(call objects,$(wildcard bench/driver/*.c))
	$(call program,-lm)

# --- The peers ---------------------------------------------------------------

peers     = $(B)/bench/peers
cxx       = g++
CXXFLAGS  = -O2 -g
cxx_peer  = $(cxx) -std=c++17 -pthread $(CXXFLAGS) -Wall -Wextra
cc_peer   = $(compiler) -std=gnu11 -pthread $(CFLAGS) $(warnings) -D_GNU_SOURCE
includes_ = $(shell echo '$(hash)include <$(1)>' | \
            $(cxx) -E -x c++ - >/dev/null 2>&1 && echo yes)
runs_     = $(shell command -v $(1) >/dev/null 2>&1 && echo yes)
hash      = \#

# What there is, looked for only where it is to be built.
ifneq ($(filter bench bench-%,$(MAKECMDGOALS)),)
there := $(if $(call runs_,go),go) $(if $(call runs_,python3),asyncio) \
         $(if $(call includes_,tbb/task_group.h),tbb) \
         $(if $(call includes_,boost/fiber/all.hpp),fiber) \
         $(if $(call includes_,omp.h),openmp) pthreads floor
endif

$(peers)/pthreads: bench/peers/pthreads.c $(benchkit)
$(peers)/floor: $(wildcard bench/peers/floor/*.[ch]) $(benchkit)
$(peers)/pthreads $(peers)/floor:
	@mkdir -p $(@D)
	$(call run,CC,$(cc_peer) -o $@ $(filter-out %.h,$^))
$(peers)/openmp: bench/peers/openmp.c $(benchkit)
	@mkdir -p $(@D)
	$(call run,CC,$(cc_peer) -fopenmp -o $@ $^)
$(peers)/tbb: bench/peers/tbb.cpp $(benchkit)
	@mkdir -p $(@D)
	$(call run,CXX,$(cxx_peer) -o $@ $^ -ltbb)
$(peers)/fiber: bench/peers/fiber.cpp $(benchkit)
	@mkdir -p $(@D)
	$(call run,CXX,$(cxx_peer) -o $@ $^ -lboost_fiber -lboost_context)
$(peers)/go: $(wildcard bench/peers/go/*.go)
	@mkdir -p $(@D)
	$(call run,GO,GOCACHE=$(CURDIR)/build/go GO111MODULE=off go build -o $@ $^)
$(peers)/asyncio: bench/peers/asyncio.py
	@mkdir -p $(@D)
	@install -m 755 $< $@

# --- To run them -------------------------------------------------------------

bench-peers: $(there:%=$(peers)/%)

bench:                          ## filch beside its peers; BENCH=--help
	@$(submake) $(benchmarks)
	@$(submake) -k bench-peers || echo "What could not be built is left out."
	@$(B)/bench/driver -b $(B)/bench $(BENCH)

bench-instructions: $(B)/bench/instructions ## count instructions; UPDATE=1
	@bench/count-instructions $(if $(UPDATE),-u) $< bench/instructions.txt || \
	    [ $$? = 3 ]

# What `make check` builds, so that it keeps compiling, and tests.
bench-checked: $(benchmarks) $(B)/bench/instructions $(peers)/pthreads \
               $(peers)/floor

bench-deps:                     ## install the peers, by their Debian names
	@tools/deps bench

.PHONY: bench bench-checked bench-peers bench-instructions bench-deps
