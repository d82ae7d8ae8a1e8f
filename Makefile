# SPDX-License-Identifier: ISC
# GNU make. `make` builds build/bin/*, `make check` runs every test; config.mk may set
# CC, CFLAGS, PREFIX ... for this checkout.
VERSION = 0.1.0
-include config.mk

CC ?= cc
PREFIX ?= /usr/local
OPT ?= -O3
CFLAGS ?= $(OPT) -g
BUILD ?= build
PYTHON ?= $(shell python3 -c 'import numpy' 2>/dev/null && echo python3 || echo /usr/bin/python3)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
PACKAGES = libzstd jansson libxxhash libpng zlib
DEFS = -D_POSIX_C_SOURCE=200809L -DPOTSTILL_VERSION='"$(VERSION)"'
ALL_CFLAGS = -std=c11 $(WARN) $(DEFS) -Ilibcommon -fno-math-errno -ffp-contract=off -pthread $(CFLAGS) $(SAN_FLAGS) \
	$(shell pkg-config --cflags $(PACKAGES))
ALL_LIBS = -lblis $(shell pkg-config --libs $(PACKAGES)) -lm -pthread

SAN_FLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)

LIB_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard libcommon/*.c))
TOOLS = $(patsubst tools/%.c,$(BUILD)/bin/%,$(wildcard tools/*.c))
UNITS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c))

all: $(TOOLS)

$(BUILD)/libpotstill.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bin/%: $(BUILD)/tools/%.o $(BUILD)/libpotstill.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libpotstill.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs cmocka) $(ALL_LIBS)

units: $(UNITS)

# make check TESTS="build/tests/err tests/cli/lib.t" runs only these.
TESTS = $(UNITS) $(wildcard tests/cli/*.t tests/project/*.t tests/project/*.py)

check: all units
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tests/run $(TESTS)

clean:
	rm -rf $(BUILD)

.PHONY: all units check clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
