#!/bin/sh
# SPDX-License-Identifier: ISC
# npy2tensor: arrays of NumPy as data sets, soft targets and tensors, and what is refused.
. "${0%/*}/../lib.sh"

# Arrays; NumPy is the peer that writes them and the one that says what they become.
cat >peer.py <<'PY'
import io
import json
import os
import subprocess
import sys

import numpy as np


def read(name):
    """The tensors of a tensor file as arrays, and its metadata."""
    data = subprocess.run(["zstd", "-dc", name], capture_output=True, check=True).stdout
    n = int.from_bytes(data[:8], "little")
    head = json.loads(data[8:8 + n])
    meta = head.pop("__metadata__")
    kinds = {"U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "I32": "<i4", "I64": "<i8", "F16": "<f2",
             "BF16": "<u2", "F32": "<f4", "F64": "<f8", "BOOL": "?", "U32": "<u4", "U64": "<u8"}
    body = data[8 + n:]
    return {k: np.frombuffer(body[v["data_offsets"][0]:v["data_offsets"][1]], kinds[v["dtype"]]).reshape(v["shape"])
            for k, v in head.items()}, meta


def softmax(z, t):
    z = z.astype("f8") / t
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def bf16(x):
    """Bits rounded to nearest even."""
    b = x.astype("<f4").view("<u4").astype("u8")
    return ((b + 0x7fff + (b >> 16 & 1)) >> 16).astype("<u2")


def save(name, a, **header):
    """An array with any header that its author may have meant."""
    f = io.BytesIO()
    np.save(f, a)
    data = f.getvalue()[128:]
    text = header.get("text", str({"descr": a.dtype.str, "fortran_order": False, "shape": a.shape})).encode()
    version = header.get("version", 1)
    with open(name, "wb") as out:
        out.write(b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, "little") + text + data)
PY
PYTHONPATH=.
export PYTHONPATH
# python CODE: with everything of peer.py
python() {
	"$PYTHON" -c "from peer import *
$1"
}
python '
rng = np.random.default_rng(2)
x = rng.integers(0, 256, (40, 4, 6), np.uint8)
y = np.arange(40) % 10
z = (rng.normal(size=(40, 10)) + 8 * np.eye(10)[y]).astype("f4")
np.save("x", x), np.save("y", y.astype("u1")), np.save("z", z)
np.save("p5", softmax(z, 5).astype("f4"))
np.save("l5", np.log(softmax(z, 5)).astype("f4"))
np.save("color", rng.integers(0, 256, (40, 4, 6, 3), np.uint8))
'

# --- data sets ---
ok "--as images" npy2tensor --as images -o data.zst x.npy y.npy
ok "images and labels are NumPy's" python '
t, m = read("data.zst")
assert (t["images"] == np.load("x.npy")[:, None]).all() and t["images"].shape == (40, 1, 4, 6)
assert (t["labels"] == np.load("y.npy")).all() and t["labels"].dtype == np.uint8
assert m["potstill.kind"] == "dataset" and m["potstill.classes"] == "10" and set(t) == {"images", "labels"}'
ok "--channels-last" npy2tensor --as images --channels-last --class-names a,b,c,d,e,f,g,h,i,j -o color.zst color.npy y.npy
ok "channels come first" python '
t, m = read("color.zst")
assert (t["images"] == np.load("color.npy").transpose(0, 3, 1, 2)).all()
assert m["potstill.options"] == "--channels-last" and json.loads(m["potstill.class-names"]) == list("abcdefghij")'
python 'np.save("first", np.load("color.npy").transpose(0, 3, 1, 2))' # numpy saves it in its own order of axes
ok "channels first" npy2tensor --as images -o first.zst first.npy y.npy
ok "both orders are the same pictures" python 'assert (read("first.zst")[0]["images"] == read("color.zst")[0]["images"]).all()'
ok "--as features" npy2tensor --as features -o features.zst z.npy y.npy
ok "features are NumPy's" python 'assert (read("features.zst")[0]["features"] == np.load("z.npy")).all()'
ok "features from a pipe" sh -c 'cat z.npy | npy2tensor --as features - y.npy >piped.zst'
same "a pipe makes the same file" features.zst piped.zst
ok "every dtype becomes float features" python '
for d in "b1 u1 i1 <u2 >u2 <i2 >i2 <u4 >u4 <i4 >i4 <u8 >u8 <i8 >i8 <f2 >f2 <f4 >f4 <f8 >f8".split():
    a = (np.arange(24).reshape(4, 3, 2) * 37 - (0 if d[-2] in "bu" else 400)).astype(d)
    for order in "CF":
        np.save("a", np.asarray(a, order=order))
        subprocess.run(["npy2tensor", "--as", "features", "-o", "a.zst", "a.npy"], check=True)
        got = read("a.zst")[0]["features"]
        assert (got == a.astype("f4").reshape(4, 6)).all(), (d, order, got)'
