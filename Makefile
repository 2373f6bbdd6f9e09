# make          the program, ./routesim        make check    test with -Werror, asan, tidy, layers
# make demo     one real day, and its report   make asan     tests under address and UB sanitizers
# make test     every test; N passed, N failed make fuzz     each fuzzer for FUZZ_SECONDS
# make bench    orders/s, measured for real    make golden   rewrite golden files (review the diff)
# make soak     10^5 faulted calls under asan  make layers   includes that point the wrong way
# make deps     install what is missing        make calibration  tests that err as often as they say
# make tidy     is it formatted?               make format   format it
# make install  PREFIX=/usr/local DESTDIR=     make dist     a tarball of HEAD
#
# demo and test install what they miss first (Debian, Ubuntu), so a fresh clone needs nothing else.
# CC, CFLAGS and LDFLAGS belong to whoever builds. VARIANT=name builds into build/name; only the
# variant "release" writes ./routesim, so that variants never meet. V=1 shows whole commands.
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:

VERSION      := 0.1.0
VARIANT      ?= release
PREFIX       ?= /usr/local
FUZZ_SECONDS ?= 20
JOBS         ?= $(shell nproc 2>/dev/null || echo 2)
TEST_JOBS    ?= 2
CFLAGS       ?= -O2 -g
B := build/$(VARIANT)

# ---- what is there ------------------------------------------------------------------------------

ROOMS     := router/base router providers mocks sim/world sim/analysis reports sim/command
LIB_SRC   := $(filter-out sim/command/main.c,$(sort $(wildcard $(ROOMS:%=%/*.c))))
TEST_C    := $(sort $(shell find tests -name '*.c' 2>/dev/null))
FUZZ_SRC  := $(filter tests/fuzz/fuzz_%,$(TEST_C))
BENCH_SRC := $(filter tests/bench/bench_%,$(TEST_C))
TEST_SRC  := $(foreach s,$(TEST_C),$(if $(filter test_%,$(notdir $s)),$s))
CALIBRATE := tests/calibration/calibrate
HELP_SRC  := $(filter-out $(FUZZ_SRC) $(BENCH_SRC) $(TEST_SRC) $(CALIBRATE).c,$(TEST_C))
E2E       := $(sort $(wildcard tests/e2e/*.sh))
GOLDEN    := $(if $(wildcard tests/golden/*/*.json),tests/golden/update)
OUR_C      = $(shell find router providers mocks sim reports tests -name '*.[ch]' | sort)

TESTS   := $(TEST_SRC:%.c=$B/%)
BENCHES := $(BENCH_SRC:%.c=$B/%)
FUZZERS := $(FUZZ_SRC:%.c=$B/%)
PROGRAM := $(if $(filter release,$(VARIANT)),routesim,$B/routesim)

# ---- libraries, by pkg-config; cmocka is for tests alone ----------------------------------------

MODULES := gsl libcjson libcurl libmicrohttpd libcrypto
missing  = $(shell for m in $1; do pkg-config --exists $$m 2>/dev/null || echo $$m; done)
MISSING := $(shell command -v $(firstword $(CC)) >/dev/null || echo a C compiler) \
           $(shell command -v pkg-config >/dev/null || echo pkg-config) $(call missing,$(MODULES))
MISSING := $(strip $(MISSING))
MISSING_FOR_TESTS := $(MISSING) $(call missing,cmocka)
MISSING_FOR_TESTS := $(strip $(MISSING_FOR_TESTS))
# -isystem: another project's header cannot make our warnings.
PKG_CFLAGS := $(if $(MISSING),,$(shell pkg-config --cflags $(MODULES) | sed 's/-I/-isystem /g'))
# Optional, and used by one file: make HIREDIS= builds without.
HIREDIS        := $(if $(call missing,hiredis),,hiredis)
HIREDIS_CFLAGS := $(if $(HIREDIS),-DHAVE_HIREDIS \
                    $(shell pkg-config --cflags $(HIREDIS) | sed 's/-I/-isystem /g'))
PKG_LIBS   := $(if $(MISSING),,$(shell pkg-config --libs $(MODULES) $(HIREDIS)))
TEST_LIBS   = $(shell pkg-config --libs cmocka libssl)

# ---- flags --------------------------------------------------------------------------------------

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wswitch-enum -Wvla \
        -Wdouble-promotion -Wpointer-arith
# No contraction into fused multiply-add: a score has to be the same bits on every machine.
OURS := -std=c11 -ffp-contract=off -D_POSIX_C_SOURCE=200809L -pthread $(WARN) -I. $(PKG_CFLAGS)

SAN :=
ifeq ($(VARIANT),asan)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(VARIANT),tsan)
SAN := -fsanitize=thread -fno-omit-frame-pointer
else ifeq ($(VARIANT),fuzz)
SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(VARIANT),werror)
OURS += -Werror
endif
COMPILE = $(CC) $(OURS) $(CFLAGS) $(CPPFLAGS) $(SAN)
LINK    = $(CC) $(CFLAGS) $(SAN) -pthread $(LDFLAGS)

