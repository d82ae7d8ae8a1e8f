# SPDX-License-Identifier: ISC
"""Pictures in the current folder, as IDX files NAME-images and NAME-labels.

    data.py generate NAME ITEMS SIDES...    ten patterns with noise, one label in five wrong
    data.py convert NAME IMAGES LABELS ITEMS    the first items of IDX files, gzip'ed or not

The wrong labels keep gradients of a realistic size."""
import gzip
import math
import struct
import sys

import numpy

CHUNK = 50000 * 784  # pixels


def write_head(f, *shape):
    f.write(struct.pack(">BBBB", 0, 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape))


def chunks(items, sides):
    """(images, labels) of some items; three quarters of the pixels are zero, as in handwriting."""
    rng = numpy.random.default_rng(1)
    patterns = rng.integers(0, 256, (10, *sides)) * (rng.random((10, *sides)) < 0.25)
    chunk = CHUNK // math.prod(sides)
    for start in range(0, items, chunk):
        n = min(chunk, items - start)
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


def write(name, items, sides, parts):
    with open(f"{name}-images", "wb") as images, open(f"{name}-labels", "wb") as labels:
        write_head(images, items, *sides)
        write_head(labels, items)
        for x, y in parts:
            images.write(x.tobytes())
            labels.write(y.tobytes())


def main(how, name, *rest):
    if how == "generate":
        items, *sides = map(int, rest)
        return write(name, items, sides, chunks(items, sides))
    x, y = (read_idx(f, int(rest[2])) for f in rest[:2])
    return write(name, len(x), x.shape[1:], [(x, y)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
