#!/bin/sh
# SPDX-License-Identifier: ISC
# tensor2npy: tensors, ranges of rows and probabilities as NumPy reads them, and what is refused.
. "${0%/*}/../lib.sh"

# Files by Python alone: any dtype, plain safetensors, compressed where named .zst.
cat >peer.py <<'PY'
import io
import json
import subprocess

import numpy as np

NAMES = {"b1": "BOOL", "u1": "U8", "i1": "I8", "u2": "U16", "i2": "I16", "u4": "U32", "i4": "I32", "u8": "U64",
         "i8": "I64", "f2": "F16", "f4": "F32", "f8": "F64"}


def write(name, tensors, meta, dtype=None):
    head, body = {"__metadata__": meta}, b""
    for k, v in tensors.items():
        v = np.asarray(v)
        data = v.astype(v.dtype.newbyteorder("<")).tobytes()
        head[k] = {"dtype": dtype or NAMES[v.dtype.str[1:]], "shape": list(v.shape),
                   "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(head).encode()
    data = len(text).to_bytes(8, "little") + text + body
    if name.endswith(".zst"):
        data = subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout
    with open(name, "wb") as f:
        f.write(data)


def get(*args):
    run = subprocess.run(["tensor2npy", *args], capture_output=True)
    assert run.returncode == 0, run.stderr
    return np.load(io.BytesIO(run.stdout))


def softmax(z, t):
    z = z.astype("f8") / t
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)
PY
PYTHONPATH=.
export PYTHONPATH
python() {
	"$PYTHON" -c "from peer import *
$1"
}
python '
rng = np.random.default_rng(4)
y = np.arange(3000) % 10
np.save("x", rng.integers(0, 256, (3000, 28, 28), np.uint8)), np.save("y", y.astype("u1"))
np.save("z", (rng.normal(size=(3000, 10)) + 8 * np.eye(10)[y]).astype("f4"))
np.save("p5", softmax(np.load("z.npy"), 5).astype("f4"))'
ok "a data set" npy2tensor --as images -o data.zst x.npy y.npy
ok "soft targets" npy2tensor --as soft-targets -d data.zst --values logits -o z.zst z.npy
ok "probabilities" npy2tensor --as soft-targets -d data.zst --values probabilities -T 5 -o p.zst p5.npy

ok "images of a data set" tensor2npy -o back.npy data.zst
ok "are the array, with the channel" python 'assert (np.load("back.npy") == np.load("x.npy")[:, None]).all()'
ok "--tensor" tensor2npy --tensor labels -o back.npy data.zst
same "labels come back byte by byte, as numpy.save wrote them" y.npy back.npy
ok "values of soft targets" tensor2npy -o back.npy p.zst
same "soft_target.npy comes back byte by byte" p5.npy back.npy
ok "to standard output" sh -c 'tensor2npy p.zst >back.npy'
same "the same there" p5.npy back.npy
ok "through pipes" sh -c 'cat p.zst | tensor2npy - | cat >back.npy'
same "the same there, too" p5.npy back.npy
ok "every dtype that NumPy has comes back" python '
for d in "|b1 |u1 |i1 <u2 <i2 <u4 <i4 <u8 <i8 <f2 <f4 <f8".split():
    for shape in (), (1,), (5,), (3, 4), (0, 4), (4, 0), (2, 3, 4, 2):
        a = (np.arange(np.prod(shape, dtype=int)) * 3 % 7).astype(d).reshape(shape)
        for name in "a.safetensors", "a.zst":
            write(name, {"only": a}, {})
            got = get(name)
            assert got.dtype == a.dtype and got.shape == a.shape and (got == a).all(), (d, shape, name)'
ok "bfloat16 becomes float32, bit for bit" python '
a = np.arange(65536, dtype="<u2").reshape(-1, 16)
write("a.zst", {"w": a}, {}, "BF16")
got = get("a.zst")
assert got.dtype == "f4" and (got.view("<u4") == a.astype("u4") << 16).all()'
ok "versions of numpy.save: header of 64 bytes" python '
data = open("back.npy", "rb").read()
assert data[:8] == b"\x93NUMPY\x01\x00" and (10 + int.from_bytes(data[8:10], "little")) % 64 == 0'

ok "--rows A:B, also at the edges of frames" python '
x = np.load("x.npy")[:, None]
for r in "0:1", "0:0", "1337:1339", "2999:3000", "3000:3000", ":5", "2990:", ":", "1300:2800":
    a, b = (int(v) if v else None for v in r.split(":"))
    got = get("--rows", r, "data.zst")
    assert got.shape[0] == len(range(3000)[a:b]) and (got == x[a:b]).all(), r
for cut in range(0, 3000, 97):
    assert (get("-r", f"{cut}:{cut + 3}", "data.zst") == x[cut:cut + 3]).all(), cut'
