# Tests of events: one program for each, tests/events/NAME.c, and the helper that they run;
# of ways around an audit: one program for each, tests/evasion/NAME.c.

event_harness := $(wildcard tests/events/harness*.c)
event_src := $(filter-out $(event_harness) tests/events/helper.c tests/events/calls-parse.c,$(wildcard tests/events/*.c))
event_tests := $(patsubst tests/events/%.c,$(B)/tests/events/%,$(event_src))
evasion_src := $(wildcard tests/evasion/*.c)
evasion_tests := $(patsubst tests/evasion/%.c,$(B)/tests/evasion/%,$(evasion_src))

# The library with all its names, and the harness: in each program of its own they would be 500 MB.
event_library := $(B)/tests/libtraceleft-events.so
$(event_library): $(lib_obj) $(call object,$(event_harness))
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(@F) -o $@ $^ $(LIB_LIBS)

$(event_tests) $(evasion_tests): $(B)/tests/%: $(B)/obj/tests/%.o $(event_library)
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -Wl,-rpath,'$$ORIGIN/..' -o $@ $^ $(LIB_LIBS)
# Those that can share a session, which is all that the harness runs.
together_src := $(shell grep -l '^TEST' tests/events/*.c tests/evasion/*.c)
$(B)/tests/events/together: $(call object,$(together_src)) $(event_library)
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -Wl,-rpath,'$$ORIGIN/..' -o $@ $^ $(LIB_LIBS)
# Of many events at once: the calls are in files, which go where the programs are.
$(B)/tests/events/calls: $(call object,tests/events/calls-parse.c)
event_calls := $(patsubst tests/events/calls/%,$(B)/tests/events/%,$(wildcard tests/events/calls/*.calls))
$(event_calls): $(B)/tests/events/%: tests/events/calls/%
	@mkdir -p $(@D)
	cp $< $@
.SECONDARY: $(call object,$(event_src) $(evasion_src) $(event_harness))

# Its life is to be short: no C library.
$(B)/tests/events/helper: tests/events/helper.c
	@mkdir -p $(@D)
	$(say)$(CC) -std=gnu17 -O2 $(WARNINGS) -fno-stack-protector -fcf-protection=none -static -nostdlib -o $@ $<
$(B)/tests/evasion/helper: $(B)/tests/events/helper
	@mkdir -p $(@D)
	cp $< $@

.PHONY: event-tests
event-tests: battery $(event_tests) $(B)/tests/events/together $(event_calls) $(evasion_tests) $(B)/tests/events/helper $(B)/tests/evasion/helper
