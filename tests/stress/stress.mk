# filch-stress, chaos, and what they are tested with: programs with planted bugs,
# and the library with bugs that it once had.

filch-stress: $(B)/filch-stress
$(B)/filch-stress: $(call objects,$(wildcard tools/stress/*.c)) $(B)/$(lib).a
	$(call run,LD,$(link) -o $@ $^)
stress_fake = $(B)/tests/stress/fake
$(stress_fake): $(O)/tests/stress/fake.o
	$(call program)

# Each is built twice: with its bug, and without.
planted = $(call programs,$(wildcard tests/stress/planted/*.c))
mended  = $(planted:%=%_mended)
$(planted): $(B)/%: $(O)/%.o $(B)/$(lib).a
	$(call program)
$(mended): $(B)/%: $(O)/%.o $(B)/$(lib).a
	$(call program)
$(mended:$(B)/%=$(O)/%.o): $(O)/%_mended.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call run,CC,$(compile) -DMENDED -fPIE -c -o $@ $<)

# A file of the library, made wrong by a patch, in place of its own.
broken = $(patsubst %.patch,$(B)/%,$(wildcard tests/stress/broken/*.patch))
$(broken): $(B)/%: $(O)/%.o $(O)/tests/stress/test_chaos.o $(HARNESS) \
                   $(B)/$(lib).a
	$(call program,$(testlibs))
$(broken:$(B)/%=$(O)/%.o): $(O)/%.o: %.patch $(LIB)
	@tests/stress/broken/apply $< $(@:.o=.c)
	$(call run,CC,$(compile) -fPIE -c -o $@ $(@:.o=.c))

# What `make check` builds.
stress-checked: filch-stress $(stress_fake) $(planted) $(mended) $(broken)

# --- To run them -------------------------------------------------------------


stress:                         ## the tests in chaos, for SECS=600 seconds
	@tools/deps check
	@$(everything) FLAVOUR=plain
	@$(everything) FLAVOUR=chaos
	@$(everything) FLAVOUR=tsan
	@$(everything) FLAVOUR=asan
	@tests/stress/run $(or $(SECS),600)

stress-planted:                 ## find the planted bugs, with each policy
	@tools/deps check
	@$(submake) DEV=1 stress-checked
	@tests/stress/planted-table

.PHONY: filch-stress stress-checked stress stress-planted
