# TraceLeft. `make help` lists what there is; everything made goes to build/.
VERSION := 0.1.0
B ?= build
DESTDIR ?=
prefix ?= /usr
sysconfdir ?= /etc
libdir ?= $(prefix)/lib/$(shell $(CC) -print-multiarch)
unitdir ?= /usr/lib/systemd

SHELL := /bin/bash
# One line per file; V=1 shows the commands.
V ?=
say = $(if $(V),,@echo "  $(@:$(B)/%=%)"; )
CC ?= gcc
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
CLANG_FORMAT ?= clang-format
JOBS ?= $(shell nproc)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
HARDENING := -fstack-protector-strong -fstack-clash-protection
FORTIFY ?= -D_FORTIFY_SOURCE=2
CFLAGS ?= -O2 -g
SANITIZE ?=
ALL_CFLAGS = -std=gnu17 $(CFLAGS) $(WARNINGS) $(HARDENING) $(FORTIFY) $(SANITIZE) -fPIC -D_GNU_SOURCE \
	-DTL_PREFIX='"$(prefix)"' -Ilib -Ipolicy -Idaemon -Icli -Ibpf -I$(B)/gen -MMD -MP
ALL_LDFLAGS = $(LDFLAGS) $(SANITIZE) -Wl,-z,relro,-z,now
MULTIARCH := $(shell $(CC) -print-multiarch)
BPF_CFLAGS := -g -O2 -Wall -Wextra -Werror -Wno-unused-parameter -target bpf -D__bpf__ -D__TARGET_ARCH_x86 \
	-Ibpf -I/usr/include/$(MULTIARCH) -MMD -MP

LIB_LIBS := -lbpf -lelf -lprotobuf-c
POLICY_LIBS := -lyaml
DAEMON_LIBS := -lsystemd -lz -ldl
CLI_LIBS := -lncursesw -ltinfo -lz

