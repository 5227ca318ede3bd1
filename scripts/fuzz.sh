#!/bin/sh
# fuzz.sh BUILD SECONDS [NAME...]: runs each fuzz target that long. New inputs stay in the build folder;
# a finding is written there and named.
set -eu
build=$1 seconds=$2
shift 2
[ -e "$build/build.ninja" ] || CC=clang-14 meson setup "$build" --werror -Dfuzz=true --buildtype=debug -Doptimization=1 \
    -Db_sanitize=address,undefined -Db_lundef=false \
    -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
names=${*:-$(sed -n "s/^  '\([a-z_]*\)': \[.*/\1/p" tests/fuzz/meson.build)}
for name in $names; do
    ninja -C "$build" --quiet "tests/fuzz/fuzz_$name"
    mkdir -p "$build/found/$name"
    if "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=2 -rss_limit_mb=2048 \
        -artifact_prefix="$build/found/$name-" -print_final_stats=1 \
        "$build/found/$name" "tests/fuzz/corpus/$name" >"$build/fuzz_$name.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz_$name.log")
        echo "fuzz: $name: $runs runs in $seconds s, nothing found"
    else
        tail -n 25 "$build/fuzz_$name.log" >&2
        echo "fuzz: $name: FOUND, see $build/fuzz_$name.log" >&2
        exit 1
    fi
done