ok "labels of every integer dtype" python '
for d in "u1 i1 <u2 >u2 <i2 <u4 <i4 >i4 <u8 <i8 >i8".split():
    np.save("a", np.load("y.npy").astype(d)[:, None])
    subprocess.run("npy2tensor --as images -o a.zst x.npy a.npy".split(), check=True)
    assert (read("a.zst")[0]["labels"] == np.load("y.npy")).all()'
ok "versions and layouts of the header" python '
a = np.arange(6, dtype="<f4").reshape(3, 2)
for version in 1, 2, 3:
    for text in ("""{"shape": (3, 2,), "descr": "<f4", "fortran_order": False}""",
                 "{\x27fortran_order\x27:False,\x27descr\x27:\x27<f4\x27,\x27shape\x27:(3L, 2L),}  \n"):
        save("a.npy", a, version=version, text=text)
        subprocess.run("npy2tensor --as features -o a.zst a.npy".split(), check=True)
        assert (read("a.zst")[0]["features"] == a).all()'

# --- soft targets ---
soft() {
	npy2tensor --as soft-targets --data data.zst "$@"
}
ok "logits" soft --values logits -o z.zst z.npy
ok "are stored zero-mean in f16, bit for bit as NumPy rounds" python '
t, m = read("z.zst")
z = np.load("z.npy").astype("f8")
z -= z.mean(1, keepdims=True)
assert t["values"].dtype == "<f2" and (t["values"].view("<u2") == z.astype("f4").astype("f2").view("<u2")).all()
assert m["potstill.kind"] == "soft-targets" and m["potstill.values"] == "zero-mean-logits"
assert "potstill.temperature" not in m and len(m["potstill.dataset"]) == 32'
ok "probabilities at T = 5" soft --values probabilities --temperature 5 -o p.zst p5.npy
ok "are stored in f32 as they are" python '
t, m = read("p.zst")
assert t["values"].dtype == "<f4" and (t["values"] == np.load("p5.npy")).all()
assert m["potstill.values"] == "probabilities" and m["potstill.temperature"] == "5"
assert m["potstill.options"] == "--values probabilities"'
ok "log-probabilities" soft --values log-probabilities -T 5 -o l.zst l5.npy
ok "are stored in f32 as they are, too" python '
t, m = read("l.zst")
assert (t["values"] == np.load("l5.npy")).all() and m["potstill.values"] == "log-probabilities"'
ok "both name the same data set" python '
assert read("z.zst")[1]["potstill.dataset"] == read("p.zst")[1]["potstill.dataset"]'
ok "from a pipe" sh -c 'cat p5.npy | npy2tensor --as soft-targets --data data.zst --values probabilities -T 5 - >piped.zst'
same "a pipe makes the same targets" p.zst piped.zst
ok "every kind from every kind" python '
z = np.load("z.npy").astype("f8")
z -= z.mean(1, keepdims=True)
p = softmax(z, 5)
want = {"logits": z, "zero-mean-logits": z, "log-probabilities": np.log(p), "probabilities": p}
for a in want:
    for d, e in ("<f4", 1e-5), ("<f8", 2e-7):
        np.save("a", want[a].astype(d))
        for b in want:
            t = [] if "logits" in a and "logits" in b else ["-T", "5"]
            subprocess.run(["npy2tensor", "--as", "soft-targets", "--data", "data.zst", "--values", a, "--store", b,
                            "--dtype", "f32", "-o", "a.zst", "a.npy"] + t, check=True)
            got = read("a.zst")[0]["values"].astype("f8")
            if b == "logits":
                got -= got.mean(1, keepdims=True)
            assert abs(got - want[b]).max() < e * max(1, abs(want[b]).max()), (a, b, d, abs(got - want[b]).max())'
