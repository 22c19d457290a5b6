# Linearizability: see tests/linear/checker.h.

linear = $(call objects,$(filter-out tests/linear/test_%,\
         $(wildcard tests/linear/*.c)))

$(B)/tests/linear/%: $(O)/tests/linear/%.o $(linear) $(HARNESS) $(B)/$(lib).a
	$(call program,$(testlibs))

HISTORIES = 100000
linear:                         ## check HISTORIES=100000 of each object
	@tools/deps check
	@$(submake) $(B)/tests/linear/test_linear
	@tests/linear/linear $(B)/tests/linear/test_linear $(HISTORIES)

.PHONY: linear
