#!/bin/sh
# bench.sh BUILD: the workloads of performance.md that exist, each with its equality check.
set -eu
build=$1
status=0
for program in "$build"/bench/bench_*; do
    [ -x "$program" ] && [ ! -d "$program" ] || continue
    QUANTBOT_BINARY="$build/src/quantbot" "$program" || status=1
done
exit $status
