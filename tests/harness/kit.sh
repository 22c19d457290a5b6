# What test scripts share: they read it with `.`, print a line a check, and end
# with finish. They work at the root of the repository; $tmp is theirs to fill.
# shellcheck shell=bash disable=SC2034
set -u
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

pass() {
    echo "ok - $*"
    passed=$((passed + 1))
}

fail() {
    echo "not ok - $*"
    failed=$((failed + 1))
    [ ! -s "$tmp/log" ] || tail -n 50 "$tmp/log" | sed 's/^/    /'
}

# The sentence that a command's success makes true, then the command.
holds() {
    sentence=$1
    shift
    if "$@" >"$tmp/log" 2>&1; then pass "$sentence"; else fail "$sentence"; fi
}

finish() {
    echo "$passed passed, $failed failed"
    [ $failed = 0 ]
    exit
}

# A script that makes no sense here ends by this, saying why.
skip() {
    echo "skipped: $*"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

# What users' programs are compiled with.
strict='-Wall -Wextra -Wpedantic -Werror'

# Their compilers and languages.
compilers='gcc:c11 clang:c11 g++:c++17 clang++:c++17'