ok "probabilities of 16 bits pass, and are scaled for f32" python '
p = np.load("p5.npy").astype("f2")
assert abs(p.astype("f8").sum(1) - 1).max() > 1e-4
np.save("half", p)
base = "npy2tensor --as soft-targets --data data.zst --values probabilities -T 5 half.npy -o a.zst".split()
subprocess.run(base, check=True)
got = read("a.zst")[0]["values"].astype("f8")
assert abs(got.sum(1) - 1).max() < 1e-6 and abs(got - p).max() < 5e-4
subprocess.run(base + ["--dtype", "f16"], check=True)
assert (read("a.zst")[0]["values"] == p).all()
subprocess.run(base + ["--dtype", "bf16"], check=True)'

# Every f16 value, the midpoints between neighbours and the floats beside them: 16-bit rounding is NumPy's.
ok "f16 and bf16 are rounded as NumPy does, over all values" python '
h = np.arange(0, 0x7c00, dtype="u2").view("f2").astype("f4")
m = (h[:-1] + h[1:]) / 2
v = np.concatenate([h, m, np.nextafter(m, np.float32(0)), np.nextafter(m, np.float32(1e9)),
                    np.array([65504, 65519.996, 1e-45, 2.0 ** -25, 2.0 ** -24, 2.0 ** -149], "f4")])
