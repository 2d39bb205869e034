# SPDX-License-Identifier: GPL-3.0-or-later
# One Makefile, not recursive. `make help` lists the targets.
#
#   make                    build/nines (release)
#   make VARIANT=san ...    debug | san | tsan | cov beside it, in build/<variant>/
#
# Sources are found by wildcard: a new file needs no line here.

SHELL       := /bin/bash
.SHELLFLAGS := -o pipefail -c
VARIANT ?= release
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
B       := build/$(VARIANT)

STD     := -std=c17 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion \
           -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual \
           -Wvla -Wundef -Wformat=2 -fno-common -ffp-contract=off -Werror
DEFS    := -I. -DHAVE_INLINE -DGSL_RANGE_CHECK_OFF
OPT_release := -O2 -g
# The engine's hot path gains 10 to 15 % from -O3 (make bench); the rest gains nothing.
OPT_SIM_release := -O3
OPT_debug   := -O0 -g3 -DSIM_DEBUG
OPT_san     := -O1 -g -DSIM_DEBUG -fno-omit-frame-pointer \
               -fsanitize=address,undefined -fno-sanitize-recover=undefined
OPT_tsan    := -O1 -g -DSIM_DEBUG -fsanitize=thread
OPT_cov     := -O0 -g --coverage -DSIM_DEBUG
OPT     := $(OPT_$(VARIANT))
CFLAGS_ALL := $(STD) $(WARN) $(DEFS) $(OPT) -pthread $(CFLAGS)
LDLIBS  := -lgsl -lgslcblas -lyaml -ljansson -lamd -lm -pthread
LDFLAGS_ALL := $(OPT) $(LDFLAGS)

