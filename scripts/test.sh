#!/bin/sh
# Runs the tests of one build folder and ends with "N passed, N failed, N skipped".
set -eu
build=$1
status=0
meson test -C "$build" --no-rebuild --print-errorlogs --quiet >"$build/test.out" 2>&1 || status=$?
if [ $status != 0 ]; then
    cat "$build/test.out"
fi
scripts/count-tests.sh "$status" "$build/meson-logs/testlog.junit.xml"
exit $status