b = (np.arange(0, 0x7f80, 7, dtype="u4") << 16).astype("<u4")
w = np.concatenate([(b + d).astype("<u4").view("<f4") for d in (0, 1, 0x7fff, 0x8000, 0x8001, 0x17fff, 0x18000, 0x18001)])
w = w[w < 3.38e38]
for v, dtype, bits in (v, "f16", lambda x: x.astype("<f2").view("<u2")), (w, "bf16", bf16):
    v = np.concatenate([v, -v])
    v = np.resize(v, (-(-v.size // 10), 10)).astype("<f4")
    np.save("v", v)
    np.save("blank", np.zeros((len(v), 1, 1), "u1"))
    subprocess.run("npy2tensor --as images -o blank.zst blank.npy".split(), check=True)
    subprocess.run(["npy2tensor", "--as", "soft-targets", "--data", "blank.zst", "--values", "logits", "--store", "logits",
                    "--dtype", dtype, "-o", "v.zst", "v.npy"], check=True)
    got = read("v.zst")[0]["values"].view("<u2")
    assert got.size > 10000 and (got == bits(v)).all(), dtype'

# --- a tensor ---
ok "--as tensor" npy2tensor --as tensor --name w -o w.zst z.npy
ok "is the array" python 't, m = read("w.zst"); assert (t["w"] == np.load("z.npy")).all() and m["potstill.kind"] == "tensor"'

# --- what is refused ---
python '
z, p = np.load("z.npy"), np.load("p5.npy")
def bad(name, a, row, column, value):
    a = a.copy(); a[row, column] = value; np.save(name, a)
bad("nan", z, 17, 3, np.nan); bad("inf", p, 39, 9, np.inf); bad("negative", p, 4, 1, -1e-3); bad("zero", p, 6, 2, 0)
q = p.copy(); q[8] *= 1.001; np.save("sum", q)
q = p.copy(); q[6] = np.eye(10, dtype="f4")[6]; np.save("hard", q)
bad("huge", z, 2, 2, 1e6)
np.save("more", np.vstack([z, z[:1]])); np.save("nine", z[:, :9]); np.save("flat", z.ravel())
np.save("whole", z.astype("i4")); np.save("three", z[None])
np.save("shuffled", np.roll(z, 1, 0))
np.save("short", p); b = open("short.npy", "rb").read(); open("short.npy", "wb").write(b[:-1]); open("long.npy", "wb").write(b + b"x")
np.savez("many", a=z); np.save("complex", z.astype("c8")); np.save("text", np.array(["a", "b"]))
np.save("records", np.zeros(3, [("a", "f4")])); np.save("objects", np.array([None]), allow_pickle=True)
np.save("halves", (np.load("x.npy") / 255).astype("f4")); np.save("y39", np.load("y.npy")[:39])
np.save("yneg", np.load("y.npy").astype("i4") - 1); np.save("yfloat", np.load("y.npy").astype("f4"))
np.save("ybig", np.load("y.npy").astype("i8") * 2 ** 40); np.save("yhot", np.eye(10, dtype="u1")[np.load("y.npy")])
np.save("none", np.zeros((0, 4, 6), "u1")); np.save("nans", np.full((40, 2), np.nan))
np.save("other", 255 - np.load("x.npy"))
save("lie.npy", z, text="{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: (1000000000000, 10), }")
'
fails "NaN names its row" 1 '^npy2tensor: "nan.npy": row 17: class 3 is nan$' soft --values logits nan.npy
fails "infinity names its row" 1 '"inf.npy": row 39: class 9 is inf' soft --values probabilities -T 5 inf.npy
fails "negative probability" 1 '"negative.npy": row 4: class 1 has probability -0.001' soft --values probabilities -T 5 negative.npy
fails "probabilities that sum to 1.001" 1 '"sum.npy": row 8: probabilities sum to 1.001, not 1' soft --values probabilities -T 5 sum.npy
fails "logits as probabilities" 1 '"z.npy": row 0: ' soft --values probabilities -T 5 z.npy
fails "logits as log-probabilities" 1 '"z.npy": row 0: exponentials' soft --values log-probabilities -T 5 z.npy
fails "logits that are not zero-mean" 1 '"z.npy": row 0: the mean of zero-mean logits' soft --values zero-mean-logits z.npy
ok "a probability of 0" soft --values probabilities -T 5 -o hard.zst hard.npy
fails "which has no logit" 1 '"hard.npy": row 6: class 0 is 0, which has no logarithm' soft --values probabilities -T 5 --store logits hard.npy
fails "logits beyond f16" 1 'row 2 as F16: class 2 is inf' soft --values logits --store logits huge.npy
fails "too many rows" 1 '"more.npy": has 41 rows where the data set has 40 items' soft --values logits more.npy
fails "too few classes" 1 '"nine.npy": has 9 classes where the data set has 10' soft --values logits nine.npy
fails "one dimension" 1 '"flat.npy": has 1 dimensions' soft --values logits flat.npy
fails "three dimensions" 1 '"three.npy": has 3 dimensions' soft --values logits three.npy
fails "integers" 1 '"whole.npy": holds I32, not floats' soft --values logits whole.npy
fails "no data set" 1 '"z.zst": is a soft-targets file where a dataset file' npy2tensor --as soft-targets --data z.zst --values logits z.npy
ok "rows in another order" soft --values logits -o shuffled.zst shuffled.npy
like "get a warning" "$(cat "$ERR")" '^npy2tensor: warning: only [0-9] of 40 rows agree with the labels'
python '
rng = np.random.default_rng(4)
y = rng.integers(0, 2, 400)
z = (rng.normal(size=(400, 2)) + 3 * np.eye(2)[y]).astype("f4")
np.save("two", np.zeros((400, 4), "f4")), np.save("ytwo", y), np.save("ztwo", z), np.save("rolled", np.roll(z, 1, 0))'
ok "two classes" npy2tensor --as features -o two.zst two.npy ytwo.npy
ok "... whose rows are in order" npy2tensor --as soft-targets -d two.zst --values logits -o o.zst ztwo.npy
is "... get no warning" "$(cat "$ERR")" ""
ok "... in another order" npy2tensor --as soft-targets -d two.zst --values logits -o o.zst rolled.npy
like "... get one" "$(cat "$ERR")" '^npy2tensor: warning: only [0-9]* of 400 rows agree with the labels'
fails "cut short" 1 '"short.npy": is cut short' soft --values probabilities -T 5 short.npy
fails "extra byte" 1 '"long.npy": goes on behind' soft --values probabilities -T 5 long.npy
fails "declared terabytes" 1 '"lie.npy": is cut short: it declares 40000000000000 bytes' soft --values logits lie.npy
fails "declared terabytes in a pipe" 1 'over the memory limit' sh -c 'cat lie.npy | npy2tensor --as features -'
fails "an archive" 1 '"many.npz": is an .npz archive' npy2tensor --as features many.npz
fails "complex numbers" 1 "\"complex.npy\": dtype '<c8' is not supported" npy2tensor --as features complex.npy
fails "text" 1 "dtype '<U1' is not supported" npy2tensor --as features text.npy
fails "records" 1 'holds records' npy2tensor --as features records.npy
fails "objects" 1 "dtype '\|O' is not supported" npy2tensor --as features objects.npy
fails "no .npy file" 1 '"peer.py": is no .npy file' npy2tensor --as features peer.py
fails "empty file" 1 '"/dev/null": is cut short' npy2tensor --as features /dev/null
fails "missing file" 1 '"nothing": cannot be opened' npy2tensor --as features nothing
fails "floats as images" 1 '"halves.npy": images are F32; bytes \(uint8\) are expected' npy2tensor --as images halves.npy
fails "no dimensions for images" 1 '"flat.npy": images are F32' npy2tensor --as images flat.npy
fails "no items" 1 '"none.npy": holds no items' npy2tensor --as images none.npy
fails "NaN as feature" 1 '"nans.npy": item 0 holds nan' npy2tensor --as features nans.npy
python 'np.save("ynans", np.zeros(len(np.load("nans.npy")), int))'
fails "... with labels, which are not to blame" 1 '"nans.npy": item 0 holds nan' npy2tensor --as features nans.npy ynans.npy
fails "names for fewer classes" 1 '"a,b": there are 2 class names, but item [0-9]* has label' npy2tensor --as images --class-names a,b x.npy y.npy
fails "too few labels" 1 '"y39.npy": has 39 labels for 40 items' npy2tensor --as images x.npy y39.npy
fails "negative label" 1 '"yneg.npy": label 0 is -1, which' npy2tensor --as images x.npy yneg.npy
fails "label beyond 65535" 1 '"ybig.npy": label 1 is 1099511627776, which' npy2tensor --as images x.npy ybig.npy
fails "labels that are floats" 1 '"yfloat.npy": labels are F32; integers are expected' npy2tensor --as images x.npy yfloat.npy
fails "one-hot labels" 1 '"yhot.npy": labels are not one number an item' npy2tensor --as images x.npy yhot.npy
name=a$(printf '\303\274%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30)
ok "a long name" npy2tensor --as tensor --name "$name" -o long.zst z.npy
like "... is recorded whole" "$(tensor-info long.zst)" "input.$name"
fails "no --as" 2 '--as is missing' npy2tensor x.npy
fails "no --data" 2 'needs --data and --values' npy2tensor --as soft-targets --values logits z.npy
fails "no --values" 2 'needs --data and --values' soft z.npy
fails "probabilities without T" 2 'probabilities need --temperature' soft --values probabilities p5.npy
fails "stored probabilities without T" 2 'probabilities need --temperature' soft --values logits --store probabilities z.npy
fails "logits with T" 2 'says nothing about logits' soft --values logits -T 5 z.npy
fails "T of 0" 2 'temperature' soft --values probabilities -T 0 p5.npy
fails "soft targets' option elsewhere" 2 'are for soft targets' npy2tensor --as images --dtype f16 x.npy
fails "--name of images" 2 '--name is for --as tensor' npy2tensor --as images --name a x.npy
fails "--name of soft targets" 2 '--name is for --as tensor' soft --values logits --name a z.npy
fails "--classes of a tensor" 2 'are for images and features' npy2tensor --as tensor --classes 3 z.npy
fails "--class-names of a tensor" 2 'are for images and features' npy2tensor --as tensor --class-names a,b z.npy
fails "--classes of soft targets" 2 'are for images and features' soft --values logits --classes 10 z.npy
fails "labels of soft targets" 2 'labels belong to images' soft --values logits z.npy y.npy
fails "--channels-last of features" 2 'is for images' npy2tensor --as features --channels-last z.npy
fails "array and labels from stdin" 2 'only one input' npy2tensor --as features - -
fails "array and data set from stdin" 2 'only one input' npy2tensor --as soft-targets -d - --values logits -
fails "full device" 1 '/dev/full' soft --values logits -o /dev/full z.npy

# Targets are of one data set only, even where rows and classes fit.
ok "another data set of the same shape" npy2tensor --as images -o other.zst other.npy y.npy
ok "has another name" python '
subprocess.run("npy2tensor --as soft-targets --data other.zst --values logits -o o.zst z.npy".split(), check=True)
assert read("o.zst")[1]["potstill.dataset"] != read("z.zst")[1]["potstill.dataset"]'
if command -v train-student >/dev/null; then
	ok "training takes probabilities at their T" \
		train-student -q --net 24-8-10 --epochs 1 --targets p.zst --temperature 5 -o s.zst data.zst
	ok "training takes logits at any T" \
		train-student -q --net 24-8-10 --epochs 1 --targets z.zst --temperature 3 -o s.zst data.zst
	fails "training refuses targets of the other one" 1 '"o.zst": targets were made from another data set \(fingerprint [0-9a-f]{32} where [0-9a-f]{32} is expected\)' \
		train-student -q --net 24-8-10 --epochs 1 --targets o.zst -o s.zst data.zst
	fails "training refuses probabilities at another T" 1 'temperature 5' \
		train-student -q --net 24-8-10 --epochs 1 --targets p.zst --temperature 4 -o s.zst data.zst
else
	skip 4 "train-student is not built"
fi

# The seed notebook's file: float32 60000 x 10 = softmax(logits / 5), paired with the real MNIST.
if [ -e "$POTSTILL_DATA/mnist/train-images-idx3-ubyte.gz" ]; then
	ok "MNIST" idx2tensor -o train.zst "$POTSTILL_DATA/mnist/train-images-idx3-ubyte.gz" "$POTSTILL_DATA/mnist/train-labels-idx1-ubyte.gz"
	python '
y = read("train.zst")[0]["labels"]
z = np.random.default_rng(3).normal(size=(60000, 10)) + 6 * np.eye(10)[y]
np.save("soft_target", softmax(z, 5).astype("f4"))'
	ok "soft_target.npy comes in" npy2tensor --as soft-targets --data train.zst --values probabilities --temperature 5 -o soft.zst soft_target.npy
	is "without a warning" "$(cat "$ERR")" ""
	ok "and out" tensor2npy -o back.npy soft.zst
	same "byte by byte" soft_target.npy back.npy
	fails "the test set's targets are refused" 1 'has 60000 rows where the data set has 10000 items' sh -c '
		idx2tensor -o test.zst "$POTSTILL_DATA/mnist/t10k-images-idx3-ubyte.gz" &&
		npy2tensor --as soft-targets --data test.zst --values probabilities -T 5 soft_target.npy'
else
	skip 6 "no mnist in POTSTILL_DATA"
fi
done_testing
