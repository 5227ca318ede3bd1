# The front door. Meson builds (meson.build); this file knows the order of things.
MAKEFLAGS += -rR --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
BUILD ?= build
# Warnings are errors with the compilers that we know; a newer one may know more.
WERROR := $(if $(filter 12%,$(shell gcc -dumpversion 2>/dev/null)),--werror)
QUANTBOT := $(BUILD)/src/quantbot
NINJA = ninja -C $(BUILD)

.PHONY: help setup build demo test lint format bench clean fuzz sanitize \
	env.smoke db.init data.crypto data.equities backtest.quick paper.quick

help:
	@echo "quantbot: a paper-trading and training laboratory. It never trades live."
	@echo
	@echo "  make demo            the main job on real data: import, verify, backtest, chart"
	@echo "  make test            build and pass the tests"
	@echo "  make setup           install what is missing (apt, as root or through sudo)"
	@echo "  make build           build $(QUANTBOT)"
	@echo "  make bench           performance, as ratios in one run on this machine"
	@echo "  make lint            formatter in check mode and static analysis"
	@echo "  make format          lay out the sources"
	@echo "  make sanitize        the tests under address and undefined-behaviour sanitizers"
	@echo "  make fuzz            each fuzz target for FUZZ_SECONDS (10)"
	@echo "  make clean           remove build folders (never data)"
	@echo
	@echo "  make env.smoke       check the settings        make db.init         make the run log"
	@echo "  make backtest.quick  a backtest on the sample  make data.crypto     hours of BTC and ETH"
	@echo "  make data.equities   days of SPY and AAPL      make paper.quick     later"

setup:
	@scripts/setup.sh build

$(BUILD)/build.ninja: | setup
	@meson setup $(BUILD) >$(BUILD).log 2>&1 || { tail -n 20 $(BUILD).log >&2; exit 1; }
	@rm -f $(BUILD).log

build: setup $(BUILD)/build.ninja
	@test -e $(QUANTBOT) || echo "build: compiling (about a minute)"
	@$(NINJA) --quiet | { grep -v -e 'no work to do' -e 'Entering directory' || true; }

demo: build
	@scripts/demo.sh $(QUANTBOT)

test:
	@scripts/setup.sh build test
	@$(MAKE) build
	@scripts/test.sh $(BUILD)

lint:
	@scripts/setup.sh build lint
	@$(MAKE) $(BUILD)/build.ninja
	@scripts/lint.sh $(BUILD)

format:
	@scripts/setup.sh lint
	@scripts/lint.sh --format

sanitize:
	@scripts/setup.sh build test
	@test -e $(BUILD)-sanitize/build.ninja || meson setup $(BUILD)-sanitize $(WERROR) --buildtype=debug \
		-Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@ninja -C $(BUILD)-sanitize --quiet
	@scripts/test.sh $(BUILD)-sanitize

FUZZ_SECONDS ?= 10
fuzz:
	@scripts/setup.sh build lint
	@scripts/fuzz.sh $(BUILD)-fuzz $(FUZZ_SECONDS)

bench: build
	@scripts/bench.sh $(BUILD)

env.smoke: build
	@$(QUANTBOT) env check

db.init: build
	@$(QUANTBOT) db init

backtest.quick: build
	@$(QUANTBOT) data import samples/AAPL-2013-2018.csv --symbol AAPL --asset equity --interval 1d >/dev/null
	@$(QUANTBOT) backtest --symbols AAPL --strategy sma_cross

# Of the preferred provider that has a key; CoinGecko works without.
data.crypto: build
	@$(QUANTBOT) data crypto --symbols BTC-USD,ETH-USD --interval 1h

data.equities: build
	@$(QUANTBOT) data equities --symbols SPY,AAPL --interval 1d

paper.quick:
	@echo "make $@: needs the paper trader, which comes with a later version" >&2; exit 1

clean:
	@rm -rf $(BUILD) $(BUILD)-sanitize $(BUILD)-fuzz
