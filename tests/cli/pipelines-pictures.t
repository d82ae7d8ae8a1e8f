#!/bin/sh
# SPDX-License-Identifier: ISC
# The experiments whose pictures are not at hand, emnist-letters and caltech256, on a few made-up files of the same layout,
# and their stand-ins.
. "${0%/*}/../lib.sh"
. "$ROOT/tests/experiment.sh"
PYTHONPATH=$ROOT/tests PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
nets emnist-teacher emnist-student

# EMNIST: a letter is a bright row that its number says, lying on its side in the IDX files. Names in the .mat
# are the same letters.
cat >letters.py <<'X'
import gzip
import os
import struct

import numpy as np

import mat


def part(n, seed):
    y = (np.arange(n) % 26 + 1).astype("u1")
    x = np.random.default_rng(seed).integers(0, 60, (n, 28, 28), np.uint8)
    x[np.arange(n), y] = 255
    return x, y


def idx(name, a):
    with gzip.open(name, "wb") as f:
        f.write(struct.pack(f">4B{a.ndim}I", 0, 0, 8, a.ndim, *a.shape) + a.tobytes())


train, test = part(260, 1), part(52, 2)
for folder in "idx", "mat":
    os.mkdir(folder)
for name, (x, y) in ("train", train), ("test", test):
    idx(f"idx/emnist-letters-{name}-images-idx3-ubyte.gz", x.transpose(0, 2, 1))
    idx(f"idx/emnist-letters-{name}-labels-idx1-ubyte.gz", y)
mat.write("mat/emnist-letters.mat", mat.emnist(train, test))
X
"$PYTHON" letters.py || skip_all "no NumPy"
sums=$(sha256sum idx/emnist-letters-train-images-idx3-ubyte.gz idx/emnist-letters-test-images-idx3-ubyte.gz |
	cut -d ' ' -f 1 | tr '\n' ' ')

# shellcheck disable=SC2317
emnist() {
	experiment emnist-letters DATA="$SCRATCH/idx" "$@"
}
not_ok "other files than EMNIST's are refused" emnist ITEMS="260 52"
like "by their check sums" "$(cat "$ERR")" "emnist-letters-train-images-idx3-ubyte.gz: FAILED|sha256sum: WARNING"
not_ok "another number of letters is refused" emnist SHA256="$sums"
like "and told" "$(cat "$ERR")" "^emnist-letters: these are not the 124800 letters"
ok "with sums and numbers of their own they run" emnist SHA256="$sums" ITEMS="260 52"
is "the results have every seed in each table" "$(rows emnist-letters.md)" 3
like "and the title of EMNIST" "$(cat emnist-letters.md)" "^# johnkorn/distillation on EMNIST-letters"
like "and the published figures" "$(cat emnist-letters.md)" '^\| student alone, .* \| 91.6 \| [0-9.]+ ± [0-9.]+ \|'
emnist SHA256="$sums" ITEMS="260 52" >again
is "a second make does nothing" "$(cat again)" "$nothing"
tensor2npy -o images.npy emnist-letters/train.safetensors.zst
tensor2npy --tensor labels -o labels.npy emnist-letters/train.safetensors.zst
cat >letters_check.py <<'X'
import numpy as np
x, y = np.load("images.npy"), np.load("labels.npy")
assert x.shape == (260, 1, 28, 28) and y.min() == 0 and y.max() == 25
assert (x[np.arange(260), 0, y.astype(int) + 1] == 255).all()
X
ok "the letters are upright, their labels from 0" "$PYTHON" letters_check.py
fingerprint() {
	tensor-info --json --verify "$1/train.safetensors.zst" | grep -o '"fingerprint": "[^"]*"'
}
fingerprint emnist-letters >idx.fingerprint
rm -r emnist-letters
if [ -x "$BUILD/bin/mat2tensor" ]; then
	ok "the .mat runs" emnist DATA="$SCRATCH/mat" ITEMS="260 52"
	is "and is the same data set" "$(fingerprint emnist-letters)" "$(cat idx.fingerprint)"
	rm -r emnist-letters
else
	skip 2 "mat2tensor is not built: there is no libmatio-dev"
fi

digits data
# shellcheck disable=SC2317
stand_in() {
	experiment emnist-letters "$@"
}
ok "Fashion-MNIST stands in" stand_in STAND_IN=fashion-mnist
like "and says so in the title" "$(head -n 1 emnist-letters.md)" "^# A stand-in for EMNIST-letters: Fashion-MNIST "
like "and below it" "$(cat emnist-letters.md)" '^\*\*These are not results on EMNIST'
not_ok "with no published figure beside its own" grep -qE '94\.4|91\.6|92\.2' emnist-letters.md
rm -r emnist-letters
ok "notMNIST stands in" stand_in STAND_IN=notmnist NOTMNIST="80 20"
is "with the last pictures as test set" "$(awk 'NR == 2 { print $3 }' emnist-letters/alone-1.tsv)" 20
not_ok "there are no others" stand_in STAND_IN=cifar
like "as it says" "$(cat "$ERR")" "STAND_IN is fashion-mnist or notmnist"
not_ok "without files it does not start" emnist DATA=/nonexistent
like "and says what it wants" "$(cat "$ERR")" "emnist-letters.mat or the four IDX files"

# Caltech-256: three classes of made-up photographs, and a teacher that knows them
echo "conv3x3:4/s2, relu, conv1x1:1000, relu, gap" >nets/squeezenet1.1.net
cat >photographs.py <<'X'
import os
import zipfile

import numpy as np

import png

rng = np.random.default_rng(3)


