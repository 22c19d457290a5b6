# The programs of volume: what many operations bring to light.

volume = $(call objects,$(wildcard $(addprefix tests/volume/,kit.c family.c \
         planted.c vitals.c scene_*.c)))

$(B)/tests/volume/%: $(O)/tests/volume/%.o $(volume) $(HARNESS) $(B)/$(lib).a
	$(call program,$(testlibs))

tests: $(B)/tests/volume/soak

OPERATIONS = 10000000
nothing-lost:                   ## OPERATIONS=10000000 of each, counted in and out
	@tools/deps check
	@$(submake) $(B)/tests/volume/test_volume
	@tests/volume/nothing-lost $(B)/tests/volume/test_volume $(OPERATIONS)

WORKERS = 2
soak:                           ## all at once for SECS=1800 on WORKERS=2
	@tools/deps check
	@$(submake) $(B)/tests/volume/soak
	@$(B)/tests/volume/soak $(or $(SECS),1800) $(WORKERS)

# There is nothing of the library in it.
$(B)/tests/volume/sessions: $(O)/tests/volume/sessions.o
	$(call program)

sessions:                       ## how long this kernel lets threads wait for CPUs, in SECS=80
	@$(submake) $(B)/tests/volume/sessions
	@$(B)/tests/volume/sessions $(or $(SECS),80)

.PHONY: nothing-lost sessions soak