SIM_SRC    := $(wildcard sim/*.c)
MODEL_SRC  := $(wildcard models/*.c models/*/*.c)
CLI_SRC    := $(filter-out cli/main.c,$(wildcard cli/*.c))
LIB_SRC    := $(SIM_SRC) $(MODEL_SRC) $(CLI_SRC)
LIB_OBJ    := $(LIB_SRC:%.c=$(B)/%.o)
ASSETS     := $(wildcard configs/catalog/*.yaml configs/schema/* plots/*)
ALL_SRC    := $(LIB_SRC) cli/main.c $(wildcard tests/*/*.c)
HEADERS    := $(wildcard sim/*.[h] models/*.h models/*/*.h cli/*.h tests/*/*.h)
DEF_FILES  := $(wildcard sim/*.def models/*/*.def cli/*.def)

.DEFAULT_GOAL := all
.PHONY: all help deps deps-check demo test check soak validation \
        bench fuzz mutation long-tests layers shape \
        format format-check tidy tidy-files shellcheck cppcheck test-unit test-cli test-san test-tsan install clean
.SECONDARY:
.DELETE_ON_ERROR:

all: build/nines ## build the program: build/nines

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | \
	  awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'

# ---- dependencies -----------------------------------------------------------
DEB_BUILD := gcc make libc6-dev libgsl-dev libyaml-dev libjansson-dev librandom123-dev \
             libsuitesparse-dev
DEB_RUN   := gnuplot-nox fonts-dejavu-core
DEB_TEST  := libcriterion-dev bats jq python3-jsonschema python3-yaml shellcheck
DEB_CHECK := clang clang-format clang-tidy cppcheck libclang-rt-14-dev
DEB_ALL   := $(DEB_BUILD) $(DEB_RUN) $(DEB_TEST)
SUDO      := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# $(call need,packages): installs those that are missing, and says so.
define need
	@missing=""; for p in $(1); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || \
	  missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "installing:$$missing"; \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	    --no-install-recommends $$missing >/dev/null; fi
endef

deps: ## install what building, running and testing need (Debian packages)
	$(call need,$(DEB_ALL))

deps-check: deps
	$(call need,$(DEB_CHECK))

# ---- building ---------------------------------------------------------------
build/nines: build/release/nines
	@ln -sf release/nines $@

$(B)/nines: $(B)/cli/main.o $(LIB_OBJ) $(B)/gen/assets.o
	@mkdir -p $(@D)
	@echo "LD $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)

$(B)/sim/%.o: CFLAGS_ALL += $(OPT_SIM_$(VARIANT))
$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "CC $<"
	@$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Built-in files: one .incbin each and a table of (name, start, end).
$(B)/gen/assets.S: $(ASSETS) Makefile
	@mkdir -p $(@D)
	@{ echo '.section .rodata'; i=0; for f in $(ASSETS); do \
	    printf '.L_n%d: .asciz "%s"\n.balign 16\n.L_s%d: .incbin "%s"\n.L_e%d: .byte 0\n' \
	      $$i $$f $$i $$f $$i; i=$$((i+1)); done; \
	  echo '.section .data.rel.ro,"aw"'; echo '.balign 16'; \
	  echo '.globl ha_raw_assets'; \
	  echo 'ha_raw_assets:'; i=0; for f in $(ASSETS); do \
	    printf '.quad .L_n%d, .L_s%d, .L_e%d\n' $$i $$i $$i; i=$$((i+1)); done; \
	  echo '.quad 0, 0, 0'; echo '.section .note.GNU-stack,"",@progbits'; } > $@

$(B)/gen/assets.o: $(B)/gen/assets.S
	@echo "AS $<"
	@$(CC) -c -o $@ $<

# ---- tests ------------------------------------------------------------------
# One Criterion program per folder; each test runs in a process of its own.
TEST_DIRS := unit contract oracle
TEST_BINS := $(foreach d,$(TEST_DIRS),$(if $(wildcard tests/$(d)/*.c),$(B)/test-$(d)))

define test_program
$(B)/test-$(1): $$(patsubst %.c,$(B)/%.o,$$(wildcard tests/$(1)/*.c tests/support/*.c)) \
                $$(LIB_OBJ) $(B)/gen/assets.o
	@echo "LD $$@"
	@$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(LDLIBS) -lcriterion
endef
$(foreach d,$(TEST_DIRS),$(eval $(call test_program,$(d))))

test: deps ## quick tests: units, contracts, oracles, command line
	@$(MAKE) --no-print-directory -j$(JOBS) all $(TEST_BINS)
	@$(MAKE) --no-print-directory test-unit
	@$(MAKE) --no-print-directory test-cli

JOBS ?= $(shell nproc)

test-unit: $(TEST_BINS)
	@set -e; for t in $(TEST_BINS); do echo "== $$t"; ./$$t -j$(JOBS); done

test-cli: $(B)/nines
	@NINES="$(CURDIR)/$(B)/nines" bats --jobs 1 tests/cli

# The long statistical test; SOAK_SEEDS and SOAK_TRAPS make it shorter or longer.
SOAK_SEEDS ?= 200
SOAK_TRAPS ?= 10
SOAK_LONGEST ?= 10

$(B)/soak: $(B)/tests/soak/soak.o $(B)/tests/soak/small.o $(B)/tests/support/problem.o \
           $(LIB_OBJ) $(B)/gen/assets.o
	@echo "LD $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)

# What takes too long to be run for each change must at least be built.
long-tests: $(B)/soak $(B)/bench

soak: $(B)/soak ## long statistical tests: coverage over 200 seeds, traps at three budgets
	@$(B)/soak $(SOAK_SEEDS) $(SOAK_TRAPS) $(SOAK_LONGEST)

validation: $(B)/soak ## the same, written to docs/validation.md
	@$(B)/soak $(SOAK_SEEDS) $(SOAK_TRAPS) $(SOAK_LONGEST) > $(B)/validation.md; held=$$?; \
	  cp $(B)/validation.md docs/validation.md; exit $$held

# ---- checks -----------------------------------------------------------------
check: deps-check ## everything before a release: style, analysers, sanitizers, fuzzing
	@$(MAKE) --no-print-directory -j$(JOBS) all test-unit
	@$(MAKE) --no-print-directory layers shape format-check shellcheck
	@$(MAKE) --no-print-directory long-tests mutation
	@$(MAKE) --no-print-directory tidy cppcheck
	@$(MAKE) --no-print-directory -j$(JOBS) test-san
	@$(MAKE) --no-print-directory -j$(JOBS) test-tsan
	@$(MAKE) --no-print-directory fuzz FUZZ_S=60

layers: build/nines ## direction of includes, prefixes of names
	@tests/style/layers.sh build/release

shape: ## length of lines, functions and files
	@tests/style/shape.sh

format: ## rewrite sources in house style
	@clang-format -i $(FORMAT_FILES)

format-check:
	@clang-format --dry-run -Werror $(FORMAT_FILES) && echo "format: clean"

FORMAT_FILES = $(shell find sim models cli tests -name '*.[ch]')

# One stamp per source file, later than its object file: so a file is analysed again when
# it or a header that it includes has changed. SINCE=main takes only the files changed
# since that commit.
TIDY_SRC    := $(LIB_SRC) cli/main.c
ifneq ($(SINCE),)
TIDY_SRC    := $(filter $(TIDY_SRC),$(shell git diff --name-only $(SINCE)))
endif
TIDY_STAMPS := $(patsubst %.c,build/tidy/%.ok,$(TIDY_SRC))

tidy: ## clang-tidy over changed files, in parallel; SINCE=COMMIT narrows it
	@$(MAKE) --no-print-directory -j$(JOBS) tidy-files
	@echo "tidy: clean"

tidy-files: $(TIDY_STAMPS)

build/tidy/%.ok: %.c build/release/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- $(STD) $(DEFS) 2>/dev/null && touch $@

SHELL_FILES := .ci/run $(wildcard tests/*/*.sh tests/*/*.bash tests/*/*.bats)

shellcheck: ## shellcheck over scripts and command-line tests
	@shellcheck $(SHELL_FILES) && echo "shellcheck: clean"

cppcheck:
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	  --inline-suppr --suppressions-list=tests/style/cppcheck.txt --error-exitcode=1 \
	  -I. sim models cli && echo "cppcheck: clean"

# All tests again under address and undefined sanitizers, the command line included.
test-san:
	@$(MAKE) --no-print-directory VARIANT=san test-unit test-cli

# The thread sanitizer cannot run Criterion, so it watches the program itself.
test-tsan:
	@$(MAKE) --no-print-directory VARIANT=tsan build/tsan/nines
	@NINES=build/tsan/nines tests/cli/threads.sh

# ---- fuzzing ----------------------------------------------------------------
FUZZ_S    ?= 60
FUZZERS   := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OPT  := -O1 -g -DSIM_DEBUG -fsanitize=fuzzer,address,undefined \
             -fno-sanitize-recover=undefined

fuzz: $(FUZZERS) ## fuzz every reader of input for FUZZ_S seconds each
	@set -e; for f in $(FUZZERS); do n=$$(basename $$f); \
	  mkdir -p build/fuzz/corpus/$$n; seeds=tests/fuzz/corpus/$${n#fuzz_}; \
	  [ -d $$seeds ] || seeds=; echo "== $$n, $(FUZZ_S) s"; \
	  $$f -max_total_time=$(FUZZ_S) -timeout=10 -rss_limit_mb=4096 -verbosity=0 \
	    -print_final_stats=1 build/fuzz/corpus/$$n $$seeds 2>&1 | \
	    sed -n -E '/ERROR|SUMMARY|Test unit|number_of_executed_units/p'; done

FUZZ_OBJ := $(LIB_SRC:%.c=build/fuzz/obj/%.o)

build/fuzz/obj/%.o: %.c $(HEADERS) $(DEF_FILES)
	@mkdir -p $(@D)
	@clang $(STD) $(DEFS) $(subst =fuzzer,=fuzzer-no-link,$(FUZZ_OPT)) -c -o $@ $<

build/fuzz/%: tests/fuzz/%.c tests/fuzz/layers.c $(FUZZ_OBJ) build/release/gen/assets.o
	@echo "FUZZ $@"
	@clang $(STD) $(DEFS) $(FUZZ_OPT) -o $@ $^ $(LDLIBS)

mutation: deps ## break placement in 75 ways; the tests must notice each
	@JOBS=$(JOBS) tests/mutation/run.sh

# ---- the main job -----------------------------------------------------------
demo: ## install what is missing, build, compare 3/5/7 replicas, leave a report and charts
	$(call need,$(DEB_BUILD) $(DEB_RUN))
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@mkdir -p build/demo
	build/nines compare -f configs/designs/guide-complete.yaml \
	  -f configs/hosts/three-zones.yaml --replicas 3,5,7 --slo 99.99 --fail-on never \
	  --max-time 45s --export json=build/demo/result.json --charts build/demo \
	  --report build/demo/report.html
	@ls build/demo

install: build/nines ## copy the program, its manual and configurations below PREFIX
	install -D -m 755 build/release/nines $(DESTDIR)$(PREFIX)/bin/nines
	@mkdir -p build/share
	@build/nines help --man > build/share/nines.1
	@for s in bash zsh fish; do build/nines completion $$s > build/share/$$s; done
	install -D -m 644 build/share/nines.1 $(DESTDIR)$(PREFIX)/share/man/man1/nines.1
	install -D -m 644 build/share/bash \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/nines
	install -D -m 644 build/share/zsh \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_nines
	install -D -m 644 build/share/fish \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/nines.fish
	@for f in $(wildcard configs/designs/* configs/hosts/* configs/catalog/*); do \
	  install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/nines/$${f#configs/}; done

# ---- bench ------------------------------------------------------------------
$(B)/bench: $(patsubst %.c,$(B)/%.o,$(wildcard tests/bench/*.c) tests/support/kofn.c \
              tests/support/problem.c) \
            $(LIB_OBJ) $(B)/gen/assets.o
	@echo "LD $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)

bench: $(B)/bench ## speed of the engine beside hand-written loops, as ratios
	@./$<

-include $(ALL_SRC:%.c=$(B)/%.d)

clean: ## remove build/
	rm -rf build
