# Tests. `check` is all of them; each part prints `NAME: N passed, N failed, N skipped`.

, := ,
unit_src := $(filter-out tests/unit/common.c,$(wildcard tests/unit/test-*.c))
unit_tests := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(unit_src))
# What programs are made of, but for their main().
program_obj := $(filter-out $(B)/obj/cli/main.o $(B)/obj/daemon/main.o,$(cli_obj) $(daemon_obj)) $(policy_obj)

# A reader of OpenTelemetry's requests that is not ours.
otlp_tests := test-encode-otlp test-sink-http
$(otlp_tests:%=$(B)/obj/tests/unit/%.o): | $(B)/gen/otlp.pb-c.h $(B)/gen/event.pb-c.h
$(otlp_tests:%=$(B)/tests/unit/%): $(B)/obj/gen/otlp.pb-c.o

$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(program_obj) $(B)/libtraceleft.a
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ -lcmocka $(POLICY_LIBS) $(LIB_LIBS) $(DAEMON_LIBS) $(CLI_LIBS)
.SECONDARY: $(patsubst tests/unit/%.c,$(B)/obj/tests/unit/%.o,$(unit_src))

# What our own code allocates goes through this test, which has it fail.
$(B)/tests/unit/test-no-memory: private ALL_LDFLAGS += $(addprefix -Wl$(,)--wrap=,malloc calloc realloc reallocarray strdup strndup vasprintf __vasprintf_chk)

.PHONY: unit-tests test-tools
unit-tests: $(unit_tests)
test-tools: $(addprefix $(B)/tests/tools/,http-receiver numbered-calls otlp-events failing-allocations.so restarting.so ending.so clock-ahead.so lingering.so computing.so)
# Who looks from below, as a sanitizer does, finds its callers.
$(B)/obj/tests/tools/failing-allocations.o: private ALL_CFLAGS += -fno-omit-frame-pointer
$(B)/tests/tools/%.so: $(B)/obj/tests/tools/%.o
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -shared -o $@ $^ -ldl
$(B)/tests/tools/%: $(B)/obj/tests/tools/%.o
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^
$(B)/tests/tools/otlp-events: $(B)/obj/tests/tools/otlp-events.o $(B)/libtraceleft.a
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(LIB_LIBS)

# The sanitised build is a tree of its own.
sanitise := B=$(B)/sanitised FORTIFY= CFLAGS="-O1 -g" \
	SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"

sanitised-programs: ## the programs with sanitizers, in build/sanitised
	$(MAKE) $(sanitise) $(B)/sanitised/traceleft $(B)/sanitised/traceleftd
	@ln -sfn ../battery $(B)/sanitised/battery # it is the same
.PHONY: sanitised-programs

# Everything is compiled once for all fuzz targets, too.
fuzz_src := $(wildcard tests/fuzz/fuzz-*.c)
fuzz_tests := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(fuzz_src))
fuzz_obj := $(patsubst $(B)/obj/%,$(B)/fuzz/%,$(program_obj) $(filter-out $(B)/obj/lib/objects.o,$(lib_obj)))
fuzz_flags := -fno-sanitize-recover=undefined -fsanitize=address,undefined
FUZZ_CFLAGS = -std=gnu17 -O1 -g -D_GNU_SOURCE -DTL_PREFIX='"$(prefix)"' -Ilib -Ipolicy -Idaemon -Icli -Ibpf -I$(B)/gen \
	$(fuzz_flags),fuzzer-no-link -w -MMD -MP
$(B)/fuzz/%.o: %.c | $(B)/gen/event-table.c $(B)/gen/event.pb-c.h
	@mkdir -p $(@D)
	$(say)$(CLANG) $(FUZZ_CFLAGS) -c -o $@ $<
$(B)/fuzz/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(say)$(CLANG) $(FUZZ_CFLAGS) -c -o $@ $<
$(B)/fuzz/all.a: $(fuzz_obj)
	rm -f $@ && $(AR) rcs $@ $^
$(B)/tests/fuzz/%: $(B)/fuzz/tests/fuzz/%.o $(B)/fuzz/all.a $(B)/obj/lib/objects.o
	@mkdir -p $(@D)
	$(say)$(CLANG) $(fuzz_flags),fuzzer -o $@ $^ $(POLICY_LIBS) $(LIB_LIBS) $(DAEMON_LIBS) $(CLI_LIBS)
.SECONDARY: $(patsubst tests/fuzz/%.c,$(B)/fuzz/tests/fuzz/%.o,$(fuzz_src))
-include $(wildcard $(B)/fuzz/*/*.d $(B)/fuzz/tests/fuzz/*.d)

.PHONY: fuzz-targets fuzz
fuzz-targets: $(fuzz_tests)
FUZZ_SECONDS ?= 600
fuzz: fuzz-targets ## run every fuzz target for FUZZ_SECONDS (600)
	tests/fuzz/run $(FUZZ_SECONDS) $(fuzz_tests)

-include tests/events.mk tests/vm.mk tests/bench.mk