# In a clone the commit comes from git, in a tarball from the name git archive wrote into .ci/commit.
COMMIT := $(shell GIT_CEILING_DIRECTORIES="$(dir $(CURDIR))" \
            git describe --always --dirty --exclude '*' 2>/dev/null || \
            grep -E '^[0-9a-f]+$$' .ci/commit 2>/dev/null || echo unknown)

# ---- the front door -----------------------------------------------------------------------------
# Targets that install packages call make again: what pkg-config says is read when make starts.

# An outer -j is handed on; without one we take every core.
AGAIN = $(MAKE) $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

all: program
program: $(PROGRAM)
tests: $(TESTS) $(BENCHES)

demo:
	@.ci/install-packages build figures
	+@$(AGAIN) program
	@./routesim run scenarios/real-day.json --out out/real-day --force; code=$$?; \
	 if [ -f out/real-day/report.html ]; then \
	     echo "The report: $(CURDIR)/out/real-day/report.html"; fi; exit $$code

test:
	@.ci/install-packages build figures test
	+@$(AGAIN) run-tests

deps:
	@.ci/install-packages build figures test

run-tests: $(PROGRAM) $(TESTS) $(BENCHES)
	@ROUTESIM="$(CURDIR)/$(PROGRAM)" VARIANT=$(VARIANT) TEST_JOBS=$(TEST_JOBS) \
	 tests/run .ci/layers $(TESTS) $(GOLDEN) $(E2E) $(BENCHES)

check:
	@.ci/install-packages build figures test
	+$(AGAIN) run-tests VARIANT=werror
	$(MAKE) asan
	$(MAKE) tidy layers

asan tsan:
	+@$(AGAIN) run-tests VARIANT=$@

bench:
	+@$(AGAIN) run-benches
run-benches: $(BENCHES)
	@for b in $(BENCHES); do echo "# $${b#$B/}"; $$b || exit 1; done

# A hundred thousand transfers, each with its fault, under the sanitizers: no leak, no descriptor left.
soak:
	+@$(AGAIN) build/asan/tests/bench/bench_faults VARIANT=asan
	@build/asan/tests/bench/bench_faults

# Ten thousand simulated experiments a figure: a few minutes. make test runs a twentieth of them.
calibration:
	@.ci/install-packages build figures test
	+@$(AGAIN) $B/$(CALIBRATE)
	@$B/$(CALIBRATE)

fuzz:
	@command -v clang >/dev/null || { echo 'make fuzz needs clang, for its libFuzzer.' >&2; exit 1; }
	+@$(AGAIN) run-fuzzers VARIANT=fuzz CC=clang CFLAGS='-O1 -g'
