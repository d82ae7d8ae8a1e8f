#!/bin/sh
# SPDX-License-Identifier: ISC
# cifar2tensor: batches made by NumPy come back, labels of both kinds, and what is refused.
. "${0%/*}/../lib.sh"

cat >peer.py <<'PY'
import json
import subprocess

import numpy as np


def load(name):
    data = subprocess.run(["zstd", "-dc", name], capture_output=True, check=True).stdout
    n = int.from_bytes(data[:8], "little")
    head = json.loads(data[8:8 + n])
    meta = head.pop("__metadata__")
    return {k: np.frombuffer(data[8 + n:][slice(*v["data_offsets"])], "u1").reshape(v["shape"])
            for k, v in head.items()}, meta


def pixels(seed, n):
    return np.random.default_rng(seed).integers(0, 256, (n, 3, 32, 32), np.uint8)


def batch(name, images, *labels):
    """The record as its authors describe it: labels, 1024 red, 1024 green, 1024 blue bytes, row-major."""
    with open(name, "wb") as f:
        for i, image in enumerate(images):
            f.write(bytes(int(c[i]) for c in labels) + b"".join(plane.tobytes() for plane in image))
PY
python() {
	"$PYTHON" -B -c "from peer import *
$1"
}
python '
batch("a.bin", pixels(1, 20), np.arange(20) % 10)
batch("b.bin", pixels(2, 7), np.arange(7) + 3)
batch("c.bin", pixels(3, 30), np.arange(30) % 20, np.arange(30) + 70)
batch("ten.bin", pixels(1, 5), [1, 2, 10, 3, 4])
batch("fine.bin", pixels(1, 2), [0, 1], [99, 100])
batch("coarse.bin", pixels(1, 2), [0, 20], [99, 9])
open("both.bin", "wb").write(bytes(3073 * 3074))'

ok "batches of CIFAR-10" cifar2tensor -o ten.zst a.bin b.bin
ok "are pictures [N, 3, 32, 32] one behind the other, with labels" python '
t, meta = load("ten.zst")
assert (t["images"] == np.concatenate([pixels(1, 20), pixels(2, 7)])).all()
assert t["labels"].tolist() == [i % 10 for i in range(20)] + [3, 4, 5, 6, 7, 8, 9]
assert meta["potstill.classes"] == "10" and meta["potstill.kind"] == "dataset" and "potstill.options" not in meta'
ok "the same from a pipe" sh -c 'cat a.bin b.bin | cifar2tensor - >x.zst'
same "is the same file" ten.zst x.zst
ok "and from both" sh -c 'cifar2tensor a.bin - <b.bin >x.zst'
same "too" ten.zst x.zst
ok "a batch alone has all classes" cifar2tensor -o x.zst b.bin
ok "though not all occur" python 'assert load("x.zst")[1]["potstill.classes"] == "10"'
ok "CIFAR-100" cifar2tensor -o fine.zst c.bin
ok "has fine labels" python '
t, meta = load("fine.zst")
assert (t["images"] == pixels(3, 30)).all() and t["labels"].tolist() == list(range(70, 100))
assert meta["potstill.classes"] == "100"'
ok "--labels coarse" cifar2tensor --labels coarse -o coarse.zst c.bin
ok "has the others, and says so" python '
t, meta = load("coarse.zst")
assert (t["images"] == pixels(3, 30)).all() and t["labels"].tolist() == [i % 20 for i in range(30)]
assert meta["potstill.classes"] == "20" and meta["potstill.options"] == "--labels coarse"
assert meta["potstill.input.images"] == load("fine.zst")[1]["potstill.input.images"]'
printf '%s\n' airplane automobile bird cat deer dog frog horse ship truck '' >batches.meta.txt
ok "--class-names FILE as it comes" cifar2tensor --class-names batches.meta.txt -o x.zst a.bin
ok "keeps the names" python '
assert json.loads(load("x.zst")[1]["potstill.class-names"]) == "airplane automobile bird cat deer dog frog horse ship truck".split()'
ok "--kind where a length fits both" cifar2tensor --kind 10 -o x.zst both.bin
ok "is that kind" python 'assert load("x.zst")[0]["labels"].shape == (3074,)'
ok "or the other" cifar2tensor --kind 100 -o x.zst both.bin
ok "which has fewer records" python 'assert load("x.zst")[0]["labels"].shape == (3073,)'

ok "a net learns from it" train-teacher -q --net 3072-5-10 --epochs 1 -o model.zst ten.zst
ok "and is evaluated" evaluate ten.zst model.zst

fails "which kind is it" 1 '^cifar2tensor: "both.bin": may be of CIFAR-10 or of CIFAR-100 by its length$' cifar2tensor both.bin
fails "the wrong kind" 1 '"a.bin": is no batch of CIFAR-100: 61460 bytes are no records of 3074' cifar2tensor --kind 100 a.bin
fails "two kinds" 1 '"c.bin": is no batch of CIFAR-10: 92220 bytes' cifar2tensor a.bin c.bin
head -c 61459 a.bin >short.bin
fails "cut short" 1 '"short.bin": is no batch of CIFAR: 61459 bytes are no records of 3073 or 3074' cifar2tensor short.bin
fails "cut short behind a whole one" 1 '"short.bin": is no batch of CIFAR-10' cifar2tensor a.bin short.bin
fails "empty" 1 '"/dev/null": is no batch of CIFAR: 0 bytes' cifar2tensor /dev/null
fails "a label of eleven" 1 '"ten.bin": record 2 has label 10 of 10 classes' cifar2tensor a.bin ten.bin
fails "a fine label beyond" 1 '"fine.bin": record 1 has label 100 of 100 classes' cifar2tensor fine.bin
fails "a coarse label beyond" 1 '"coarse.bin": record 1 has label 20 of 20 classes' cifar2tensor coarse.bin
fails "coarse labels of CIFAR-10" 1 '"a.bin": is of CIFAR-10, which has no coarse and fine labels' cifar2tensor --labels coarse a.bin
fails "too few names" 1 '"a,b": there are 2 class names for 10 classes' cifar2tensor --class-names a,b a.bin
fails "missing file" 1 '"nothing": cannot be opened' cifar2tensor a.bin nothing
fails "a folder" 1 '"\.": cannot be read: Is a directory' cifar2tensor .
fails "over the memory limit" 1 '"a.bin": .*memory limit|"a.bin": is longer than' cifar2tensor --max-memory 50000 a.bin
fails "endless input" 1 '"/dev/zero": is longer than 500000 bytes' cifar2tensor --max-memory 1000000 /dev/zero
fails "two pipes" 2 'only one input can be standard input' cifar2tensor - -
fails "no operand" 2 'operand is missing' cifar2tensor
fails "another kind" 2 'is none of 10|100' cifar2tensor --kind 20 a.bin
fails "full device" 1 '/dev/full' cifar2tensor -o /dev/full a.bin
done_testing
