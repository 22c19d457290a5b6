#!/bin/bash
# What fuzzing has found worth keeping still goes well; see tests/fuzz/fuzz.mk.
. "$(dirname "$0")/../harness/kit"

for folder in tests/fuzz/corpus/*; do
    target=${folder##*/}
    program=$BUILD/tests/fuzz/replay_$target
    for file in "$folder"/*; do
        holds "${file#tests/fuzz/corpus/} does no harm" "$program" "$file"
    done
done

finish
