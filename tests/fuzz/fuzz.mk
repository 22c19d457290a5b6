# Fuzzing of what takes input from outside: each tests/fuzz/fuzz_NAME.c is a
# target, and tests/fuzz/corpus/NAME holds what it begins with. What it finds to
# be new is in build/fuzz/corpus/NAME; what it finds to be wrong in
# build/fuzz/found/NAME, and belongs into the former once it is mended, where
# `make check` replays it.


FUZZED  = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZERS = $(FUZZED:%=$(B)/tests/fuzz/fuzz_%)
REPLAYS = $(FUZZED:%=$(B)/tests/fuzz/replay_%)
fuzzed_ = $(filter-out $(O)/tools/pgz/main.o,$(PGZ)) $(B)/$(lib).a

$(FUZZERS): $(B)/%: $(O)/%.o $(fuzzed_)
	$(call program,-fsanitize=fuzzer -ldeflate -lz)
$(REPLAYS): $(B)/tests/fuzz/replay_%: $(O)/tests/fuzz/fuzz_%.o \
            $(O)/tests/fuzz/replay.o $(fuzzed_)
	$(call program,-ldeflate -lz)

# The options of pgz end the program where they are wrong.
$(B)/tests/fuzz/fuzz_options $(B)/tests/fuzz/replay_options: \
    private LDFLAGS += -Wl,--wrap=exit

tests: $(REPLAYS)

fuzz:                           ## fuzz the parsers for SECS=60 each; TARGETS=
	@tools/deps fuzz
	@$(submake) FLAVOUR=fuzz fuzzers
	@tests/fuzz/run $(or $(SECS),60) $(or $(TARGETS),$(FUZZED))
fuzzers: $(FUZZERS)

.PHONY: fuzz fuzzers