ok "--rows from a pipe" sh -c 'cat data.zst | tensor2npy --rows 1337:1339 - >some.npy'
ok "are the same rows" python 'assert (np.load("some.npy")[:, 0] == np.load("x.npy")[1337:1339]).all()'

ok "--probabilities at any T of logits" python '
z = np.load("z.npy").astype("f8")
z -= z.mean(1, keepdims=True)
z = z.astype("f4").astype("f2")
for t in 0.5, 1, 2, 5, 20:
    got = get("--probabilities", "--temperature", str(t), "z.zst")
    want = softmax(z, t)
    assert got.dtype == "f4" and got.shape == (3000, 10)
    assert (abs(got - want) <= 2e-6 * want + 1e-12).all(), (t, abs(got / want - 1).max())
assert (get("-p", "z.zst") == get("-p", "-T", "1", "z.zst")).all()
assert (get("-p", "-T", "5", "-r", "7:9", "z.zst") == get("-p", "-T", "5", "z.zst")[7:9]).all()'
ok "stored probabilities at their own T" tensor2npy -p -T 5 -o back.npy p.zst
same "are what was stored" p5.npy back.npy
ok "which is the default" tensor2npy -p -o back.npy p.zst
same "and gives the same" p5.npy back.npy
ok "log-probabilities become probabilities" python '
np.save("l5", np.log(softmax(np.load("z.npy"), 5)).astype("f4"))
subprocess.run("npy2tensor --as soft-targets -d data.zst --values log-probabilities -T 5 -o l.zst l5.npy".split(), check=True)
assert abs(get("-p", "l.zst") - softmax(np.load("z.npy"), 5)).max() < 1e-6'
ok "views are rows" python '
z = np.arange(24, dtype="f4").reshape(6, 4)
write("v.zst", {"values": z}, {"potstill.kind": "soft-targets", "potstill.values": "logits", "potstill.views": "2",
      "potstill.jitter": "2", "potstill.view-order": "each-shift-once", "potstill.view-seed": "7",
      "potstill.dataset": "0" * 32})
assert abs(get("-p", "v.zst") - softmax(z, 1)).max() < 1e-6 and (get("-r", "3:4", "v.zst") == z[3:4]).all()'

fails "probabilities at T = 5 cannot be had at 4" 1 '"p.zst": holds probabilities at temperature 5, which cannot be used at 4' tensor2npy -p -T 4 p.zst
fails "nor log-probabilities" 1 '"l.zst": holds log-probabilities at temperature 5' tensor2npy -p -T 1 l.zst
fails "probabilities of a data set" 1 '"data.zst": is a dataset file where a soft-targets file is expected' tensor2npy -p data.zst
fails "no such tensor" 1 '"data.zst": has no tensor "values"' tensor2npy -t values data.zst
python '
write("two.zst", {"a": np.zeros(3, "f4"), "b": np.zeros(3, "f4")}, {})
write("f8.zst", {"a": np.zeros(3, "u1")}, {}, "F8_E4M3")
write("scalar.zst", {"a": np.float32(2)}, {})'
fails "which of two" 1 '"two.zst": has 2 tensors; say which with --tensor' tensor2npy two.zst
fails "8-bit floats" 1 'NumPy has no dtype for F8_E4M3' tensor2npy f8.zst
ok "a number without dimensions" python 'assert get("scalar.zst").shape == () and get("scalar.zst") == 2'
fails "has no rows" 1 '"scalar.zst": has no rows' tensor2npy --rows 0:1 scalar.zst
fails "rows beyond the end" 1 '"data.zst": rows 2990:3001 are not within its 3000 rows' tensor2npy -r 2990:3001 data.zst
fails "rows of probabilities beyond the end" 1 '"z.zst": rows 1:3001 are not within its 3000 rows' tensor2npy -p -r 1:3001 z.zst
fails "rows that end before they begin" 1 'rows 5:4 are not within' tensor2npy -r 5:4 data.zst
for range in 5 a:b -1:2 1:2:3 1.0:2 99999999999999999999:; do
	fails "--rows $range" 2 'is not A:B' tensor2npy "--rows=$range" data.zst
done
fails "--temperature alone" 2 'goes with --probabilities' tensor2npy -T 5 z.zst
fails "--tensor with --probabilities" 2 '--tensor says nothing' tensor2npy -p -t values z.zst
fails "no operand" 2 'operand is missing' tensor2npy
fails "missing file" 1 '"nothing"' tensor2npy nothing
fails "an .npy file" 1 '"x.npy"' tensor2npy x.npy
head -c 100000 data.zst >short.zst
fails "a file cut short" 1 '"short.zst"' sh -c 'tensor2npy -o short.npy short.zst'
not_ok "leaves no output" test -e short.npy
fails "full device" 1 '/dev/full' tensor2npy -o /dev/full data.zst
fails "closed pipe" 1 'cannot write' sh -c '(tensor2npy data.zst; echo $? >status) | :; exit "$(cat status)"'
done_testing
