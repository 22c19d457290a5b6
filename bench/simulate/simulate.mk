# The simulation of the scheduler on machines of many CPUs; docs/SIMULATION.md.

simulated = $(call objects,$(filter-out %/main.c %/real.c %/membarrier.c,\
            $(wildcard bench/simulate/*.c)))
simulate  = $(B)/bench/simulate
forecasts = build/simulate

$(simulate): $(call objects,$(wildcard bench/simulate/*.c)) $(B)/$(lib).a
	$(call program)
$(B)/tests/unit/test_simulate: $(simulated)

simulate:                       ## foretell how filch goes on many CPUs
	@tools/deps simulate
	@$(submake) $(simulate)
	@mkdir -p $(forecasts)
	@$(simulate) -j 1,2,4,8,16,32,64,128,256 -o $(forecasts)/now.csv
	@$(simulate) -j 1,2,4,8,16,32,64,128,256 -o $(forecasts)/chain.csv \
	    -V chain >$(forecasts)/chain.txt
	@$(simulate) variants
	@bench/simulate/plot $(forecasts)

simulate-check:                 ## the same at 1 and 2 workers beside filch itself
	@$(submake) $(simulate)
	@$(simulate) check

.PHONY: simulate simulate-check
