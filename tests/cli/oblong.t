#!/bin/sh
# SPDX-License-Identifier: ISC
# Colour pictures that are not square, from their source to the last tool: every step is computed
# again by NumPy, so that no two of channel, height and width can be taken for each other.
. "${0%/*}/../lib.sh"
PYTHONPATH=$ROOT/tests PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

cat >peer.py <<'PY'
import io
import json
import os
import struct
import subprocess

import numpy as np

import png

SHAPE = 3, 5, 7
rng = np.random.default_rng(9)


def tool(*args):
    run = subprocess.run(list(map(str, args)), capture_output=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def get(name, tensor):
    return np.load(io.BytesIO(tool("tensor2npy", "-t", tensor, name)))


def model(name, net, tensors, shape=SHAPE):
    """A model by hand."""
    meta = {"potstill.kind": "model", "potstill.version": "0", "potstill.net": net,
            "potstill.input": "x".join(map(str, shape)), "potstill.mean": "0", "potstill.sd": "1"}
    head, body = {"__metadata__": meta}, b""
    for k, v in tensors.items():
        head[k] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [len(body), len(body) + 4 * v.size]}
        body += v.astype("<f4").tobytes()
    text = json.dumps(head).encode()
    with open(name, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + body)


def forward(name, x):
    """Logits of fc, relu, fc."""
    h = x.reshape(len(x), -1) / 255.0 @ get(name, "0.weight").T.astype("f8") + get(name, "0.bias")
    return np.maximum(h, 0) @ get(name, "2.weight").T.astype("f8") + get(name, "2.bias")
PY
python() {
	"$PYTHON" -c "from peer import *
$1"
}
# Three classes that only channel, row or column tell apart.
python '
y = np.arange(240) % 3
x = rng.integers(0, 90, (240, *SHAPE), np.uint8)
for k in range(240):
    part = x[k, k % 2 + 1] if y[k] == 0 else x[k, :, 1] if y[k] == 1 else x[k, :, :, 5]
    part += np.uint8(120)
np.save("x", x), np.save("y", y.astype("u1")), np.save("last", np.moveaxis(x, 1, -1).copy())
open("idx", "wb").write(struct.pack(">BBBB4I", 0, 0, 8, 4, *x.shape) + x.tobytes())
open("idx-labels", "wb").write(struct.pack(">BBBBI", 0, 0, 8, 1, 240) + bytes(y.tolist()))
lines = []
for k in range(240):
    os.makedirs("pictures", exist_ok=True)
    open(f"pictures/{k}.png", "wb").write(png.encode(np.moveaxis(x[k], 0, -1), 2, 8, kinds=(k % 5,)))
    lines.append(f"pictures/{k}.png\t{y[k]}\n")
open("list", "w").writelines(lines)'
ok "from NumPy" npy2tensor --as images -o npy.zst x.npy y.npy
ok "from NumPy, channels last" npy2tensor --as images --channels-last -o last.zst last.npy y.npy
ok "from IDX" idx2tensor -o data.zst idx idx-labels
ok "from PNG" png2tensor -q -o png.zst list
fingerprint() {
	tensor-info --json --verify "$1" | grep -o '"fingerprint": "[^"]*"'
}
for source in npy last png; do
	is "$source: the same data set" "$(fingerprint $source.zst)" "$(fingerprint data.zst)"
done
ok "and back to NumPy" tensor2npy -o back.npy data.zst
same "as it was" x.npy back.npy
like "tensor-info" "$(tensor-info data.zst)" '^ *images  U8  \[240, 3, 5, 7\]'
ok "and to PNG" tensor2png --each files data.zst
ok "as they were" python '
x = np.load("x.npy")
for k in range(240):
    p, _ = png.decode(open(f"files/{k % 3}/{k:03}.png", "rb").read())
    assert (p == np.moveaxis(x[k], 0, -1)).all(), k'

