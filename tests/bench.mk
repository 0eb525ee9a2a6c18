# What tests/bench/run times.

$(B)/tests/bench/bench: $(B)/obj/tests/bench/bench.o $(call object,daemon/file-ahead.c) $(policy_obj) $(B)/libtraceleft.a
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(POLICY_LIBS) $(LIB_LIBS)

$(B)/tests/bench/bench-encode: $(B)/obj/tests/bench/bench-encode.o $(B)/libtraceleft.a
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(LIB_LIBS)
$(B)/tests/bench/bench-rules: $(B)/obj/tests/bench/bench-rules.o $(policy_obj) $(B)/libtraceleft.a
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(POLICY_LIBS) $(LIB_LIBS)
.SECONDARY: $(call object,$(wildcard tests/bench/*.c))

.PHONY: bench-programs
bench-programs: $(B)/tests/bench/bench $(B)/tests/bench/bench-encode $(B)/tests/bench/bench-rules
