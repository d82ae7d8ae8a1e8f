#!/bin/sh
# SPDX-License-Identifier: ISC
# tensor2png: sheets, files and heat maps, read by tests/png.py and computed again by NumPy.
. "${0%/*}/../lib.sh"
PYTHONPATH=$ROOT/tests PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

cat >peer.py <<'PY'
import json
import subprocess

import numpy as np

import png

MAGENTA = (255, 0, 255)


def show(*args):
    """The picture [h, w, channels] that tensor2png makes."""
    run = subprocess.run(["tensor2png", *map(str, args)], capture_output=True)
    assert run.returncode == 0, run.stderr
    pixels, color = png.decode(run.stdout)
    assert color == {1: 0, 3: 2}[pixels.shape[2]]
    return pixels.astype(int)


def sheet(tiles, columns, rows=None, gap=2, scale=1):
    """tiles: [h, w, c] each, or None for a cell that stays empty."""
    tiles = [None if t is None else t.repeat(scale, 0).repeat(scale, 1) for t in tiles]
    h, w, c = next(t.shape for t in tiles if t is not None)
    rows = rows or -(-len(tiles) // columns)
    out = np.full((rows * (h + gap) + gap, columns * (w + gap) + gap, c), 128)
    for k, t in enumerate(tiles):
        y, x = k // columns * (h + gap) + gap, k % columns * (w + gap) + gap
        if t is not None:
            out[y:y + h, x:x + w] = t
    return out


def byte(v):
    return np.floor(255 * np.clip(v, 0, 1) + 0.5).astype(int)


def colors(kind, v, low, high):
    """[..., 1 or 3] as image-colors.h says."""
    x = (np.asarray(v, "f8") - low) / (high - low)
    with np.errstate(invalid="ignore"):
        if kind == "gray":
            return np.where(np.isnan(x), 0, byte(np.nan_to_num(x, posinf=9, neginf=-9)))[..., None]
        y = np.nan_to_num(x, posinf=9, neginf=-9)
        c = (3 * y, 3 * y - 1, 3 * y - 2) if kind == "hot" else (2 * y, 1 - abs(2 * y - 1), 2 - 2 * y)
        return np.where(np.isnan(x)[..., None], MAGENTA, byte(np.stack(c, -1)))


def same(got, want):
    assert got.shape == want.shape, (got.shape, want.shape)
    assert (got == want).all(), np.argwhere(got != want)[:5]


def tensors(name):
    data = subprocess.run(["zstd", "-dc", name], capture_output=True, check=True).stdout
    n = int.from_bytes(data[:8], "little")
    head = json.loads(data[8:8 + n])
    head.pop("__metadata__")
    kinds = {"U8": "u1", "F32": "<f4"}
    return {k: np.frombuffer(data[8 + n:][slice(*v["data_offsets"])], kinds[v["dtype"]]).reshape(v["shape"])
            for k, v in head.items()}


def tensor(name, a):
    np.save("a.npy", a)
    subprocess.run(["npy2tensor", "--as", "tensor", "-o", name, "a.npy"], check=True)


def last(a):
    """[c, h, w] to [h, w, c]."""
    return np.moveaxis(a, 0, -1).astype(int)


rng = np.random.default_rng(11)
PY
python() {
	"$PYTHON" -c "from peer import *
$1"
}
python '
x = rng.integers(0, 256, (130, 1, 6, 4), np.uint8)
np.save("gray", x), np.save("rgb", rng.integers(0, 256, (130, 3, 4, 7), np.uint8))
np.save("y", np.arange(130) ** 2 % 7), np.save("two", rng.integers(0, 256, (5, 2, 4, 7), np.uint8))'
for kind in gray rgb two; do
	npy2tensor --as images -o $kind.zst $kind.npy || exit 1
done
npy2tensor --as images --class-names a,b/c,d,e,f,g,h -o labelled.zst gray.npy y.npy || exit 1
npy2tensor --as images --classes 12 -o numbered.zst rgb.npy y.npy || exit 1

# Pictures.
ok "a data set is a sheet of its first 100 pictures" python '
x = np.load("gray.npy")
same(show("gray.zst"), sheet([last(v) for v in x[:100]], 13))'
ok "in colour" python '
x = np.load("rgb.npy")
same(show("rgb.zst"), sheet([last(v) for v in x[:100]], 8))'
ok "--rows, --columns, --gap, --scale" python '
x = np.load("rgb.npy")
for rows, columns, gap, scale in ("0:130", 7, 0, 1), (":5", 9, 5, 2), ("120:", 3, 1, 3), ("7:8", 1, 0, 1):
    a, b = (int(v) if v else None for v in rows.split(":"))
    got = show("--rows", rows, "--columns", columns, "--gap", gap, "--scale", scale, "rgb.zst")
    same(got, sheet([last(v) for v in x[a:b]], columns, gap=gap, scale=scale))'
ok "one picture has nothing around it" python '
same(show("--rows", "9:10", "gray.zst"), last(np.load("gray.npy")[9]))'
ok "channels that are no colours are pictures" python '
same(show("two.zst"), sheet([v[..., None].astype(int) for v in np.load("two.npy").reshape(-1, 4, 7)], 3))'
ok "a class in a row" python '
x, y = np.load("gray.npy"), np.load("y.npy")
cells = []
for c in range(7):
    found = [last(v) for v in x[y == c]][:20]
    cells += found + [None] * (20 - len(found))
same(show("--per-class", 20, "labelled.zst"), sheet(cells, 20))
some = [last(x[i]) if y[i] in (0, 1, 4, 2) else None for i in range(3, 7)]
got = show("--per-class", 1, "--rows", "3:7", "labelled.zst")
want = sheet([next((last(x[i]) for i in range(3, 7) if y[i] == c), None) for c in range(7)], 1)
same(got, want)'

# A file each.
ok "--each" tensor2png --each folder labelled.zst
is "gives a folder for each class" "$(cd folder && find . -type d | sort | tr '\n' ' ')" ". ./a ./b ./b/c ./d ./f "
is "files are called by their items" "$(find folder/a | sort | sed -n '2,4p' | tr '\n' ' ')" "folder/a/000.png folder/a/007.png folder/a/014.png "
ok "png2tensor makes the data set of them" png2tensor -q --class-names a,b/c,d,e,f,g,h -o back.zst folder
ok "that it was, class by class" python '
x, y = np.load("gray.npy"), np.load("y.npy")
got = tensors("back.zst")
order = np.argsort(y, kind="stable")
assert (got["images"] == x[order]).all() and (got["labels"] == y[order]).all()'
ok "--each of some rows, without class names" tensor2png --each numbers --rows 95:105 --scale 2 numbered.zst
is "numbers have zeros before them" "$(cd numbers && find . -name '*.png' | sort | head -n 3 | tr '\n' ' ')" "./00/098.png ./01/097.png ./01/099.png "
ok "they are the pictures" python '
for k in range(95, 105):
    pixels, _ = png.decode(open(f"numbers/{k * k % 7:02}/{k:03}.png", "rb").read())
    same(pixels.astype(int), last(np.load("rgb.npy")[k]).repeat(2, 0).repeat(2, 1))'
ok "--each without labels" tensor2png --each plain -r 8:11 gray.zst
is "has no folders" "$(cd plain && echo *)" "08.png 09.png 10.png"
ok "--each of channels" tensor2png --each channels two.zst
is "names them, too" "$(cd channels && echo [01]-*)" "0-0.png 0-1.png 1-0.png 1-1.png"
mkdir empty
ok "an empty folder is as good as none" tensor2png --each empty -r :1 gray.zst
fails "one with files is not" 1 '^tensor2png: "plain": is not empty: it holds "(08|09|10).png"$' tensor2png --each plain gray.zst
mkdir -p killed/.unfinished/a
fails "nor is one that a killed run has left" 1 '^tensor2png: "killed": is not empty: it holds ".unfinished"$' tensor2png --each killed gray.zst
ok "... which stays as it is" test -d killed/.unfinished/a
fails "a folder in a folder that is not there" 1 '"no/where": cannot create the folder: No such file' tensor2png --each no/where gray.zst
for bad in ../x .x x//y x/../../y /x x/; do
	npy2tensor --as images --class-names "$bad,b,c,d,e,f,g" -o bad.zst gray.npy y.npy
	fails "class name $bad" 1 "the class name \"$bad\" is no folder's name" tensor2png --each out bad.zst
	not_ok "leaves nothing behind" test -e out
done
ok "nothing was written elsewhere" test ! -e x -a ! -e ../x -a ! -e .x -a ! -e y

# interrupted FOLDER: what is in it while a writer of many pictures is among them, and the status
# of the writer, which gets SIGTERM there. It stands still while it is looked at, and where it was
# too fast it starts again, with larger pictures.
interrupted() {
	"$PYTHON" - "$1" <<'END'
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

folder, was_there = sys.argv[1], os.path.isdir(sys.argv[1])
for attempt in range(5):
    tool = subprocess.Popen(["tensor2png", "-q", "--each", folder, "--scale", str(30 + 30 * attempt), "-r", ":",
                             "many.zst"], preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    while tool.poll() is None and not glob.glob(folder + "/.*/*/*.png"):
        time.sleep(0.002)
    if tool.returncode is None:
        tool.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, tool.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    seen = os.listdir(folder)
    among_them = seen == [".unfinished"] and 0 < len(glob.glob(folder + "/.*/*/*.png")) < 5000
    tool.send_signal(signal.SIGTERM)
    tool.send_signal(signal.SIGCONT)
    tool.wait()
    if among_them:
        break
    shutil.rmtree(folder, ignore_errors=True)
    if was_there:
        os.mkdir(folder)
print(tool.returncode, *seen)
END
}
python 'np.save("many.npy", np.zeros((5000, 8, 8), "u1")); np.save("many-y.npy", np.arange(5000) % 7)'
npy2tensor --as images -o many.zst many.npy many-y.npy
is "an interrupted run shows nothing of what it has written" "$(interrupted part)" "-15 .unfinished"
not_ok "... and leaves nothing" test -e part
mkdir part
is "... in a folder that was there, too" "$(interrupted part)" "-15 .unfinished"
is "... which stays, empty" "$(find part)" part

# Models.
npy2tensor --as images -o train.zst rgb.npy y.npy || exit 1
train-teacher -q --net 84-20-7 --epochs 2 -o model.zst train.zst || exit 1
train-teacher -q --net 24-9-7 --epochs 2 -o gray-model.zst labelled.zst || exit 1
ok "a model's first weights: grey is 0, pictures have the input's shape" python '
w = tensors("gray-model.zst")["0.weight"]
m = abs(w.astype("f8")).max()
tiles = colors("gray", w.reshape(9, 6, 4), -m, m)
same(show("gray-model.zst"), sheet(list(tiles), 4))
same(show("--colors", "blue-red", "gray-model.zst"), sheet(list(colors("blue-red", w.reshape(9, 6, 4), -m, m)), 4))'
ok "of RGB in colour" python '
w = tensors("model.zst")["0.weight"].reshape(20, 3, 4, 7)
m = abs(w.astype("f8")).max()
same(show("model.zst"), sheet([last(colors("gray", v, -m, m)[..., 0]) for v in w], 4))'
ok "--own-range" python '
w = tensors("gray-model.zst")["0.weight"].astype("f8").reshape(9, 6, 4)
same(show("--own-range", "gray-model.zst"), sheet([colors("gray", v, -abs(v).max(), abs(v).max()) for v in w], 4))'
ok "other weights are a heat map" python '
w = tensors("model.zst")["2.weight"].astype("f8")
m = abs(w).max()
same(show("--tensor", "2.weight", "model.zst"), colors("blue-red", w, -m, m))
b = tensors("model.zst")["2.bias"].astype("f8")
same(show("--tensor", "2.bias", "--colors", "hot", "model.zst"), colors("hot", b, -abs(b).max(), abs(b).max())[None])'
ok "first is the smallest number" python '
import struct
def write(name, shapes):
    head, at = {"__metadata__": {"potstill.kind": "model"}}, 0
    for k, s in shapes.items():
        n = 4 * int(np.prod(s))
        head[k] = {"dtype": "F32", "shape": list(s), "data_offsets": [at, at + n]}
        at += n
    text = json.dumps(head).encode()
    open(name, "wb").write(struct.pack("<Q", len(text)) + text + rng.normal(size=at // 4).astype("<f4").tobytes())
write("m.safetensors", {"10.weight": (2, 2), "0.bias": (9,), "1.weight": (5,), "9.0.weight": (6, 3), "9.1.weight": (4, 4)})
assert show("m.safetensors").shape == (6, 3, 3)
write("m.safetensors", {"10.weight": (2, 2), "2.weight": (8, 3, 5, 6), "adam.m.0.weight": (9, 9)})
assert show("--gap", 0, "--columns", 8, "m.safetensors").shape == (5, 48, 3)
write("m.safetensors", {"0.weight": (2, 4, 5, 6)})
assert show("--gap", 0, "--columns", 4, "m.safetensors").shape == (10, 24, 1)
write("none.safetensors", {"1.weight": (5,)})'
fails "a model without weights" 1 '"none.safetensors": has no layer with weights' tensor2png none.safetensors

# Numbers.
ok "heat maps of every kind of number" python '
for dtype in "i1 u2 i2 i4 f2 f4 f8 i8".split():
    a = np.arange(35).reshape(7, 5) * 3 % 11 + 2
    tensor("t.zst", a.astype(dtype))
    same(show("t.zst"), colors("hot", a, 2, 12))
    same(show("--colors", "gray", "t.zst"), colors("gray", a, 2, 12))
    same(show("--range", "0:8", "--rows", "2:4", "t.zst"), colors("hot", a[2:4], 0, 8))
tensor("t.zst", np.arange(12, dtype="u1").reshape(3, 4))
same(show("t.zst"), colors("hot", np.arange(12).reshape(3, 4), 0, 255))'
ok "NaN and infinities" python '
a = np.array([[1, np.nan, -3], [np.inf, -np.inf, 0]], "f4")
tensor("t.zst", a)
for kind in "gray", "hot", "blue-red":
    same(show("--colors", kind, "t.zst"), colors(kind, a, -3, 3))
same(show("t.zst")[0, 1], np.array(MAGENTA))'
ok "all the same, or nothing finite" python '
for v, want in (7, 0.5), (-7, 0), (0, 0.5), (np.inf, None):
    tensor("t.zst", np.full((2, 3), v, "f4"))
    got = show("--colors", "gray", "t.zst")
    assert want is None or (got == byte(want)).all(), (v, got)'
ok "--tiles" python '
a = rng.normal(size=(6, 24)).astype("f4")
tensor("t.zst", a)
m = abs(a.astype("f8")).max()
same(show("--tiles", "1x4x6", "t.zst"), sheet(list(colors("gray", a.reshape(6, 4, 6), -m, m)), 2))
same(show("--tiles", "3x4x2", "--rows", "1:3", "--range=-1:2", "t.zst"),
     sheet([last(colors("gray", v, -1, 2)[..., 0]) for v in a[1:3].reshape(2, 3, 4, 2)], 2))
same(show("--tiles", "2x4x3", "--columns", 4, "t.zst"), sheet(list(colors("gray", a.reshape(12, 4, 3), -m, m)), 4))'
ok "soft targets" python '
np.save("z", rng.normal(size=(130, 7)).astype("f4"))
subprocess.run("npy2tensor --as soft-targets -d labelled.zst --values logits --dtype f32 -o z.zst z.npy".split(), check=True)
v = tensors("z.zst")["values"].astype("f8")
same(show("--rows", "0:40", "z.zst"), colors("blue-red", v[:40], -abs(v[:40]).max(), abs(v[:40]).max()))'

ok "the same through pipes" sh -c 'cat labelled.zst | tensor2png - >1.png'
ok "and by -o" tensor2png -o 2.png labelled.zst
same "is the same file" 1.png 2.png
cp 1.png old.png
fails "a failure" 1 '^tensor2png: "labelled.zst": rows 5:200 are not within its 130 rows$' tensor2png -o old.png --rows 5:200 labelled.zst
same "leaves the old file" 1.png old.png
is "and no temporary" "$(find . -name '.*.tmp' | wc -l)" 0
fails "full device" 1 '^tensor2png: "/dev/full": cannot write: No space left on device$' tensor2png -o /dev/full labelled.zst
fails "missing file" 1 '"nothing"' tensor2png nothing
fails "a picture" 1 '"1.png"' tensor2png 1.png
fails "no such tensor" 1 '"gray.zst": has no tensor "x"' tensor2png --tensor x gray.zst
fails "several tensors" 1 '"two.safetensors": has 2 tensors; say which with --tensor' sh -c '"$PYTHON" -c "
import struct
h = b\"{\\\"a\\\":{\\\"dtype\\\":\\\"U8\\\",\\\"shape\\\":[1],\\\"data_offsets\\\":[0,1]},\\\"b\\\":{\\\"dtype\\\":\\\"U8\\\",\\\"shape\\\":[1],\\\"data_offsets\\\":[1,2]}}\"
open(\"two.safetensors\", \"wb\").write(struct.pack(\"<Q\", len(h)) + h + b\"xy\")" && exec tensor2png two.safetensors'
python 'tensor("three.zst", np.zeros((2, 3, 4), "f4")), tensor("none.zst", np.zeros((0, 4), "f4")), tensor("scalar.zst", np.float32(1))'
fails "three dimensions" 1 '"three.zst": tensor "values" has rank 3; 1, 2 and 4 can be shown' tensor2png three.zst
fails "no dimensions" 1 'rank 0; 1, 2 and 4 can be shown' tensor2png scalar.zst
fails "nothing in it" 1 '"none.zst": tensor "values": there is nothing to show' tensor2png none.zst
fails "no rows" 1 'there is nothing to show' tensor2png --rows 3:3 gray.zst
fails "rows the wrong way" 1 'rows 5:4 are not within' tensor2png -r 5:4 gray.zst
fails "a sheet that is too large" 1 'make a sheet with sides over 65535 pixels' tensor2png --scale 1000 --columns 100 gray.zst
fails "over the memory limit" 1 'the sheet: .* is over the memory limit' tensor2png --max-memory 1M --scale 100 gray.zst
fails "--tiles that do not fit" 1 'the rows of tensor "values" are no pictures of 1x5x5' tensor2png --tiles 1x5x5 t.zst
fails "--tiles of pictures" 1 'the rows of tensor "images" are no pictures of 1x5x5' tensor2png --tiles 1x5x5 gray.zst
fails "--each of a heat map" 1 'is one picture: --each needs several' tensor2png --each f z.zst
not_ok "makes no folder" test -e f
fails "--per-class without labels" 1 '"gray.zst": has no pictures with labels, which --per-class needs' tensor2png --per-class 3 gray.zst
fails "--per-class of numbers" 1 'has no pictures with labels' tensor2png --per-class 3 z.zst
for bad in 5 a:b 1:2:3 -1:2 99999999999999999999:; do
	fails "--rows $bad" 2 'is not A:B' tensor2png "--rows=$bad" gray.zst
done
for bad in 5 a:b 1:2:3 2:1 0x0:1 1:1 nan:1 0:inf 1e999:2 : :1 -3: 1:x; do
	fails "--range $bad" 2 'is not LOW:HIGH' tensor2png "--range=$bad" gray.zst
done
for bad in 28x28 1x0x5 1x2x3x4 a; do
	fails "--tiles $bad" 2 'is no shape such as 1x28x28' tensor2png "--tiles=$bad" t.zst
done
fails "--range and --own-range" 2 'exclude each other' tensor2png --range 0:1 --own-range t.zst
for option in "--gap 2" --own-range "--columns 2"; do
	# shellcheck disable=SC2086
	fails "$option of a heat map" 2 '^tensor2png: "z.zst": a heat map is one picture: --columns, --gap and --own-range' tensor2png $option z.zst
done
fails "--each and --gap" 2 'writes no sheet' tensor2png --each f --gap 2 gray.zst
fails "--each and -o" 2 'writes no sheet' tensor2png --each f -o x gray.zst
fails "--per-class and --columns" 2 'exclude each other' tensor2png --per-class 2 --columns 3 labelled.zst
fails "no operand" 2 'operand is missing' tensor2png
done_testing