# Seeds are read and never written; what a fuzzer finds goes to its own corpus and is kept.
run-fuzzers: $(FUZZERS)
	@for f in $(FUZZERS); do name=$$(basename $$f); name=$${name#fuzz_}; \
	     corpus=build/fuzz/$$name.corpus; seeds=tests/fuzz/$$name.seeds; mkdir -p $$corpus; \
	     [ -d $$seeds ] || seeds=; echo "# $$name, $(FUZZ_SECONDS) s"; \
	     $$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
	         -print_final_stats=1 -artifact_prefix=build/fuzz/$$name- $$corpus $$seeds || exit 1; done

golden: program
	@ROUTESIM="$(CURDIR)/$(PROGRAM)" tests/golden/update

layers:
	@.ci/layers

tidy:
	@command -v clang-format >/dev/null || { echo 'make tidy needs clang-format.' >&2; exit 1; }
	@$(if $(OUR_C),clang-format --dry-run --Werror $(OUR_C))

format:
	$(if $(OUR_C),clang-format -i $(OUR_C))

# The program's own option table writes its man page and completions.
man: program
	@mkdir -p build/man
	./$(PROGRAM) help --man > build/man/routesim.1
	./$(PROGRAM) completion bash > build/man/routesim.bash
	./$(PROGRAM) completion zsh > build/man/_routesim

install: man
	install -Dm755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/routesim
	install -Dm644 build/man/routesim.1 $(DESTDIR)$(PREFIX)/share/man/man1/routesim.1
	install -Dm644 build/man/routesim.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/routesim
	install -Dm644 build/man/_routesim $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_routesim

dist:
	@mkdir -p build
	git archive --prefix=routesim-$(VERSION)/ -o build/routesim-$(VERSION).tar.gz HEAD

clean:
	$(RM) -r build out routesim

# ---- how things are built -----------------------------------------------------------------------

SHOW = $(if $V,,@echo '  $1 $@';)

$(PROGRAM): $B/sim/command/main.o $B/libroutesim.a
	$(call SHOW,LINK) $(LINK) $^ $(PKG_LIBS) -lm -o $@

# Written anew each time: an archive would keep an object whose source is gone.
$B/libroutesim.a: $(LIB_SRC:%.c=$B/%.o)
$B/libtests.a: $(HELP_SRC:%.c=$B/%.o)
$B/libroutesim.a $B/libtests.a: $B/flags
	@$(RM) $@
	$(call SHOW,AR  ) ar rcs $@ $(filter %.o,$^)

# A test that needs its own linker options says so in a line: /* link: -Wl,--wrap=write */
ASKED = $(shell sed -n 's,^/\* link: \(.*\) \*/$$,\1,p' $(<:$B/%.o=%.c))

$(TESTS): $B/%: $B/%.o $B/libtests.a $B/libroutesim.a
	$(call SHOW,LINK) $(LINK) $(ASKED) $^ $(TEST_LIBS) $(PKG_LIBS) -lm -o $@

$B/$(CALIBRATE): $B/%: $B/%.o $B/libtests.a $B/libroutesim.a
	$(call SHOW,LINK) $(LINK) $^ $(TEST_LIBS) $(PKG_LIBS) -lm -o $@

$(BENCHES): $B/%: $B/%.o $B/libroutesim.a
	$(call SHOW,LINK) $(LINK) $(ASKED) $^ $(PKG_LIBS) -lm -o $@

$(FUZZERS): $B/%: $B/%.o $B/libroutesim.a
	$(call SHOW,LINK) $(LINK) -fsanitize=fuzzer $^ $(PKG_LIBS) -lm -o $@

$B/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call SHOW,CC  ) $(COMPILE) -MMD -MP -c $< -o $@

# One object knows the version, so a commit recompiles one file.
$B/sim/command/version.o: COMPILE += -DROUTESIM_VERSION='"$(VERSION)"' -DROUTESIM_COMMIT='"$(COMMIT)"'
$B/sim/command/version.o: $B/version

$B/providers/redis_protocol.o: COMPILE += $(HIREDIS_CFLAGS)

# Two stamps that change when what they hold changes: other flags or another commit mean a rebuild.
$B/flags: export HOLD = $(CC) $(OURS) $(HIREDIS_CFLAGS) $(CFLAGS) $(CPPFLAGS) $(SAN) $(LDFLAGS) \
                        $(LIB_SRC) $(HELP_SRC)
$B/version: export HOLD = $(VERSION) $(COMMIT)
$B/flags $B/version: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$HOLD" | cmp -s - $@ || printf '%s\n' "$$HOLD" > $@
FORCE:

# Missing libraries stop the build before the compiler does, with one sentence.
ifneq ($(MISSING),)
$B/flags: need-libraries
need-libraries:
	@echo 'Missing to build routesim: $(MISSING). Run "make deps" to install what it takes.' >&2; exit 1
endif
ifneq ($(MISSING_FOR_TESTS),)
$(TEST_SRC:%.c=$B/%.o) $(HELP_SRC:%.c=$B/%.o): need-cmocka
need-cmocka:
	@echo 'Missing to build the tests: $(MISSING_FOR_TESTS). Run "make deps" to install what it takes.' >&2; exit 1
endif

-include $(patsubst %.c,$B/%.d,sim/command/main.c $(LIB_SRC) $(TEST_C))

.PHONY: all program tests demo test deps run-tests check asan tsan soak calibration bench run-benches fuzz run-fuzzers \
        golden layers tidy format man install dist clean FORCE need-libraries need-cmocka
