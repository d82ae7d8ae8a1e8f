#!/bin/sh
# SPDX-License-Identifier: ISC
# mat2tensor: MAT files of version 5, written by tests/mat.py with the names and shapes of
# emnist-letters.mat, and what is refused.
. "${0%/*}/../lib.sh"
[ -x "$BUILD/bin/mat2tensor" ] || skip_all "mat2tensor is not built: there is no libmatio-dev"

cat >peer.py <<'PY'
import json
import struct
import subprocess
import zlib

import numpy as np

from mat import *


def load(name):
    data = subprocess.run(["zstd", "-dc", name], capture_output=True, check=True).stdout
    n = int.from_bytes(data[:8], "little")
    h = json.loads(data[8:8 + n])
    meta = h.pop("__metadata__")
    return {k: np.frombuffer(data[8 + n:][slice(*v["data_offsets"])], {"U8": "u1", "U16": "<u2"}[v["dtype"]])
            .reshape(v["shape"]) for k, v in h.items()}, meta


def part(seed, n):
    """n pictures [n, 28, 28] and labels 1 to 26."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(1, 27, n).astype("u1")
    y[:2] = 1, 26
    return x, y


def idx(name, a):
    with open(name, "wb") as f:
        f.write(struct.pack(f">BBBB{a.ndim}I", 0, 0, 8, a.ndim, *a.shape) + a.tobytes())


def cells(n, parts):
    return element(14, head(1, (n, 1), "") + parts)


def array(kind, shape, data, name="z"):
    """An array of bytes whose data is any element."""
    return element(14, head(kind, shape, name) + data)


def structure(length, names, parts):
    return element(14, head(2, (1, 1), "s") + struct.pack("<HHI", 5, 4, length) + element(1, names) + parts)


def refused(name, text, command="mat2tensor --images X --labels y -o damaged.zst"):
    run = subprocess.run(command.split() + [name], capture_output=True, text=True, timeout=20)
    line = f"mat2tensor: \"{name}\": {text}"
    assert run.returncode == 1 and run.stderr.count("\n") == 1 and run.stderr.startswith(line), (name, text, run)
    return run.stderr


def damaged(array, text):
    """An array behind good ones, as it is and packed."""
    good = [matrix("X", np.zeros((2, 2, 3), "u1")), matrix("y", np.zeros((3, 1), "u1"))]
    for packed in False, True:
        write_arrays("damaged.mat", good + [array], packed)
        assert text in refused("damaged.mat", "damaged: the array at byte "), text
PY
python() {
	PYTHONPATH=$ROOT/tests "$PYTHON" -B -c "from peer import *
$1"
}
python '
train, test = part(1, 200), part(2, 50)
letters = emnist(train, test)
write("letters.mat", letters), write("plain.mat", letters, False)
idx("x", train[0].transpose(0, 2, 1)), idx("y", train[1])'

ok "the letters of EMNIST" mat2tensor --label-base 1 -o letters.zst letters.mat
ok "are upright pictures, with labels from 0" python '
t, meta = load("letters.zst")
x, y = part(1, 200)
assert t["images"].shape == (200, 1, 28, 28) and (t["images"][:, 0] == x).all() and (t["labels"] == y - 1).all()
assert meta["potstill.classes"] == "26" and meta["potstill.options"] == "--label-base 1"'
ok "the IDX files of EMNIST" idx2tensor --transpose --label-base 1 -o idx.zst x y
is "make the same data set" "$(tensor-info --json --verify idx.zst | grep -o '"fingerprint": "[^"]*"')" \
	"$(tensor-info --json --verify letters.zst | grep -o '"fingerprint": "[^"]*"')"
ok "without compression" mat2tensor --label-base 1 -o x.zst plain.mat
same "the same file" letters.zst x.zst
ok "--split test" mat2tensor --split test --label-base 1 --classes 30 -o test.zst letters.mat
ok "is the other part" python '
t, meta = load("test.zst")
x, y = part(2, 50)
assert (t["images"][:, 0] == x).all() and (t["labels"] == y - 1).all() and meta["potstill.classes"] == "30"'
ok "--split train" mat2tensor --split train --label-base 1 -o x.zst letters.mat
same "is what it is by itself" letters.zst x.zst
ok "a net learns from it" train-teacher -q --net 784-5-26 --epochs 1 -o model.zst letters.zst

python '
rng = np.random.default_rng(3)
x = rng.integers(0, 256, (70, 3, 5, 4), np.uint8)
np.save("x", x)
y = np.arange(70)
write("color.mat", {"X": x.transpose(2, 3, 1, 0), "y": y[:, None].astype("f8"), "G": x[:, 0].transpose(1, 2, 0),
      "rows": x.transpose(0, 1, 3, 2).reshape(70, 60), "wide": (y * 300)[None].astype("i4")})'
ok "arrays of MATLAB'\''s own shape, by name" mat2tensor --images X --labels y -o color.zst color.mat
ok "are pictures in colour" python '
t, meta = load("color.zst")
assert (t["images"] == np.load("x.npy")).all() and (t["labels"] == np.arange(70)).all()'
ok "grey ones without labels" mat2tensor --images G -o gray.zst color.mat
ok "have three dimensions" python '
t, meta = load("gray.zst")
assert (t["images"] == np.load("x.npy")[:, :1]).all() and list(t) == ["images"]'
ok "rows of oblong pictures in colour" mat2tensor --images rows --shape 5x4 --labels wide -o rows.zst color.mat
ok "have the shape that is said" python '
t, meta = load("rows.zst")
assert (t["images"] == np.load("x.npy")).all() and (t["labels"] == np.arange(70) * 300).all()
assert meta["potstill.options"] == "--shape 5x4"'
ok "labels of every type" python '
for dtype in KINDS:
    write("l.mat", {"X": np.zeros((2, 2, 3), "u1"), "y": np.array([[3], [0], [7]]).astype(dtype)})
    subprocess.run("mat2tensor --images X --labels y --class-names a,b,c,d,e,f,g,h -o l.zst l.mat".split(), check=True)
    assert load("l.zst")[0]["labels"].tolist() == [3, 0, 7], dtype'

python '
x, y = np.zeros((4, 9), "u1"), np.arange(4.0)[:, None]
write("bad.mat", {"x": x, "y": y, "real": x.astype("f8"), "few": y[:3], "square": y.reshape(2, 2), "half": y + .5,
      "below": y - 1, "nan": y * np.nan, "far": y * 40000, "five": np.zeros((1, 1, 1, 1, 1), "u1"),
      "none": np.zeros((0, 9), "u1"), "s": {"a": y}})
m = matrix("z", y)
with open("complex.mat", "wb") as f:
    f.write(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x0100, b"IM"))
    f.write(element(14, head(6, (1, 1), "z", 0x800) + 2 * element(9, bytes(8))))
data = open("plain.mat", "rb").read()
open("short.mat", "wb").write(data[:5000])
data = open("letters.mat", "rb").read()
open("cut.mat", "wb").write(data[:5000])
write("big.mat", {"big": np.zeros((1 << 13, 1 << 14), "u1")})
write_arrays("cells.mat", [cells(1 << 17, element(14, b"") * (1 << 17))])'
run() {
	mat2tensor --images x --labels "$1" bad.mat
}
fails "no MAT file" 1 '^mat2tensor: "peer.py": is no MAT file$' mat2tensor peer.py
fails "missing file" 1 '^mat2tensor: "nothing": cannot be opened: No such file or directory$' mat2tensor nothing
fails "a folder" 1 '"\.": is no MAT file' mat2tensor .
fails "empty" 1 '"/dev/null": is no MAT file' mat2tensor /dev/null
fails "another structure" 1 '"bad.mat": has no array "dataset.train.images"' mat2tensor bad.mat
fails "no such array" 1 '"bad.mat": has no array "z"' mat2tensor --images z bad.mat
fails "no such field" 1 '"bad.mat": has no array "s.b"' mat2tensor --images s.b bad.mat
fails "a field of a number" 1 '"bad.mat": has no array "x.y"' mat2tensor --images x.y bad.mat
fails "a structure" 1 '"s" is no array of real numbers' mat2tensor --images s bad.mat
fails "complex numbers" 1 '"z" is no array of real numbers' mat2tensor --images z complex.mat
fails "pictures of reals" 1 '"bad.mat": pictures are F64; bytes \(uint8\) are expected' mat2tensor --images real bad.mat
fails "five dimensions" 1 '"five" .*dimensions|pictures have 5 dimensions' mat2tensor --images five bad.mat
fails "no pictures" 1 '"none" is empty' mat2tensor --images none bad.mat
fails "rows that are not square" 1 'rows of 60 values are no pictures that are square' mat2tensor --images rows color.mat
fails "rows of another shape" 1 'rows of 60 values are no pictures of this shape' mat2tensor --images rows --shape 7x3 color.mat
fails "another shape" 1 'pictures have 5 x 4 pixels, not 4 x 5' mat2tensor --images X --shape 4x5 color.mat
fails "too few labels" 1 'has 3 labels for 4 items' run few
fails "labels that are a matrix" 1 'labels are not one number an item' run square
fails "halves" 1 'label 0 is 0.5, which is no whole number within \[0, 65535\]' run half
fails "a negative label" 1 'label 0 is -1, which' run below
fails "NaN" 1 'label 0 is -?nan, which' run nan
fails "a label beyond 65535" 1 'label 2 is 80000, which' run far
fails "a label below the base" 1 'label 0 is 0, which is no whole number within \[1, 65536\]' mat2tensor --images x --labels y --label-base 1 bad.mat
fails "a base without labels" 2 '^mat2tensor: --label-base needs --labels' mat2tensor --images x --label-base 1 bad.mat
fails "a label beyond --classes" 1 '"bad.mat": item 3 has label 3, but there are 3 classes' mat2tensor --images x --labels y --classes 3 bad.mat
fails "cut short" 1 '^mat2tensor: "short.mat": is cut short$' mat2tensor --label-base 1 short.mat
fails "cut short, packed" 1 '^mat2tensor: "cut.mat": is cut short$' mat2tensor --label-base 1 cut.mat
ok "cut short anywhere" python '
for name in "plain.mat", "letters.mat":
    data = open(name, "rb").read()
    for n in list(range(129, 1000, 97)) + [len(data) - 1, len(data) - 500]:
        open("cut.mat", "wb").write(data[:n])
        run = subprocess.run("mat2tensor --label-base 1 cut.mat".split(), capture_output=True)
        assert run.returncode == 1 and b"is cut short" in run.stderr, (name, n, run)'
# Whatever is wrong is found before libmatio sees it.
ok "wrong lengths are refused" python '
byte, eight = np.zeros((8, 1), "u1"), element(2, bytes(8))
damaged(array(9, (9, 1), eight), "8 bytes of values, but dimensions for 9")
damaged(array(9, (7, 1), eight), "8 bytes of values, but dimensions for 7")
damaged(array(9, (8, 1), element(1, bytes(8))), "values of a wrong type, 1")
damaged(array(9, (8, 1), element(9, bytes(64))), "values of a wrong type, 9")
damaged(array(9, (8, 1), element(99, bytes(8))), "values of a wrong type, 99")
damaged(array(9, (-8, 1), eight), "dimensions that are too large")
damaged(array(9, (1 << 30,) * 4, eight), "dimensions that are too large")
damaged(array(9, (8,), eight), "no dimensions")
damaged(array(9, (8, 1), eight + eight), "16 bytes too many")
damaged(array(9, (80, 1), struct.pack("<II", 2, 80) + bytes(8)), "an element that is longer than what it is in")
damaged(array(9, (8, 1), struct.pack("<HHI", 2, 8, 0)), "a short element of 8 bytes")
damaged(array(9, (8, 1), eight, "n" * 5000), "a name that is none")
damaged(array(9 | 0x800, (8, 1), eight), "an element that is longer")
damaged(element(14, b""), "an element that is longer")
damaged(element(14, element(5, bytes(8))), "no array flags")
damaged(element(9, bytes(8)), "something where an array is expected")
damaged(array(5, (8, 1), element(5, bytes(4)) + element(5, bytes(4)) + eight), "a wrong number of sparse columns")'
ok "wrong structures are refused" python '
part = matrix("", np.zeros((1, 1), "u1"))
damaged(structure(0xffff, b"a".ljust(32, b"\0"), part), "no length of its fields")
damaged(structure(0, b"a".ljust(32, b"\0"), part), "no length of its fields")
damaged(structure(33, b"a".ljust(32, b"\0"), part), "no names of fields of 33 bytes")
damaged(structure(32, bytes(64), part), "an element that is longer")
damaged(structure(1, bytes(800), part), "800 parts in ")
damaged(structure(32, bytes(32), part + part), " bytes too many")
damaged(structure(32, bytes(32), matrix("name", np.zeros((1, 1), "u1"))), "a name that is none")
damaged(array(16, (1, 1), element(14, b""), "f"), "an element that is longer")
damaged(cells(1 << 30, part), "1073741824 parts in ")
damaged(cells(1, element(9, bytes(48))), "something where an array is expected")
deep = part
for i in range(40):
    deep = cells(1, deep)
damaged(deep, "arrays that are more than 32 deep")'
ok "any bit of compressed data, but those that fill its last byte" python '
write("good.mat", {"X": np.arange(12, dtype="u1").reshape(2, 2, 3), "y": np.arange(3.0)[:, None]})
convert = "mat2tensor --images X --labels y -o damaged.zst".split()
subprocess.run(convert + ["good.mat"], check=True)
good = open("damaged.zst", "rb").read()
data = open("good.mat", "rb").read()
for at in range(136, len(data), 3):
    bad = bytearray(data)
    bad[at] ^= 1 << at % 8
    open("bit.mat", "wb").write(bad)
    if subprocess.run(convert + ["bit.mat"], capture_output=True).returncode == 0:
        assert open("damaged.zst", "rb").read() == good, at
    else:
        refused("bit.mat", "")'
ok "a wrong check sum" python '
data = bytearray(open("good.mat", "rb").read())
data[-1] ^= 1
open("sum.mat", "wb").write(data)
assert "cannot be unpacked: incorrect data check" in refused("sum.mat", "damaged: the array at byte ")
z = pack(matrix("X", np.zeros((2, 2, 3), "u1")))[8:]
write_arrays("sum.mat", [struct.pack("<II", 15, len(z) - 2) + z[:-2]], False)
assert "it is cut short" in refused("sum.mat", "damaged: the array at byte 128 ")
for more in z + b"more", zlib.compress(zlib.decompress(z) + bytes(8)):
    write_arrays("sum.mat", [struct.pack("<II", 15, len(more)) + more], False)
    refused("sum.mat", "damaged: there is something behind the array at byte 128")
short = zlib.compress(zlib.decompress(z)[:-8])
write_arrays("sum.mat", [struct.pack("<II", 15, len(short)) + short], False)
assert "it ends before the array does" in refused("sum.mat", "damaged: the array at byte 128 ")'
ok "an array of 4 GiB in a few bytes" python '
write_arrays("bomb.mat", [struct.pack("<II", 14, 0xfffffff8)])
assert "longer than what it is in" in refused("bomb.mat", "damaged: the array at byte 128 ")'
ok "version 7.3 without HDF5, and with a broken one" python '
head = b"MATLAB 7.3 MAT-file".ljust(124) + struct.pack("<H2s", 0x0200, b"IM") + bytes(384)
open("hdf5.mat", "wb").write(head + bytes(512))
refused("hdf5.mat", "damaged: of version 7.3, but not in HDF5")
open("hdf5.mat", "wb").write(head + b"\x89HDF\r\n\x1a\n" + bytes(504))
refused("hdf5.mat", "")'
ok "version 4, whose arrays are no bytes" python '
def old(name, rows, values, kind=0, order="<"):
    return struct.pack(order + "5i", kind, rows, 1, 0, len(name) + 1) + name + b"\0" + values
y = old(b"y", 3, bytes(24))
for data, text in (y, "pictures are F64"), (old(b"y", 3, bytes(3), 50), "pictures are F64"), \
        (old(b"y", 3, bytes(24), 1000, ">"), "pictures are F64"), (y[:-1], "is cut short"), \
        (old(b"y", 4, bytes(24)), "is cut short"), (old(b"y", -1, bytes(24)), "is no MAT file"), \
        (old(b"y", 3, bytes(24), 5000), "is no MAT file"), (y + old(b"x", 2, bytes(24)), "is cut short"), \
        (y + old(b"x", 2, bytes(36)), "damaged: there is no array"):
    open("old.mat", "wb").write(data)
    refused("old.mat", text, "mat2tensor --images y -o damaged.zst")'
ok "what is not numbers is passed over, and short types are known" python '
x, text = np.arange(12, dtype="u1").reshape(2, 2, 3), element(1, b"name")
numbers = matrix("", np.zeros((2, 3)))
others = [cells(2, numbers + element(14, b"")), array(4, (1, 2), element(4, bytes(4))),
          array(4, (1, 2), struct.pack("<HHI", 16, 2, 0)), array(3, (1, 1), text + bytes(24), "o"),
          element(14, element(6, struct.pack("<II", 17, 0)) + 3 * text + bytes(40)),
          array(5, (8, 2), element(5, bytes(8)) + element(5, bytes(12)) + element(9, bytes(16))),
          structure(32, bytes(64), numbers + cells(1, numbers)), structure(32, b"", b""),
          array(16, (1, 1), structure(32, bytes(32), numbers), "f"),
          array(6, (0, 3), element(9, b"")), array(14 | 0x800, (2, 1), 2 * element(12, bytes(16)))]
for kind in 6, 7, 10, 12, 14:
    others += [array(kind, (3, 1), struct.pack("<HHBBBx", 2, 3, 0, 1, 2), f"y{kind}")]
for packed in False, True:
    write_arrays("others.mat", others + [matrix("X", x)], packed)
    for kind in 6, 7, 10, 12, 14:
        subprocess.run(f"mat2tensor --images X --labels y{kind} -o others.zst others.mat".split(), check=True)
        t, meta = load("others.zst")
        assert (t["images"][:, 0] == x.transpose(2, 0, 1)).all() and t["labels"].tolist() == [0, 1, 2], kind'
ok "big-endian files" python '
def big(kind, data):
    return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)
def turned(name, shape, kind, type, data):
    return big(14, big(6, struct.pack(">II", kind, 0)) + big(5, struct.pack(f">{len(shape)}i", *shape)) +
               big(1, name) + big(type, data))
x, y = np.arange(12, dtype="u1").reshape(2, 2, 3), np.arange(3, dtype=">f8")
arrays = turned(b"X", (2, 2, 3), 9, 2, x.tobytes("F")), turned(b"y", (3, 1), 6, 9, y.tobytes())
head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\1\0MI"
z = [zlib.compress(a) for a in arrays]
for data in b"".join(arrays), b"".join(struct.pack(">II", 15, len(a)) + a for a in z):
    open("big-endian.mat", "wb").write(head + data)
    subprocess.run("mat2tensor --images X --labels y -o turned.zst big-endian.mat".split(), check=True)
    t, meta = load("turned.zst")
    assert (t["images"][:, 0] == x.transpose(2, 0, 1)).all() and t["labels"].tolist() == [0, 1, 2]'
fails "over the memory limit" 1 '"big.mat": big: 128.0 MiB is over the memory limit of 64.0 MiB' mat2tensor --max-memory 64M --images big big.mat
fails "cells over the memory limit" 1 'is over the memory limit of 64.0 MiB$' mat2tensor --max-memory 64M --images x cells.mat
fails "standard input" 2 'cannot be read from standard input' mat2tensor -
fails "--labels alone" 2 'needs --images' mat2tensor --labels y bad.mat
fails "--split and --images" 2 'exclude each other' mat2tensor --split test --images x bad.mat
fails "--shape" 2 'is no shape such as 28x28' mat2tensor --shape 28 bad.mat
fails "no operand" 2 'operand is missing' mat2tensor
fails "full device" 1 '/dev/full' mat2tensor --label-base 1 -o /dev/full letters.mat
done_testing
