# The front door. `make` alone lists what there is.

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 20
RESULTS := build/results
CTEST = ctest -j $(JOBS) --output-on-failure --no-tests=error --timeout 600

.DEFAULT_GOAL := help
.PHONY: help demo build build-all test test-all test-asan test-tsan bench check format lint fuzz install clean setup-build setup-test setup-test-all

help:
	@echo 'make demo       a private MariaDB, a workload, and its changes through a changelog'
	@echo 'make build      build/tailwater'
	@echo 'make test       the whole in 15 minutes; starts the servers it needs'
	@echo 'make test-all   also the JVM peers, the campaigns, the sanitizers, the fuzzers'
	@echo 'make test-asan  the unit tests under AddressSanitizer and UBSan (test-tsan: ThreadSanitizer)'
	@echo 'make bench      the table of ratios to the stock tools'
	@echo 'make check      format, lint, layers, tidy'
	@echo 'make format     formats the C++ files'
	@echo 'make fuzz       runs each fuzzer for FUZZ_SECONDS (now $(FUZZ_SECONDS))'
	@echo 'make install    to PREFIX (now $(PREFIX))'
	@echo 'make clean      removes build/'

setup-build:
	@scripts/setup build
setup-test:
	@scripts/setup test
setup-test-all:
	@scripts/setup test-all

demo: build
	@scripts/demo

build: setup-build
	@mkdir -p build
	@cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build --preset release -j $(JOBS) --target product
	@if [ -e build/release/tailwater ]; then ln -sfn release/tailwater build/tailwater; fi

build-all: build
	@cmake --build --preset release -j $(JOBS)

test: setup-test build-all
	@mkdir -p $(RESULTS)
	$(CTEST) --test-dir build/release -LE slow --output-junit $(CURDIR)/$(RESULTS)/test.xml

test-all: setup-test-all test test-asan test-tsan
	@mkdir -p $(RESULTS)
	$(CTEST) --test-dir build/release -L slow --timeout 7200 --output-junit $(CURDIR)/$(RESULTS)/slow.xml
	@$(MAKE) --no-print-directory fuzz
	@scripts/count_tests $(RESULTS)

test-asan test-tsan: test-%: setup-test
	@mkdir -p $(RESULTS)
	cmake --preset $* >/dev/null
	cmake --build --preset $* -j $(JOBS) --target unit_tests
	$(CTEST) --test-dir build/$* -L unit --output-junit $(CURDIR)/$(RESULTS)/$*.xml

bench: setup-test build-all
	@bench/run

check: setup-test
	@status=0; for check in 'format --check' check_layers.py check_tidy.py lint; do \
	  scripts/$$check || status=1; done; exit $$status

format:
	@scripts/format

lint:
	@scripts/lint

fuzz: setup-test
	@scripts/fuzz $(FUZZ_SECONDS)

install: build
	cmake --install build/release --prefix $(PREFIX)

clean:
	rm -rf build
