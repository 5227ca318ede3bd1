#!/bin/sh
# Installs what is missing from the distribution's packages, and says what and why.
#   setup.sh build         what building and running needs
#   setup.sh test          what the tests need besides
#   setup.sh lint          what the formatter, the linters and the fuzzers need besides
# Debian 12 and Ubuntu 24.04; elsewhere it names what is missing and stops.
set -eu

need=""
want() { # package, why
    need="$need $1"
    whys="${whys:-}$1|$2
"
}

build_packages() {
    want gcc "the C compiler"
    want libc6-dev "headers of the C library"
    want meson "the build system"
    want ninja-build "runs the build"
    want pkg-config "finds libraries"
    want libglib2.0-dev "event loop, errors, test framework"
    want libjansson-dev "JSON"
    want libsoup-3.0-dev "HTTP (brings many headers along)"
    want ca-certificates "whom HTTPS trusts"
    want libsqlite3-dev "the run log"
    want libpq-dev "the run log on a PostgreSQL server"
    want zlib1g-dev "gzip in CSV and Parquet"
    want libzstd-dev "compression of our Parquet files"
    want libsnappy-dev "Parquet files of other writers"
    want libpango1.0-dev "text in charts (cairo comes along)"
    want fonts-dejavu-core "the charts' font"
    want tzdata "time zones at import"
}

test_packages() {
    build_packages
    want nghttp2-proxy "nghttpx: HTTP/2 before the tests' server"
    want postgresql "a server that the run log's tests start and stop"
    want pgbouncer "the pooler before it"
}

for what in "${@:-build}"; do
    case $what in
    build) build_packages ;;
    test) test_packages ;;
    lint)
        want clang-14 "second compiler, fuzzers"
        want libclang-rt-14-dev "sanitizer and fuzzer run-time"
        want clang-format-14 "the formatter"
        want cppcheck "static analysis"
        ;;
    *)
        echo "setup: unknown part \"$what\" (build, test, lint)" >&2
        exit 2
        ;;
    esac
done

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup: this is not a Debian or Ubuntu system; please install the equivalents of:$need" >&2
    exit 5
fi

# One query for all: this runs before each build and must cost nothing.
# shellcheck disable=SC2086
have=$(dpkg-query -W -f '${Package} ${Status}\n' $need 2>/dev/null | sed -n 's/ install ok installed$//p')
missing=""
for package in $need; do
    case "
$have
" in
    *"
$package
"*) ;;
    *) case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac ;;
    esac
done
[ -n "$missing" ] || exit 0

echo "setup: installing with apt:"
for package in $missing; do
    printf '  %-20s %s\n' "$package" "$(printf '%s' "$whys" | sed -n "s/^$package|//p" | head -n 1)"
done
sudo=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "setup: not root and no sudo; as root: apt-get install --no-install-recommends$missing" >&2
        exit 6
    }
    sudo=sudo
fi
log=$(mktemp "${TMPDIR:-/tmp}/quantbot-setup.XXXXXX")
apt() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        echo "setup: apt-get $1 failed (its output is above); TROUBLESHOOTING.md may help" >&2
        exit 6
    }
}
# The tests start a server of their own; the distribution's would only take room and a port.
case " $missing " in
*" postgresql "*)
    $sudo mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
    ;;
esac
apt update
# shellcheck disable=SC2086
apt install -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing
rm -f "$log"
echo "setup: done"