def picture(c, colors, size=32):
    x = rng.integers(0, 80, (size, size, colors)).astype("i4")
    x[c * 8:c * 8 + 8] += 150
    return png.encode(x, 2 if colors == 3 else 0, 8)


for part, n in ("train", 8), ("val", 4):
    for c, name in enumerate(("ape", "bee", "cow")):
        os.makedirs(f"photos/{part}/{name}")
        for i in range(n):
            with open(f"photos/{part}/{name}/{i}.png", "wb") as f:
                f.write(picture(c, 3))
np.save("logits", np.repeat(np.eye(3), 8, axis=0).astype("f4") * 5)
for small, names in (1, ("Korean/character01", "Balinese/character02", "Greek/character01")), \
        (2, ("Greek/character01", "Latin/character01", "Tagalog/character01")):
    os.makedirs("zips", exist_ok=True)
    with zipfile.ZipFile(f"zips/images_background_small{small}.zip", "w") as z:
        for c, name in enumerate(names):
            for drawer in range(1, 21):
                z.writestr(f"images_background_small{small}/{name}/04{c:02}_{drawer:02}.png", picture(c, 1))
X
"$PYTHON" photographs.py

# head_of NET LAYER: what the pipeline freezes of a shipped net are all layers but the last
# shellcheck disable=SC2317
head_of() {
	body=$(sed -n "s/^BODY_$1 = //p" "$ROOT/pipelines/caltech256/Makefile")
	set -- --dry-run --net "$ROOT/nets/$1.net" "$2"
	png2tensor -q --rgb --size 32x32 -o x.zst photos/val
	train-teacher "$1" "$2" "$3" --freeze "$body" x.zst >/dev/null &&
		! train-teacher "$1" "$2" "$3" --freeze "$body,$4.*" x.zst
}
for head in "squeezenet1.1 30" "mobilenet-0.25 84"; do
	# shellcheck disable=SC2086
	ok "all but the head of $head is frozen" head_of $head
	like "and nothing is left without it" "$(cat "$ERR")" "nothing is left to train"
done
tiny="CLASSES=3 SIZE=16x16 BODY_squeezenet1.1=0.* BODY_mobilenet-0.25=[01].* STUDENTS=squeezenet1.1"
echo "conv3x3:4/s2, bn, relu, gap, flatten, fc:1000" >nets/mobilenet-0.25.net
png2tensor -q --rgb --size 16x16 -o x.zst photos/val
train-teacher -q --net nets/squeezenet1.1.net --epochs 1 -o features.safetensors.zst --mean .449 --sd .226 x.zst
# shellcheck disable=SC2086,SC2317
caltech() {
	experiment caltech256 $tiny "$@"
}
# shellcheck disable=SC2317
photographs() {
	caltech DATA="$SCRATCH/photos" LOGITS="$SCRATCH/logits.npy" FEATURES_squeezenet1.1="$SCRATCH/features.safetensors.zst"
}
ok "photographs and a teacher's array run" photographs
is "the results have every seed in each table" "$(rows caltech256.md)" 6
like "and the title of Caltech-256" "$(cat caltech256.md)" "^# Small nets learn .* on Caltech-256"
like "and the published figures" "$(cat caltech256.md)" '^\| squeezenet1.1, the last layer, alone \| 67.2 / 86.5 / 1.555 \| '
photographs >again
is "a second make does nothing" "$(cat again)" "$nothing"
body() {
	tensor2npy --tensor "$1" "$2"
}
body 0.weight features.safetensors.zst >a
body 0.weight caltech256/squeezenet1.1/head-published-2.safetensors.zst >b
body 0.weight caltech256/squeezenet1.1/whole-published-2.safetensors.zst >c
same "the features are frozen" a b
differ "unless all layers are trained" a c
ok "a shuffled array of logits is told of" "$PYTHON" -c 'import numpy; a = numpy.load("logits.npy"); numpy.save("logits", a[::-1] - 3)'
rm -r caltech256
photographs >"$OUT" 2>"$ERR"
like "by a warning" "$(cat "$ERR")" "warning"
not_ok "without logits it does not start" caltech DATA="$SCRATCH/photos" FEATURES_squeezenet1.1="$SCRATCH/features.safetensors.zst"
like "and says what it wants" "$(cat "$ERR")" "LOGITS and FEATURES_NET name files too"
rm -r caltech256

if command -v unzip >/dev/null; then
	ok "Omniglot stands in" caltech DATA="$SCRATCH/zips" STAND_IN=omniglot FEATURE_EPOCHS=1 TEACHER_EPOCHS=1 \
		STUDENTS="squeezenet1.1 mobilenet-0.25" WAYS=head
	is "for both students" "$(grep -cE '^\| (squeezenet1.1|mobilenet-0.25), the last layer, ' caltech256.md)" 6
	like "and says so in the title" "$(head -n 1 caltech256.md)" "^# A stand-in for Caltech-256: Omniglot"
	not_ok "with no published figure beside its own" grep -qE '82\.3|67\.2|1\.555' caltech256.md
	is "fourteen drawings of each character are the training set" "$(wc -l <caltech256/train.list)" 42
	is "six the test set" "$(awk 'NR == 2 { print $3 }' caltech256/teacher-1.tsv)" 18
	is "the features are learnt from what the training set lacks" "$(cut -f 2 caltech256/other.list | sort -u | tr '\n' ' ')" \
		"Balinese/character02 Korean/character01 "
	is "the teacher's logits are an array" "$("$PYTHON" -c 'import numpy; print(numpy.load("caltech256/logits.npy").shape)')" "(42, 3)"
else
	skip 8 "no unzip"
fi
done_testing
