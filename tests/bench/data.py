# SPDX-License-Identifier: ISC
"""Pictures of MNIST's shape in the current folder, as IDX files NAME-images and NAME-labels.

    data.py generate NAME ITEMS     ten patterns with noise, one label in five wrong
    data.py convert NAME IMAGES LABELS ITEMS    the first items of IDX files, gzip'ed or not

The wrong labels keep gradients of a realistic size."""
import gzip
import struct
import sys

import numpy

CHUNK = 50000


def write_head(f, *shape):
    f.write(struct.pack(">BBBB", 0, 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape))


def chunks(items):
    """(images, labels) of at most CHUNK items; three quarters of the pixels are zero, as in handwriting."""
    rng = numpy.random.default_rng(1)
    patterns = rng.integers(0, 256, (10, 28, 28)) * (rng.random((10, 28, 28)) < 0.25)
    for start in range(0, items, CHUNK):
        n = min(CHUNK, items - start)
        labels = rng.integers(0, 10, n).astype(numpy.uint8)
        pixels = patterns[labels].astype(numpy.int16)
        noise = rng.integers(-100, 101, pixels.shape, dtype=numpy.int16)
        pixels = numpy.where(pixels > 0, numpy.clip(pixels + noise, 0, 255), 0).astype(numpy.uint8)
        wrong = rng.random(n) < 0.2
        labels[wrong] = rng.integers(0, 10, wrong.sum())
        yield pixels, labels


def read_idx(name, items):
    with open(name, "rb") as f:
        data = f.read()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * data[3]).reshape(shape)[:items]


def write(name, items, parts):
    with open(f"{name}-images", "wb") as images, open(f"{name}-labels", "wb") as labels:
        write_head(images, items, 28, 28)
        write_head(labels, items)
        for x, y in parts:
            images.write(x.tobytes())
            labels.write(y.tobytes())


def main(how, name, *rest):
    if how == "generate":
        items = int(rest[0])
        return write(name, items, chunks(items))
    x, y = (read_idx(f, int(rest[2])) for f in rest[:2])
    return write(name, len(x), [(x, y)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
