#!/bin/bash
# The models for some seconds: some thousand runs of each, two of them side by
# side (`make model` does more), and what of spin is small.
set -u
cd "$(dirname "$0")/../.." || exit 2

if [ "${FLAVOUR-plain}" != plain ]; then
    echo "skipped: the models are the same for each flavour"
    echo "1 passed, 0 failed"
    exit 0
fi
if ! echo '#include <relacy/relacy.hpp>' |
    g++ -E -x c++ - >/dev/null 2>&1; then
    echo "skipped: relacy (Debian's relacy-dev) is not installed"
    echo "1 passed, 0 failed"
    exit 0
fi
make -s -j2 models >/dev/null || exit 1
programs=()
for source in tests/model/*.c; do
    name=$(basename "$source" .c)
    [ ! -x "build/model/$name" ] || programs+=("build/model/$name:3000")
done
exec tests/model/run -q "${programs[@]}"
