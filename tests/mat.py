# SPDX-License-Identifier: ISC
"""A writer of MAT files of version 5 by NumPy and zlib alone, from MathWorks' "MAT-File Format", with the names and
shapes of EMNIST's. The peer of libcommon/mat.c."""
import struct
import zlib

import numpy as np

# numpy dtype: (class of the array, type of its data)
KINDS = {"f8": (6, 9), "f4": (7, 7), "i1": (8, 1), "u1": (9, 2), "i2": (10, 3), "u2": (11, 4), "i4": (12, 5),
         "u4": (13, 6), "i8": (14, 12), "u8": (15, 13)}


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def head(kind, shape, name, flags=0):
    return element(6, struct.pack("<II", kind | flags, 0)) + \
        element(5, struct.pack(f"<{len(shape)}i", *shape)) + element(1, name.encode())


def matrix(name, a):
    """An array, or a dictionary of them as a structure."""
    if isinstance(a, dict):
        names = b"".join(k.encode().ljust(32, b"\0") for k in a)
        return element(14, head(2, (1, 1), name) + struct.pack("<HHI", 5, 4, 32) + element(1, names) +
                       b"".join(matrix("", v) for v in a.values()))
    kind, data = KINDS[a.dtype.str[1:]]
    return element(14, head(kind, a.shape, name) + element(data, a.tobytes("F")))


def pack(m):
    z = zlib.compress(m)
    return struct.pack("<II", 15, len(z)) + z


def write_arrays(path, arrays, packed=True):
    """Arrays as elements, from matrix() or otherwise."""
    with open(path, "wb") as f:
        f.write(b"MATLAB 5.0 MAT-file, by a test".ljust(124) + struct.pack("<H2s", 0x0100, b"IM"))
        for m in arrays:
            f.write(pack(m) if packed else m)


def write(path, variables, packed=True):
    write_arrays(path, [matrix(name, a) for name, a in variables.items()], packed)


def emnist(train, test):
    """The structure of emnist-letters.mat for two pairs of upright pictures [n, 28, 28] and labels 1 to 26."""
    def part(x, y):
        n = len(x)
        return {"images": x.transpose(0, 2, 1).reshape(n, 784), "labels": y[:, None], "writers": np.zeros((n, 1))}
    return {"dataset": {"train": part(*train), "test": part(*test), "mapping": np.arange(78.0).reshape(26, 3)}}
