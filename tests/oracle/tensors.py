# SPDX-License-Identifier: ISC
"""Safetensors files with NumPy alone: what tensor(5) says of the plain form."""
import json

import numpy

DTYPES = {"U8": "u1", "U16": "<u2", "F32": "<f4", "F64": "<f8", "F16": "<f2", "I64": "<i8"}


def write(path, tensors, metadata):
    """Tensors are written in the order that the format's own writers use: alignment, then name."""
    names = {numpy.dtype(v): k for k, v in DTYPES.items()}
    order = sorted(tensors, key=lambda n: (-tensors[n].dtype.itemsize, n))
    header, at = {"__metadata__": dict(sorted(metadata.items()))}, 0
    for name in order:
        t = tensors[name]
        header[name] = {"dtype": names[t.dtype], "shape": list(t.shape), "data_offsets": [at, at + t.nbytes]}
        at += t.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            f.write(numpy.ascontiguousarray(tensors[name]).tobytes())


def read(path):
    """The tensors by name, and the metadata."""
    with open(path, "rb") as f:
        data = f.read()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, t in header.items():
        begin, end = t["data_offsets"]
        raw = data[8 + size + begin : 8 + size + end]
        tensors[name] = numpy.frombuffer(raw, DTYPES[t["dtype"]]).reshape(t["shape"])
    return tensors, metadata
