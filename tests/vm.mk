# What tests/vm/check runs in the guests, besides programs and tests of events.

$(B)/tests/vm/%: $(B)/obj/tests/vm/%.o $(B)/libtraceleft.a
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIB_LIBS)
$(B)/tests/vm/load: $(B)/obj/tests/vm/meddle.o
.SECONDARY: $(B)/obj/tests/vm/load.o $(B)/obj/tests/vm/meddle.o $(B)/obj/tests/vm/deeds.o

$(B)/tests/vm/exit32: tests/vm/exit32.c
	@mkdir -p $(@D)
	$(say)$(CC) -std=gnu17 -O2 -m32 $(WARNINGS) -fno-stack-protector -fcf-protection=none -fno-pic -no-pie -static -nostdlib -o $@ $<

# What is made below strace, by the doors of both.
$(B)/tests/vm/calls32: calls_options := -m32
$(B)/tests/vm/calls32 $(B)/tests/vm/calls64: tests/host/strace/calls.c
	@mkdir -p $(@D)
	$(say)$(CC) -D_GNU_SOURCE -w -static $(calls_options) -o $@ $<

# The daemon as another version of it, which keeps its session in another way.
other_obj := $(addprefix $(B)/obj/tests/vm/other/,keep.o adopt.o)
$(other_obj): $(B)/obj/tests/vm/other/%.o: lib/%.c
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_CFLAGS) -DTL_KEPT_VERSION=1000 -c -o $@ $<
-include $(other_obj:.o=.d)

$(B)/tests/vm/traceleftd-other: $(daemon_obj) $(policy_obj) $(other_obj) $(filter-out %/lib/keep.o %/lib/adopt.o,$(lib_obj))
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(POLICY_LIBS) $(LIB_LIBS) $(DAEMON_LIBS)

.PHONY: vm-tests
vm-tests: all event-tests $(addprefix $(B)/tests/vm/,load deeds exit32 calls32 calls64 traceleftd-other)
