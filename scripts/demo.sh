#!/bin/sh
# The main job on real data: import, verify, backtest, report. Prints each command it runs.
set -eu
quantbot=$1
run() {
    printf '\n$ quantbot'
    for word in "$@"; do
        case $word in *' '*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    "$quantbot" "$@"
}
mkdir -p data/demo
run data import samples/AAPL-2013-2018.csv --symbol AAPL --asset equity --interval 1d
run data verify AAPL
run backtest --symbols AAPL --strategy sma_cross --param fast=20 --param slow=100 \
    --chart data/demo/aapl-sma_cross.png
printf '\nNext: quantbot runs list, quantbot backtest --help, README.md. (quantbot is %s)\n' "$quantbot"
