# SPDX-License-Identifier: GPL-2.0-only
#
# What is compiled: tier, QEMU's plugin, the tests.  build.sh calls it, once
# the libraries of deps/ are there, with VERSION and what else it knows:
#
#     ./build.sh tier                  build/tier
#     ./build.sh plugin                build/tier-pmu.so
#     make tests                       build/test/*_test (what build.sh test does)
#     make build/test/text_test        one of them
#
# With COVERAGE=DIRECTORY all of it counts the lines that are run (./build.sh
# coverage).  An object lies below its directory as its source does here.

# The rooms, each above those that follow it (test/host/rules.t)
ROOMS := . cmd tiering damon cxl bench mm lib

B := build
VERSION ?= unknown
DEPS := $B/deps
MUSL := $(DEPS)/bin/musl-cc

SOURCES := $(patsubst ./%,%,$(wildcard $(ROOMS:%=%/*.c)))

# --- flags ---------------------------------------------------------------

# A row of a table may leave out its last, empty members.
COMMON := -std=gnu11 -Wall -Wextra -Wno-missing-field-initializers -Werror \
	-D_GNU_SOURCE -I.
COUNT := --coverage -fprofile-update=atomic

TIER_CFLAGS := $(COMMON) -g0 -ffunction-sections -fdata-sections \
	-fstack-protector -malign-data=abi -fno-asynchronous-unwind-tables \
	-DTIER_VERSION='"$(VERSION)"'
# RELRO would do nothing in a static program but fill a page. Sorted, what is
# aligned to 128 bytes or more (UNCROSSED) leaves no gaps between the others.
TIER_LDFLAGS := -s -Wl,--gc-sections,-z,noseparate-code \
	-Wl,--sort-section=alignment \
	-Wl,-z,norelro,-z,common-page-size=64
# a library comes before those it needs
TIER_LIBS := -lcxl -ldaxctl -lnuma -luuid -lcjson -lm
# What -Oz leaves on though it makes code larger, 0.7 % together (gcc 12)
SMALLER := -fno-caller-saves -fno-move-loop-invariants -fno-tree-loop-im \
	-fno-tree-dominator-opts -fno-tree-tail-merge
# Small, but for files that say otherwise themselves, in a line
# "/* CFLAGS: ... */": where the update loop is, for instance.
TIER_SMALL := -Oz $(SMALLER)
TIER_OWN = $(shell sed -n 's,^/\* CFLAGS: \(.*\) \*/$$,\1,p' $<)
# 256 KiB held GUPS, the regions, the policies and DAMON; patterns, pressure,
# timelines and the verbs beside them took 80 more; machines that are not ours
# (sets of nodes and CPUs of any size, limits of a job, what memory is) took 80
# more; DAMON's YAML and figures with intervals (of samples, of what a policy can
# tell apart), and modelled time, took 32; what a report closes with, and policies
# as files, 64; memory that comes and goes, and programs side by side, the rest.
# Loading them takes 0.1 ms of a boot. The limit is there so that growth is
# noticed, and decided.
TIER_MAX_BYTES := 507904

PLUGIN_CFLAGS := $(COMMON) -O2 -fPIC -shared -fvisibility=hidden -s

TEST_CC := gcc
TEST_CFLAGS := $(COMMON) -Itest/unit -O1 -g -DTIER_VERSION='"test"' \
	-fno-omit-frame-pointer -ffunction-sections -fdata-sections -pthread \
	-isystem $(DEPS)/src
TEST_LIBS := -lnuma -lm
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all
TSAN := -fsanitize=thread

OBJ := $B/obj
TEST := $B/test
TIER_OBJECTS = $(SOURCES:%.c=$(OBJ)/%.o)
ifdef COVERAGE
OBJ := $B/coverage/obj
TEST := $B/coverage/test
TIER_CFLAGS += $(COUNT)
# The lines are those that were written
TIER_SMALL := -O1
TIER_OWN :=
TIER_LDFLAGS += -Wl,--wrap=_exit,--wrap=reboot,--wrap=kill \
	-Wl,--wrap=__gcov_execv
TIER_LIBS += -lgcov
TIER_MAX_BYTES := 4194304
SOURCES += test/coverage.c
PLUGIN_CFLAGS += -O1 $(COUNT) -dumpdir $B/coverage/plugin/
# The sanitizers have their own run
ASAN := $(COUNT)
TSAN := $(COUNT)
endif

# What a compiler that was killed leaves is never taken for what it makes: it
# writes $@.new, which is called $@ when it is done, and its list of headers, if
# it writes one, before that.
comma := ,
into = $1 $@.new && mv $@.new $@
deps = -MMD -MP -MT $@ -MF $@.d.new
with_deps = $1 $@.new && mv $@.d.new $(@:.o=.d) && mv $@.new $@

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: tier plugin tests fuzz FORCE
.DEFAULT_GOAL := tier

# Objects are as old as the flags they were made with: $(call flags,FILE,TEXT)
# writes the text to the file if it is another one.
define flags
$(shell mkdir -p $(dir $1); printf '%s\n' '$(subst ','\'',$2)' | cmp -s - $1 || \
	printf '%s\n' '$(subst ','\'',$2)' >$1)
endef

# --- tier ------------------------------------------------------------------

tier: $B/tier
ifeq ($(filter tests fuzz plugin $(TEST)/%,$(MAKECMDGOALS)),)
$(call flags,$(OBJ)/flags,$(TIER_CFLAGS) $(TIER_SMALL) $(TIER_LDFLAGS) $(COVERAGE) \
	$(shell cksum <$B/stamps/deps))
$(call flags,$(OBJ)/sources,$(SOURCES))
endif

# A compiler that was told -static can still make a dynamic executable
$B/tier: $(TIER_OBJECTS) $(OBJ)/sources $(DEPS)/lib/libc-small.o
	$(MUSL) -o $@.new $(TIER_LDFLAGS) $(TIER_OBJECTS) \
		$(DEPS)/lib/libc-small.o $(TIER_LIBS)
	@! readelf -lWd $@.new | grep -E 'INTERP|NEEDED' || \
		{ echo "tier is not static" >&2; false; }
	@size=$$(stat -c %s $@.new); [ $$size -le $(TIER_MAX_BYTES) ] || \
		{ echo "tier has $$size bytes, more than $(TIER_MAX_BYTES)" >&2; false; }
	@mv $@.new $@
	@echo "  tier: $@, $$(stat -c %s $@) bytes"

# A relative name, so that neither __FILE__ nor a warning names a directory
$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	@echo "  compiling $<"
	@$(call with_deps,$(MUSL) $(TIER_CFLAGS) $(or $(TIER_OWN),$(TIER_SMALL)) \
		$(deps) -c $< -o)

# --- the plugin --------------------------------------------------------------

plugin: $B/tier-pmu.so
ifneq ($(filter plugin,$(MAKECMDGOALS)),)
$(call flags,$B/plugin.flags,$(PLUGIN_CFLAGS))
endif

$B/tier-pmu.so: $(wildcard plugin/*.[ch]) $B/plugin.flags
	@echo "  compiling $(@F)"
	@mkdir -p $(if $(COVERAGE),$B/coverage/plugin,$(@D))
	@$(call into,gcc $(PLUGIN_CFLAGS) $(wildcard plugin/*.c) -o)

# --- tests -------------------------------------------------------------------
#
# With the machine's own compiler and C library, so that the sanitizers can
# watch. Of the project's files a test gets those that it calls.

# tier.c has main(), init.c is for PID 1, and two files of cxl/ need libcxl,
# which is not in Debian in the form wanted here: test/unit/no_libcxl.c
# stands in for them.
LEFT_OUT := tier.c init.c cxl/region.c cxl/region_choose.c test/coverage.c
TESTED := $(filter-out $(LEFT_OUT),$(SOURCES)) plugin/options.c plugin/heat.c \
	test/unit/no_libcxl.c
UNIT := $(patsubst test/unit/%.c,%,$(wildcard test/unit/*_test.c))

tests: $(UNIT:%=$(TEST)/%) $(TEST)/gups_tsan_test $(TEST)/replay

ifneq ($(filter tests fuzz $(TEST)/%,$(MAKECMDGOALS)),)
$(call flags,$(TEST)/asan/flags,$(TEST_CFLAGS) $(ASAN))
$(call flags,$(TEST)/asan/sources,$(TESTED))
endif

$(TEST)/asan/tier.a: $(TESTED:%.c=$(TEST)/asan/%.o) $(TEST)/asan/cJSON.o \
		$(TEST)/asan/sources
	@rm -f $@.new
	@ar qcs $@.new $(filter %.o,$^)
	@mv $@.new $@

$(TEST)/asan/%.o: %.c $(TEST)/asan/flags
	@mkdir -p $(@D)
	@echo "  compiling $< for tests"
	@$(call with_deps,$(TEST_CC) $(TEST_CFLAGS) $(ASAN) $(deps) -c $< -o)

# The cJSON that tier is linked with
CJSON := $(DEPS)/src/cjson
$(TEST)/asan/cJSON.o: $(CJSON)/cJSON.c $(TEST)/asan/flags
	@mkdir -p $(@D)
	@$(call into,$(TEST_CC) $(TEST_CFLAGS) $(ASAN) -w \
		-include $(<D)/config.h -c $< -o)

# A line "/* WRAP: f g */" in a test: calls of f() from other files come to its
# __wrap_f(), which may call __real_f() (ld --wrap).
TEST_WRAP = $(addprefix -Wl$(comma)--wrap=,$(shell \
	sed -n 's,^/\* WRAP: \(.*\) \*/$$,\1,p' test/unit/$*_test.c))

$(TEST)/%_test: $(TEST)/asan/test/unit/%_test.o $(TEST)/asan/tier.a
	@$(call into,$(TEST_CC) $(ASAN) -pthread -Wl$(comma)--gc-sections \
		$(TEST_WRAP) $^ $(TEST_LIBS) $(LDFLAGS) -o)

# Threads and races are another sanitizer's.
TSAN_PARTS := test/unit/gups_test.c bench/tlb_flusher.c bench/worker_pool.c \
	bench/gups_loops.c bench/pattern.c bench/checksum.c bench/prng.c \
	bench/table.c bench/tlb.c bench/place.c mm/cpu.c mm/headroom.c sysfs.c \
	lib/alloc.c lib/error.c lib/text.c lib/time.c lib/wait.c
$(TEST)/gups_tsan_test: $(TSAN_PARTS) gups.c $(TEST)/asan/flags \
		$(wildcard *.h bench/*.h mm/*.h lib/*.h test/unit/*.h)
	@echo "  compiling $(@F)"
	@$(call into,$(TEST_CC) $(TEST_CFLAGS) $(TSAN) $(TSAN_PARTS) $(TEST_LIBS) -o)

# The oracle shares no code with tier.
$(TEST)/replay: test/unit/replay.c test/unit/oracle.h $(TEST)/asan/flags
	@$(call into,$(TEST_CC) $(TEST_CFLAGS) -O2 $< -o)

# --- fuzz targets: clang's, with a libFuzzer's main() -------------------------

FUZZ := $(TEST)/fuzz
FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# Its warnings of the program itself are not those that are kept to
FUZZ_CFLAGS := $(filter-out -Werror,$(TEST_CFLAGS)) -O0 \
	-Wno-unused-but-set-variable

fuzz: $(patsubst test/fuzz/%.c,$(FUZZ)/%,$(wildcard test/fuzz/*.c))

$(FUZZ)/obj/%.o: %.c $(TEST)/asan/flags
	@mkdir -p $(@D)
	@$(call with_deps,clang $(FUZZ_CFLAGS) $(FUZZ_SAN) $(deps) -c $< -o)

$(FUZZ)/obj/cJSON.o: $(CJSON)/cJSON.c
	@mkdir -p $(@D)
	@$(call into,clang $(FUZZ_CFLAGS) $(FUZZ_SAN) -w \
		-include $(<D)/config.h -c $< -o)

$(FUZZ)/obj/tier.a: $(TESTED:%.c=$(FUZZ)/obj/%.o) $(FUZZ)/obj/cJSON.o
	@rm -f $@.new
	@ar qcs $@.new $^
	@mv $@.new $@

$(FUZZ)/%: $(FUZZ)/obj/test/fuzz/%.o $(FUZZ)/obj/tier.a
	@$(call into,clang -fsanitize=fuzzer$(comma)address$(comma)undefined \
		-pthread $^ $(TEST_LIBS) -o)

FORCE:

-include $(shell find $(OBJ) $(TEST)/asan $(FUZZ)/obj -name '*.d' -type f 2>/dev/null)
