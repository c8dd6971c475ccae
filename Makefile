# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the tests in C, with the machine's own compiler and C library, so
# that the sanitizers can watch.  Called by test/run, in the top directory:
#
#     make -f test/Makefile

OUT := build/$(if $(COVERAGE),coverage/)test
# tier.c has main(), and init.c is for PID 1; these two of region.c need libcxl,
# which is not in Debian in the form wanted here.
LEFT_OUT := tier.c init.c region.c region_choose.c
SOURCES := $(filter-out $(LEFT_OUT),$(wildcard *.c))
TESTS := $(patsubst test/%.c,%,$(wildcard test/*_test.c))

CC := gcc
CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -D_GNU_SOURCE \
	-DTIER_VERSION='"test"' -fno-omit-frame-pointer \
	-ffunction-sections -fdata-sections -MMD -pthread
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all
TSAN := -fsanitize=thread
# The sanitizers have their own run: test/coverage counts lines instead
ifdef COVERAGE
ASAN := --coverage -fprofile-update=atomic
TSAN := $(ASAN)
endif
LIBS := -lnuma -lm
# The cJSON that tier is linked with, made by ./build.sh deps
CJSON := build/deps/src
CFLAGS += -isystem $(CJSON)

all: $(TESTS:%=$(OUT)/%) $(OUT)/gups_tsan_test $(OUT)/replay

# Of the project's files a test gets those that it calls.
$(OUT)/asan/tier.a: $(SOURCES:%.c=$(OUT)/asan/%.o) $(OUT)/asan/cJSON.o
	@rm -f $@
	ar rcs $@ $^

$(OUT)/asan/%.o: %.c test/Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(ASAN) -c $< -o $@

$(OUT)/asan/%.o: test/%.c test/Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(ASAN) -c $< -o $@

$(OUT)/asan/cJSON.o: $(CJSON)/cjson/cJSON.c test/Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(ASAN) -w -include $(<D)/config.h -c $< -o $@

$(OUT)/%: $(OUT)/asan/%.o $(OUT)/asan/tier.a
	$(CC) $(ASAN) -pthread $^ -o $@ $(LIBS) $(LDFLAGS)


# Threads and races are another sanitizer's.
TSAN_PARTS := test/gups_test.c heartbeat.c loops.c pattern.c sketch.c \
	stream.c table.c tlb.c util.c
$(OUT)/gups_tsan_test: $(TSAN_PARTS) $(wildcard *.h test/*.h) gups.c \
		test/Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $(OUT)/tsan.d $(TSAN) $(TSAN_PARTS) -o $@ $(LIBS)

# The oracle shares no code with tier.
$(OUT)/replay: test/replay.c test/oracle.h test/Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $(OUT)/replay.d -O2 $< -o $@

# Fuzz targets: clang's, with a libFuzzer's main() (make fuzz)
FUZZ := $(OUT)/fuzz
TARGETS := $(patsubst test/fuzz/%.c,%,$(wildcard test/fuzz/*.c))
FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
# Its warnings of the program itself are not those that are kept to
FUZZ_CFLAGS := $(filter-out -Werror,$(CFLAGS)) -Wno-unused-but-set-variable

fuzz: $(TARGETS:%=$(FUZZ)/%)

$(FUZZ)/obj/%.o: %.c test/Makefile
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) $(FUZZ_SAN) -c $< -o $@

$(FUZZ)/obj/%.o: test/fuzz/%.c test/Makefile
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) $(FUZZ_SAN) -c $< -o $@

$(FUZZ)/obj/cJSON.o: $(CJSON)/cjson/cJSON.c test/Makefile
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) $(FUZZ_SAN) -w -include $(<D)/config.h -c $< -o $@

# The parts that read what others wrote, and what those call
FUZZ_PARTS := await damo damon damon_make damon_show damon_tree family findings \
	heat kdamond kernlog memblock node plan plan_options poison policy ranges \
	region_read report residence sysfs table undo util vmstat zone
$(FUZZ)/obj/tier.a: $(FUZZ_PARTS:%=$(FUZZ)/obj/%.o) $(FUZZ)/obj/cJSON.o
	@rm -f $@
	ar rcs $@ $^

$(FUZZ)/%: $(FUZZ)/obj/%.o $(FUZZ)/obj/tier.a
	clang -fsanitize=fuzzer,address,undefined -pthread $^ -o $@ $(LIBS)

.SECONDARY:
-include $(wildcard $(OUT)/fuzz/obj/*.d)
-include $(wildcard $(OUT)/asan/*.d)
