#!/bin/sh
# lint.sh BUILD: layout and static analysis; lint.sh --format: lays the sources out.
set -eu
sources=$(git ls-files 'src/*.c' 'src/*.h' 'tests/*.c' 'tests/*.h' 'bench/*.c' 'bench/*.h' 'examples/*.c')
if [ "$1" = --format ]; then
    # shellcheck disable=SC2086
    exec clang-format-14 -i $sources
fi
if command -v clang-format-14 >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    clang-format-14 --dry-run --Werror $sources
    echo "lint: layout ok"
else
    echo "lint: clang-format-14 is not here, layout not checked"
fi
# invalidPointerCast: columns of numbers of 8 bytes share one block of memory.
cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
    --std=c11 -j 2 --suppress=missingIncludeSystem --suppress=unknownMacro \
    --suppress=invalidPointerCast -I src src
echo "lint: cppcheck ok"
