#!/bin/sh
# The order of the house, checked: who includes whom, which calls are banned where. TAP.
set -u
cd "${QUANTBOT_SOURCE:?}" || exit 1
count=0
failed=0
report() { # name, findings (empty: fine)
    count=$((count + 1))
    findings=$(printf '%s\n' "$2" | sed '/^ *$/d')
    if [ -z "$findings" ]; then
        echo "ok $count - /tidy/$1"
    else
        failed=1
        echo "not ok $count - /tidy/$1"
        printf '%s\n' "$findings" | sed 's/^/# /'
    fi
}
echo "TAP version 13"

# Floors of the rooms. A room may include itself and what stands below; platform, which turns
# core's statuses into failures, may look at core/base and nothing else of core.
report include-arrows "$(grep -rn '^#include "' src | awk -F'[:"]' '
    BEGIN {
        split("core 0 platform 0.5 store 0.7 parquet 1 config 1 csv 1 http 1 runlog 1 control 1 " \
              "providers 2 cache 2 instruments 2 strategies 2 loader 2 reports 2 tracking 2 journal 2 download 3 paper 3 " \
              "discord 3 commands 4 main.c 5", words, " ")
        for (i = 1; i in words; i += 2) floor[words[i]] = words[i + 1]
    }
    {
        split($1, from, "/"); room = from[2]
        split($4, to, "/"); target = to[1]
        if (!(room in floor)) { print $1 ": the room " room " has no floor"; next }
        if ($4 !~ /\//) { print $1 ":" $2 ": include \"" $4 "\" without its room"; next }
        if (!(target in floor)) { print $1 ":" $2 ": unknown room in \"" $4 "\""; next }
        if (room == target) next
        if (floor[target] >= floor[room]) print $1 ":" $2 ": " room " may not include " $4
        if (room == "platform" && $4 != "core/base/base.h") print $1 ":" $2 ": platform may not include " $4
        if ($4 ~ /-private\.h$/) print $1 ":" $2 ": " $4 " belongs to another room"
    }')"

report core-arrows "$(grep -rn '^#include "core/' src/core | awk -F'[:"]' '
    BEGIN {
        split("base 0 market 1 indicators 1 metrics 1 trading 2 portfolio 3 risk 4 engine 5 learning 6 honesty 6", words, " ")
        for (i = 1; i in words; i += 2) floor[words[i]] = words[i + 1]
    }
    {
        split($1, from, "/"); split($4, to, "/")
        if (from[3] != to[2] && floor[to[2]] >= floor[from[3]])
            print $1 ":" $2 ": core/" from[3] " may not include " $4
    }')"

report strategies-see-one-header "$(grep -rn '^#include' src/strategies |
    grep -vE '"(core/engine/strategy.h|strategies/[a-z-]+.h)"|<(math|stdbool|stddef|stdint|string)\.h>')"

# Comments and strings are cut out before a call is looked for.
calls() { # pattern, files...
    pattern=$1
    shift
    for file in "$@"; do
        sed -e 's/"\([^"\\]\|\\.\)*"/""/g' -e 's://.*::' -e 's:/\*.*\*/::' -e '/^ *\/\*/,/\*\//d' "$file" |
            grep -nE "(^|[^A-Za-z0-9_>.])($pattern) *\(" | sed "s|^|$file:|"
    done
}
core=$(find src/core -name '*.[ch]')
rooms=$(find src -name '*.[ch]' ! -path 'src/core/*' ! -path 'src/platform/*')
# shellcheck disable=SC2086
report core-is-pure "$(calls 'time|clock|clock_gettime|gettimeofday|rand|random|srand|getenv|setenv|malloc|calloc|free|fopen|open|read|write|printf|puts|fprintf|exit|abort|system|pthread_create|g_[a-z_]*' $core |
    grep -v 'src/core/base/arena.c')
$(grep -rnE '#include <(glib|gio|sys/|unistd|fcntl|time|pthread)' src/core)"
# shellcheck disable=SC2086
report files-through-platform "$(calls 'fopen|open|openat|creat|rename|renameat|unlink|mkdir|fsync|g_file_[a-z_]*|g_unlink|g_rename|g_mkdir|g_mkdir_with_parents' $rooms)"
# shellcheck disable=SC2086
report clock-through-platform "$(calls 'time|gettimeofday|clock_gettime|g_get_real_time|g_get_monotonic_time|sleep|usleep|nanosleep|g_usleep|rand|random|srand|g_random_[a-z_]*' $rooms)"
# Where SQL begins in a text that is put together from others: a conversion in it, or a GString.
report sql-is-literal "$(grep -rnE --include='*.[ch]' \
    -e '"(SELECT|INSERT|UPDATE|DELETE|ALTER|CREATE|DROP|COPY) [^"]*%[^"]*"' \
    -e '(g_string_[a-z_]+|g_strconcat|g_strjoin[v]?|g_str(dup_|dup_v|_)printf|printf) *\(.*"(SELECT|INSERT|UPDATE|DELETE|ALTER|CREATE|DROP|COPY) ' src |
    grep -v '^src/runlog/statements.c:')"
printing=$(find src -name '*.[ch]' ! -path 'src/commands/*' ! -path 'src/reports/*' ! -path src/main.c ! -path 'src/platform/log.c')
# shellcheck disable=SC2086
report only-commands-print "$(calls 'printf|puts|putchar|fprintf|fputs|g_print|g_printerr|perror' $printing)"
report no-unsafe-calls "$(# shellcheck disable=SC2086
    calls 'strcpy|strcat|sprintf|gets|strtok|atoi|atof|alloca|system|popen' $core $rooms)"

report public-headers-open-with-a-comment "$(for header in $(find src -name '*.h'); do
    head -n 1 "$header" | grep -q '^/\*' || echo "$header"
done)"
report files-have-one-subject "$(find src tests bench -name '*.[ch]' -exec wc -l {} + |
    awk '$2 != "total" && $1 > 900 { print $2 ": " $1 " lines" }')"
report no-leftovers "$(grep -rnE '\b(TO''DO|FIX''ME|XX''X)\b' src tests scripts Makefile --include='*.[ch]' --include='*.sh' --include=Makefile)"
echo "1..$count"
exit $failed
