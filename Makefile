# SPDX-License-Identifier: ISC
# GNU make. `make` builds build/bin/*, `make check` runs every test, `make help` lists the rest.
# config.mk, where there is one, may set CC, CFLAGS, PREFIX, BUILD ... for this checkout.
VERSION = 0.1.0
-include config.mk

CC ?= cc
CLANG ?= clang
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
OPT ?= -O3
CFLAGS ?= $(OPT) -g
BUILD ?= build
SAN_CHECKS = address,undefined
JOBS ?= 2
ifndef PYTHON
PYTHON := $(shell python3 -c 'import numpy' 2>/dev/null && echo python3 || echo /usr/bin/python3)
endif

# Each library as pkg-config and as Debian call it; ./bootstrap reads these lines too.
LIBRARIES = libzstd=libzstd-dev jansson=libjansson-dev libxxhash=libxxhash-dev libpng=libpng-dev zlib=zlib1g-dev
TEST_LIBRARIES = cmocka=libcmocka-dev
# Without these some files are left out; make HAVE_OPTIONAL= leaves them out in any case.
OPTIONAL_LIBRARIES = matio=libmatio-dev
NEEDS_matio = libcommon/mat.c tools/mat2tensor.c man/mat2tensor.1

pc = $(foreach l,$(1),$(firstword $(subst =, ,$(l))))
PC := $(call pc,$(LIBRARIES))
HAVE_OPTIONAL := $(foreach l,$(call pc,$(OPTIONAL_LIBRARIES)),$(shell pkg-config --exists $(l) 2>/dev/null \
	&& echo $(l)))
LEFT_OUT = $(foreach l,$(filter-out $(HAVE_OPTIONAL),$(call pc,$(OPTIONAL_LIBRARIES))),$(NEEDS_$(l)))
PC_CFLAGS := $(shell pkg-config --cflags $(PC) $(HAVE_OPTIONAL) 2>/dev/null)
PC_LIBS := $(shell pkg-config --libs $(PC) $(HAVE_OPTIONAL) 2>/dev/null)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
DEFS = -D_POSIX_C_SOURCE=200809L -DPOTSTILL_VERSION='"$(VERSION)"'
SAN_FLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
ALL_CFLAGS = -std=c11 $(WARN) $(DEFS) -Ilibcommon -fno-math-errno -ffp-contract=off -pthread \
	$(CFLAGS) $(SAN_FLAGS) $(PC_CFLAGS)
ALL_LIBS = -Wl,--as-needed $(PC_LIBS) -lm -pthread

