# What the scripts of this folder share; they read it with `.`
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

strict='-Wall -Wextra -Wpedantic -Werror'

# Compilers as "name standard flags", for each language.
compilers='gcc:c11 clang:c11 g++:c++17 clang++:c++17'
