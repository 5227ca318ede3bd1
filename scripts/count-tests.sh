#!/bin/sh
# count-tests.sh STATUS REPORT...   Sums JUnit reports of meson into one line. A run that failed
# without a failed case (a crash before the report) counts as one failure.
set -eu
status=$1
shift
cat "$@" | tr '>' '\n' | awk -v status="$status" '
    /<testcase/ { cases++ }
    /<failure/ || /<error/ { failed++ }
    /<skipped/ { skipped++ }
    END {
        if (status != 0 && failed == 0) { failed = 1; cases++ }
        printf "%d passed, %d failed, %d skipped\n", cases - failed - skipped, failed, skipped
    }'