SRC = $(filter-out $(LEFT_OUT),$(wildcard libcommon/*.c tools/*.c tests/unit/*.c tests/fuzz/*.c))
OBJ = $(SRC:%.c=$(BUILD)/%.o)
LIB_OBJ = $(filter $(BUILD)/libcommon/%,$(OBJ))
TOOLS = $(patsubst tools/%.c,$(BUILD)/bin/%,$(filter tools/%,$(SRC)))
UNITS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c))
FUZZ = $(patsubst tests/fuzz/%.c,%,$(filter-out %/replay.c,$(wildcard tests/fuzz/*.c)))
REPLAYS = $(FUZZ:%=$(BUILD)/tests/replay-%)
MAN = $(filter-out $(LEFT_OUT),$(wildcard man/*.[1-9]))

# One short line a step; make V=1 shows the commands.
step = $(if $(V),,@echo '  $(1) $(if $(2),$(2),$@)';)

all: $(BUILD)/libpotstill.a $(TOOLS)

$(BUILD)/libpotstill.a: $(LIB_OBJ)
	@rm -f $@
	$(call step,AR)$(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile $(wildcard config.mk) | $(BUILD)/have-libraries
	@mkdir -p $(@D)
	$(call step,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bin/%: $(BUILD)/tools/%.o $(BUILD)/libpotstill.a
	@mkdir -p $(@D)
	$(call step,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libpotstill.a
	@mkdir -p $(@D)
	$(call step,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs cmocka) $(ALL_LIBS)

# Fuzz targets: run on tests/data under `make check`, by libFuzzer under `make fuzz`.
$(BUILD)/tests/replay-%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/libpotstill.a
	@mkdir -p $(@D)
	$(call step,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/fuzz-%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libpotstill.a
	$(call step,LD)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

# What is missing, in one line, before the compiler says it in twenty.
missing = $(if $(shell command -v pkg-config),$(foreach l,$(1),$(shell pkg-config --exists \
	$(call pc,$(l)) || echo $(lastword $(subst =, ,$(l))))),pkg-config)
complain = $(if $(strip $(1)),$(error missing Debian packages: $(strip $(1)) (./bootstrap TARGET \
	installs what a target needs)))

$(BUILD)/have-libraries:
	$(call complain,$(if $(shell command -v $(CC)),$(call missing,$(LIBRARIES)),gcc))
	@mkdir -p $(@D) && touch $@

$(BUILD)/have-tests:
	$(call complain,$(call missing,$(TEST_LIBRARIES)))
	@mkdir -p $(@D) && touch $@

units: $(BUILD)/have-tests $(UNITS) $(REPLAYS)

$(filter $(BUILD)/tests/%,$(OBJ)): | $(BUILD)/have-tests

# make check TESTS="build/tests/err tests/cli/lib.t" runs only these.
TESTS = $(UNITS) $(REPLAYS) $(wildcard tests/cli/*.t $(if $(SAN),,tests/project/*.t tests/project/*.py))

check: all units
	@BUILD=$(BUILD) CC="$(CC)" PYTHON=$(PYTHON) JOBS=$(JOBS) tests/run $(TESTS)

check-san:
	@ASAN_OPTIONS=$${ASAN_OPTIONS-detect_stack_use_after_return=1:strict_string_checks=1} \
	UBSAN_OPTIONS=$${UBSAN_OPTIONS-print_stacktrace=1} \
	$(MAKE) BUILD=$(BUILD)/san SAN=$(SAN_CHECKS) OPT=-O1 check

# make fuzz: each target of tests/fuzz by libFuzzer for FUZZ_SECONDS, from the corpus of tests/data.
FUZZ_SECONDS ?= 60
fuzz:
	+@$(MAKE) BUILD=$(BUILD)/fuzz CC="$(CLANG)" SAN=fuzzer-no-link,$(SAN_CHECKS) OPT=-O1 fuzzers
	@mkdir -p $(FUZZ:%=$(BUILD)/fuzz/corpus-%)
	$(foreach f,$(FUZZ),$(BUILD)/fuzz/fuzz-$(f) -max_total_time=$(FUZZ_SECONDS) -timeout=20 -max_len=65536 \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus-$(f) tests/data \
		$(wildcard tests/fuzz/$(f)) &&) :
fuzzers: $(FUZZ:%=$(BUILD)/fuzz-%)

# lint: both compilers with every warning an error, then the tools that read code. Each C file's
# clang-tidy leaves a stamp, so that a second run looks only at what has changed.
SCRIPTS = bootstrap .ci/run tests/run tests/run-one $(wildcard tests/*.sh tests/*/*.t tests/bench/run \
	tests/man-examples pipelines/*.sh pipelines/*/*.sh pipelines/*/run)
TIDY = $(SRC:%.c=$(BUILD)/lint/%.tidy)

lint: lint-gcc lint-clang lint-format lint-cppcheck lint-scripts lint-man lint-tidy
lint-gcc:
	+@$(MAKE) BUILD=$(BUILD)/lint/gcc CC="$(CC)" CFLAGS="-O2 -Werror" all units
lint-clang:
	+@$(MAKE) BUILD=$(BUILD)/lint/clang CC="$(CLANG)" CFLAGS="-O2 -Werror" all units
lint-format:
	@clang-format --dry-run --Werror $(SRC) $(wildcard libcommon/*.h tests/unit/*.h)
lint-cppcheck:
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=invalidFunctionArg --suppress=ctuuninitvar --error-exitcode=1 $(DEFS) \
		'-D_Noreturn=__attribute__((noreturn))' -Ilibcommon $(SRC)
lint-scripts:
	@shellcheck -x -P SCRIPTDIR -e SC1091,SC2016,SC2094,SC2317 $(wildcard $(SCRIPTS))
lint-man:
	@! mandoc -T lint -W style $(MAN) | grep -v 'STYLE: referenced manual not found' # see man.py
lint-tidy: $(TIDY)
$(BUILD)/lint/%.tidy: %.c Makefile .clang-tidy $(wildcard libcommon/*.h tests/unit/*.h)
	@mkdir -p $(@D)
	$(call step,TIDY,$<)clang-tidy --quiet $< -- $(ALL_CFLAGS) >$@.log 2>$@.err || { cat $@.log; grep error: $@.err; exit 1; }
	@touch $@

install: all
	install -d "$(DESTDIR)$(PREFIX)/bin"
	$(if $(TOOLS),install -m 755 $(TOOLS) "$(DESTDIR)$(PREFIX)/bin")
	$(foreach m,$(MAN),install -D -m 644 $(m) "$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))" &&) :

uninstall:
	rm -f $(foreach t,$(TOOLS),"$(DESTDIR)$(PREFIX)/bin/$(notdir $(t))") \
		$(foreach m,$(MAN),"$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))")

demo: all
	BUILD=$(abspath $(BUILD)) pipelines/demo/run

bench: all
	BUILD=$(abspath $(BUILD)) PYTHON=$(PYTHON) tests/bench/run $(BENCH_FLAGS)

clean:
	rm -rf $(BUILD)

help:
	@echo 'all check check-san fuzz lint install uninstall demo bench clean; variables: CC CFLAGS OPT SAN V'
	@echo 'BUILD PREFIX MANDIR DESTDIR PYTHON JOBS (tests at once) TESTS (run only these)'

.PHONY: all units fuzz fuzzers check check-san lint lint-gcc lint-clang lint-format lint-cppcheck lint-scripts \
	lint-man lint-tidy install uninstall demo bench clean help
.SECONDARY:
-include $(OBJ:.o=.d)
