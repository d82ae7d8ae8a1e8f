#!/bin/sh
# SPDX-License-Identifier: ISC
# Names of classes: a data set whose classes have other numbers than the model's is refused, not mistaken.
. "${0%/*}/../lib.sh"

ok "example data is there" sh "$ROOT/man/examples.sh"
set_of() { # OUTPUT NAMES
	idx2tensor -q --class-names "$2" -o "$1" train-images-idx3-ubyte train-labels-idx1-ubyte
}
ok "names by number" set_of named.zst zero,one,two,three,four,five,six,seven,eight,nine
ok "names by the alphabet" set_of sorted.zst eight,five,four,nine,one,seven,six,three,two,zero
ok "a model has its data set's names" train-teacher -q --net 784-10 --epochs 1 -o model.zst named.zst
ok "one of a set without names" train-teacher -q --net 784-10 --epochs 1 -o nameless.zst train.safetensors.zst

ok "evaluate: the same names" evaluate -q named.zst model.zst
ok "a data set without names" evaluate -q train.safetensors.zst model.zst
ok "a model without names" evaluate -q sorted.zst nameless.zst
fails "others are refused" 1 '^evaluate: "model.zst": class 0 is "zero", but "eight" in the data set$' evaluate sorted.zst model.zst
fails "by soft-targets, too" 1 '"model.zst": class 0 is "zero", but "eight" in the data set' \
	soft-targets -o soft.zst sorted.zst model.zst
not_ok "which writes nothing" test -e soft.zst
# Of teachers, too, though their data set has no names.
ok "another teacher" train-teacher -q --net 784-10 --epochs 1 -o other-names.zst sorted.zst
fails "teachers of other names" 1 '"other-names.zst": class 0 is "eight", but "zero" in a teacher before it' \
	soft-targets -o soft.zst train.safetensors.zst nameless.zst model.zst other-names.zst
ok "of the same, and of none" soft-targets -q -o soft.zst train.safetensors.zst model.zst nameless.zst model.zst
fails "and for a validation" 1 '"sorted.zst": class 0 is "eight", but "zero" in the data that is trained on' \
	train-teacher -q --net 784-10 --epochs 1 --validation sorted.zst -o x.zst named.zst
ok "a validation of the same names" train-teacher -q --net 784-10 --epochs 1 --validation named.zst -o v.zst named.zst
ok "a start may be for others" train-teacher -q --net 784-10 --epochs 0 --init model.zst -o other.zst sorted.zst
ok "and takes the data set's names" evaluate -q sorted.zst other.zst

# A set that lacks the last classes still has the same numbers.
"$PYTHON" - <<'PY'
import numpy
numpy.save("few", numpy.zeros((4, 28, 28), numpy.uint8))
numpy.save("few-labels", numpy.arange(4, dtype=numpy.uint8) % 3)
PY
npy2tensor -q --as images --class-names zero,one,two -o few.zst few.npy few-labels.npy
ok "fewer classes" evaluate -q few.zst model.zst
npy2tensor -q --as images --class-names zero,two,three -o gap.zst few.npy few-labels.npy
fails "one is missing among them" 1 'class 1 is "one", but "two" in the data set' evaluate gap.zst model.zst
done_testing
