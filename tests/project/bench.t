#!/bin/sh
# SPDX-License-Identifier: ISC
# The pipeline's benchmark runs whole on a small number of pictures; its figures are not judged
# here, and PyTorch's are left to make bench.
. "${0%/*}/../lib.sh"

ok "the pipeline is timed" "$PYTHON" "$ROOT/tests/bench/pipeline.py" --items 300 --repeat 1 --teacher 784-32-10
is "every step has a row of numbers" "$(grep -c '^[a-z].*	-*[0-9][0-9.]*	-*[0-9][0-9]*	' "$OUT")" 8
done_testing
