#!/bin/sh
# SPDX-License-Identifier: ISC
# Fills the current folder with tiny files named as the EXAMPLES of the man pages use them; the
# tools are taken from PATH, and what a tool that is not built would make is left out.
# Used by tests/project/man.py, and by shell tests that need a small data set or model.
set -eu
: "${PYTHON:=python3}"

# Ten classes of 28x28 pictures: a pattern each, with noise, so that there is something to learn.
"$PYTHON" - <<'PY'
import gzip
import json
import os
import struct
import zlib

import numpy

rng = numpy.random.default_rng(1)
patterns = rng.integers(0, 256, (10, 28, 28))


def write(name, shape, data):
    head = struct.pack(">BBBB", 0, 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape)
    with open(name, "wb") as f:
        f.write(head + data.astype(numpy.uint8).tobytes())
    with open(name + ".gz", "wb") as f:
        f.write(gzip.compress(head + data.astype(numpy.uint8).tobytes(), mtime=0))


for name, n in ("train", 500), ("t10k", 200):
    labels = rng.permutation(numpy.arange(n) % 10)
    images = numpy.clip(0.6 * patterns[labels] + rng.normal(50, 60, (n, 28, 28)), 0, 255)
    write(f"{name}-images-idx3-ubyte", (n, 28, 28), images)
    write(f"{name}-labels-idx1-ubyte", (n,), labels)
    if name == "train":
        logits = 4.0 * numpy.eye(10)[labels] + rng.normal(0, 1, (n, 10))
        numpy.save("teacher_logits.npy", logits.astype(numpy.float32))
        soft = numpy.exp(logits / 5)
        soft /= soft.sum(axis=1, keepdims=True)
        numpy.save("soft_target.npy", soft.astype(numpy.float32))
        numpy.save("images.npy", images.astype(numpy.uint8))
        numpy.save("labels.npy", labels.astype(numpy.uint8))


def png(path, image):
    """A PNG file of bytes [height, width, 3]."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n")
        for name, data in ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
                           (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
            f.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))


def safetensors(path, **shapes):
    """Small random weights, uncompressed and without metadata, as other frameworks write them."""
    header, data = {}, b""
    for name, shape in shapes.items():
        weights = rng.normal(0, 0.1, shape).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(weights)]}
        data += weights
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def element(kind, data):
    """Of a MAT file (MathWorks, "MAT-File Format")."""
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(name, kind, shape, *parts):
    return element(14, element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack("<2i", *shape)) +
                   element(1, name.encode()) + b"".join(parts))


def structure(name, **fields):
    names = b"".join(field.encode().ljust(32, b"\0") for field in fields)
    return matrix(name, 2, (1, 1), struct.pack("<HHI", 5, 4, 32), element(1, names), *fields.values())


def letters():
    labels = numpy.arange(52) % 26 + 1
    return structure("", images=matrix("", 9, (52, 784), element(2, bytes(52 * 784))),
                     labels=matrix("", 9, (52, 1), element(2, labels.astype(numpy.uint8).tobytes())))


with open("emnist-letters.mat", "wb") as f:
    f.write(b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + structure("dataset", train=letters(), test=letters()))

# Photographs of three classes, in sizes of their own.
for split, n in ("train", 20), ("val", 5):
    for number, name in enumerate(("cat", "dog", "teapot")):
        os.makedirs(f"photos/{split}/{name}")
        for i in range(n):
            height, width = rng.integers(40, 60, 2)
            image = rng.integers(0, 100, (height, width, 3))
            image[..., number] += 150
            png(f"photos/{split}/{name}/{i:03}.png", image.astype(numpy.uint8))

safetensors("torch.safetensors", **{"0.weight": [32, 784], "0.bias": [32], "2.weight": [10, 32], "2.bias": [10]})
PY

# Two batches of CIFAR-10's format and its archive.
mkdir cifar-10-batches-bin
for batch in data_batch_1 data_batch_2 test_batch; do
	head -c 61460 /dev/zero >cifar-10-batches-bin/$batch.bin
done
for name in airplane automobile bird cat deer dog frog horse ship truck ''; do
	echo "$name"
done >cifar-10-batches-bin/batches.meta.txt
tar -czf cifar-10-binary.tar.gz cifar-10-batches-bin

have() {
	command -v "$1" >/dev/null
}

have idx2tensor || exit 0
idx2tensor -o train.safetensors.zst train-images-idx3-ubyte train-labels-idx1-ubyte
idx2tensor -o test.safetensors.zst t10k-images-idx3-ubyte t10k-labels-idx1-ubyte
have train-teacher || exit 0
train-teacher -q --net 784-32-10 --epochs 3 -o teacher.safetensors.zst train.safetensors.zst
have soft-targets || exit 0
soft-targets -q -o soft.safetensors.zst train.safetensors.zst teacher.safetensors.zst
have train-student || exit 0
train-student -q --net 784-16-10 --epochs 3 --targets soft.safetensors.zst -o student.safetensors.zst \
	train.safetensors.zst
