#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
compare.py cases FOLDER            prints the training cases: a name, a tool and its options a line
compare.py run FOLDER CASE MODEL LOG
                                   whether a run of potstill ended where PyTorch's did
compare.py folders A B             whether two recordings say the same

Tolerances. Run: PyTorch's numbers are double; potstill's weights of size 1 go through 30 steps
of float operations (2^-24 each), which Adam does not damp: 1e-6 is seen, 1e-5 allowed; a batch
paired or scaled wrongly shows at 1e-3. Losses are means of such: 1e-5 of their size.
Folders: both in double, on different processors and releases of PyTorch: 1e-6, where floats are
rounded from doubles (2^-24 of values up to 10).
"""
import json
import sys

import numpy

import tensors


def far(a, b):
    """The largest difference, relative where values are above 1."""
    if a.shape != b.shape:
        return numpy.inf
    a, b = a.astype(float), b.astype(float)
    d = numpy.abs(a - b) / numpy.maximum(1, numpy.abs(b))
    return numpy.inf if numpy.isnan(d).any() else d.max(initial=0)


def cases(folder):
    for name, options in tensors.read(folder + "/train.safetensors")[1].items():
        print(name, options)


def run(folder, case, model, log):
    golden, _ = tensors.read(folder + "/train.safetensors")
    got, _ = tensors.read(model)
    names = [n[len(case) + 1 :] for n in golden if n.startswith(case + "/") and n != case + "/epochs"]
    if not names or set(names) != set(got):
        sys.exit(f"{model} holds {sorted(got)}, not {sorted(names)}")
    bad = [f"{n} is off by {d:.3g}" for n in names for d in [far(got[n], golden[f"{case}/{n}"])] if d > 1e-5]
    with open(log) as f:
        lines = [json.loads(line) for line in f]
    seen = numpy.array([[e["loss"], e["hard_loss"], e["soft_loss"]] for e in lines])
    expected = golden[case + "/epochs"].copy()
    expected[:, 1] *= seen[:, 1].any()  # a part of weight 0 is not computed
    if far(seen, expected) > 1e-5:
        bad.append(f"losses are\n{seen}, not\n{expected}")
    sys.exit("\n".join(bad) or None)


def folders(a, b):
    bad = []
    for name in "maths", "learn", "train", "start":
        (x, meta), (y, other) = (tensors.read(f"{f}/{name}.safetensors") for f in (a, b))
        if set(x) != set(y) or meta != other:
            bad.append(f"{name}: the cases differ")
        bad += [f"{name}: {n} is off by {far(x[n], y[n]):.3g}" for n in set(x) & set(y) if far(x[n], y[n]) > 1e-6]
    for name in "images", "labels", "teacher":
        if (numpy.load(f"{a}/{name}.npy") != numpy.load(f"{b}/{name}.npy")).any():
            bad.append(f"{name} differ")
    sys.exit("\n".join(bad) or None)


if __name__ == "__main__":
    {"cases": cases, "run": run, "folders": folders}[sys.argv[1]](*sys.argv[2:])