lib_src := $(wildcard lib/*.c)
policy_src := $(wildcard policy/*.c)
daemon_src := $(wildcard daemon/*.c)
cli_src := $(wildcard cli/*.c)
object = $(patsubst %.c,$(B)/obj/%.o,$(1))
lib_obj := $(call object,$(lib_src)) $(B)/obj/lib/objects.o $(B)/obj/gen/event-table.o $(B)/obj/gen/event.pb-c.o
policy_obj := $(call object,$(policy_src))
daemon_obj := $(call object,$(daemon_src))
cli_obj := $(call object,$(cli_src))

.PHONY: all
all: $(B)/traceleft $(B)/traceleftd $(B)/libtraceleft.so battery man ## build programs, library, battery and manual
.DEFAULT_GOAL := all

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- C

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/obj/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(say)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libtraceleft.a: $(lib_obj)
	rm -f $@ && $(AR) rcs $@ $^

$(B)/libtraceleft.so: $(B)/libtraceleft.so.1
	ln -sf $(<F) $@

$(B)/libtraceleft.so.1: $(lib_obj) lib/libtraceleft.map
	$(say)$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,--version-script,lib/libtraceleft.map -o $@ $(lib_obj) $(LIB_LIBS)

$(B)/traceleft: $(cli_obj) $(policy_obj) $(B)/libtraceleft.a
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(POLICY_LIBS) $(LIB_LIBS) $(CLI_LIBS)

$(B)/traceleftd: $(daemon_obj) $(policy_obj) $(B)/libtraceleft.a
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(POLICY_LIBS) $(LIB_LIBS) $(DAEMON_LIBS)

# ---- The table of events and what is generated from it

generate_obj := $(call object,$(wildcard policy/table*.c) policy/yaml-tree.c policy/generate.c policy/generate-fields.c tests/tools/generate.c lib/describe.c lib/entry-fields.c lib/fields.c lib/seal.c lib/opcodes.c $(wildcard lib/values*.c) lib/buffer.c lib/escape.c lib/messages.c)

$(B)/generate: $(generate_obj)
	$(say)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^ $(POLICY_LIBS)

$(B)/gen/event-table.c: policy/events.yaml $(B)/generate
	@mkdir -p $(@D)
	$(B)/generate table $< > $@.tmp && mv $@.tmp $@

$(B)/gen/handlers.stamp: policy/events.yaml $(B)/generate
	@mkdir -p $(B)/gen/handlers
	$(B)/generate handlers $< $(B)/gen/handlers
	touch $@

# ---- The schema of protobuf

$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h &: lib/%.proto
	@mkdir -p $(@D)
	$(say)protoc-c --proto_path=lib --c_out=$(B)/gen $<

$(call object,lib/encode-proto.c lib/decode-proto.c tests/unit/test-encode-proto.c): | $(B)/gen/event.pb-c.h

# ---- The kernel part

bpf_build = $(B)/bpf/traceleft-$(1).bpf.o
bpf_objects := $(foreach v,base task typed,$(call bpf_build,$(v)))
$(B)/bpf/traceleft-base.bpf.o: bpf_flags := -mcpu=v2 -DTL_BUILD_BASE
$(B)/bpf/traceleft-task.bpf.o: bpf_flags := -mcpu=v3 -DTL_BUILD_TASK
$(B)/bpf/traceleft-typed.bpf.o: bpf_flags := -mcpu=v3 -DTL_BUILD_TYPED

$(bpf_objects): bpf/traceleft.bpf.c
	@mkdir -p $(@D)
	$(say)$(CLANG) $(BPF_CFLAGS) $(bpf_flags) -c -o $@ $<
	@$(LLVM_STRIP) -g $@ || { rm -f $@; false; } # what nobody loads: half of it

$(B)/obj/lib/objects.o: lib/objects.S $(bpf_objects)
	@mkdir -p $(@D)
	$(CC) -I$(B) -Wa,-I$(B) -c -o $@ $<

$(B)/battery/%.bpf.o: $(B)/gen/handlers/%.bpf.c lib/seal.c | $(B)/generate
	@mkdir -p $(@D)
	$(say)$(CLANG) $(BPF_CFLAGS) -mcpu=v2 -c -o $@ $<
	@$(B)/generate seal $@ || { rm -f $@; false; }

# The names are known once the table has been read.
.PHONY: battery battery-objects
battery: $(B)/gen/handlers.stamp ## the handlers, one per system call
	@$(MAKE) --no-print-directory battery-objects
battery-objects: $(patsubst $(B)/gen/handlers/%.c,$(B)/battery/%.o,$(wildcard $(B)/gen/handlers/*.bpf.c))

# ---- Manual

.PHONY: man
man: $(B)/man/traceleft.events.7
$(B)/man/traceleft.events.7: policy/events.yaml $(B)/generate
	@mkdir -p $(@D)
	$(B)/generate man $< > $@.tmp && mv $@.tmp $@

# ---- Main targets

.PHONY: dependencies demo
dependencies:
	packaging/install-dependencies

demo: ## set up, build, audit a small workload
	packaging/install-dependencies --build
	$(MAKE) -j$(JOBS) all
	tests/demo

.PHONY: check check-unit check-host check-vm check-collectors bench soak endurance
check: ## all tests
	packaging/install-dependencies
	tests/check
check-unit: ## unit tests, plain and sanitised, and a short run of the fuzz targets
	tests/check unit
check-host: ## tests on this machine's kernel; traces only its own processes
	tests/check host
check-vm: ## kernel matrix and service tests in virtual machines
	tests/check vm
check-collectors: all test-tools ## outputs against ClickHouse and other programs, which it installs; TL_EVENTS=1000000
	packaging/install-dependencies --collectors
	tests/collectors/run
bench: all ## costs as ratios, in one run
	tests/bench/run
soak: all ## ten million events: memory, descriptors and objects in the kernel stay as they are
	tests/bench/soak
endurance: all deb test-tools ## 100 reloads, 20 restarts and 5 kills of the service under load, in a virtual machine: an hour or two
	tests/vm/endurance

# Their tables and texts are laid by hand.
unformatted := policy/constants.c policy/expression-check.c lib/values-%.c lib/values-tables.h lib/columns.c lib/fields.c lib/functions.c lib/encode-type.c \
	tests/events/harness.h tests/unit/test-cgroup.c tests/unit/test-encode-json.c tests/unit/test-policy.c tests/unit/test-verify.c
.PHONY: format
format: ## format the C sources
	$(CLANG_FORMAT) -i $(filter-out $(unformatted),\
		$(wildcard bpf/*.[ch] lib/*.[ch] policy/*.[ch] daemon/*.[ch] cli/*.[ch] tests/*/*.[ch]))

.PHONY: clean
clean: ## remove build/ but for the machines' images
	rm -rf $(filter-out $(B)/vm,$(wildcard $(B)/*))

include packaging/install.mk
include tests/tests.mk

-include $(wildcard $(B)/obj/*/*.d $(B)/obj/*/*/*.d $(B)/bpf/*.d $(B)/battery/*.d)