ok "a teacher" train-teacher -q --net 105-40-3 --epochs 30 --lr .005 --validation .2 -o teacher.zst data.zst
is "knows the shape" "$(tensor-info teacher.zst | sed -n 's/.*potstill.input  //p')" 3x5x7
ok "soft targets are the logits that NumPy computes" python '
tool("soft-targets", "-q", "--values", "logits", "--dtype", "f32", "-o", "soft.zst", "data.zst", "teacher.zst")
want = forward("teacher.zst", np.load("x.npy"))
assert abs(get("soft.zst", "values") - want).max() < 1e-4 * abs(want).max()'
ok "a student of them" train-student -q --net 105-8-3 --epochs 20 --lr .01 --targets soft.zst -o student.zst data.zst
ok "evaluate counts the errors that NumPy does" python '
x, y = np.load("x.npy"), np.load("y.npy")
told = json.loads(tool("evaluate", "--json", "data.zst", "teacher.zst", "student.zst"))["models"]
for m, name in zip(told, ("teacher.zst", "student.zst")):
    errors = (forward(name, x).argmax(1) != y).sum()
    assert m["errors"] == errors and errors < 60, (name, m["errors"], errors)'
ok "evaluate against the targets" evaluate --targets soft.zst data.zst student.zst

# A net that says its input: soft targets are then the pictures.
python '
model("echo.safetensors", "fc:105", {"0.weight": np.eye(105), "0.bias": np.zeros(105)})
tool("npy2tensor", "--as", "images", "-o", "bare.zst", "x.npy")'
ok "shifted views move all channels alike, and black comes in" python '
x = np.load("x.npy")
tool("soft-targets", "-q", "--values", "logits", "--dtype", "f32", "--views", 3, "--jitter", 2, "-o", "views.zst",
     "bare.zst", "echo.safetensors")
got = np.rint(255 * get("views.zst", "values").astype("f8")).astype(int).reshape(3, 240, *SHAPE)
moves = {}
for dy in range(-2, 3):
    for dx in range(-2, 3):
        moved = np.zeros(x.shape, int)
        h, w = 5 - abs(dy), 7 - abs(dx)
        moved[:, :, max(dy, 0):max(dy, 0) + h, max(dx, 0):max(dx, 0) + w] = \
            x[:, :, max(-dy, 0):max(-dy, 0) + h, max(-dx, 0):max(-dx, 0) + w]
        moves[dy, dx] = moved
found = [[next((m for m in moves if (moves[m][k] == got[v, k]).all()), None) for k in range(240)] for v in range(3)]
assert all(m is not None for row in found for m in row)
assert {m for row in found for m in row} == set(moves)'
ok "views of the teacher" soft-targets -q --views 3 --jitter 2 -o moved.zst data.zst teacher.zst
ok "a student sees the same" train-student -q --net 105-8-3 --epochs 4 --targets moved.zst -o x.zst data.zst
ok "a teacher with jitter" train-teacher -q --net 105-8-3 --epochs 2 --jitter 2 -o jitter.zst data.zst

# The same number of values in another shape is another input.
python '
np.save("tall", np.load("x.npy").transpose(0, 1, 3, 2).copy()), np.save("flat", np.load("x.npy").reshape(240, 1, 15, 7))'
for shape in tall flat; do
	npy2tensor --as images -o $shape.zst $shape.npy y.npy || exit 1
	fails "$shape pictures are not the teacher's" 1 "\"teacher.zst\": .*3x5x7" evaluate $shape.zst teacher.zst
	fails "$shape: nor for soft targets" 1 "\"teacher.zst\": .*3x5x7" soft-targets -o x $shape.zst teacher.zst
	fails "$shape: nor are the targets theirs" 1 'made from another data set' train-student --net 105-3 --targets soft.zst -o x $shape.zst
	fails "$shape: nor can they validate" 1 "\"$shape.zst\": its items have another shape" \
		train-teacher --net 105-3 --validation $shape.zst -o x data.zst
done
fails "a net for another size" 1 '105' train-teacher --net 784-3 -o x data.zst
done_testing
