# SPDX-License-Identifier: ISC
"""Tensor files as strangers write and read them: NumPy, zstd(1) and the reader of tensor(5), which
tests/cli/tensor-interop.t puts beside this as tensor.py.

    tensor_interop.py make              source.npz, its arrays as IDX and .npy, and foreign files of them
    tensor_interop.py read FILE...      each holds what source.npz holds, by the reader of tensor(5)
    tensor_interop.py frames FILE       frames and seek table, one frame after the other through zstd -d
    tensor_interop.py header FILE       a plain file is laid out as the reference implementation does
    tensor_interop.py terminal CMD...   runs CMD with a terminal for its standard output
"""
import json
import os
import struct
import subprocess
import sys

import numpy

NAMES = {"|b1": "BOOL", "|u1": "U8", "|i1": "I8", "<i2": "I16", "<u2": "U16", "<f2": "F16", "<i4": "I32", "<u4": "U32",
         "<f4": "F32", "<f8": "F64", "<i8": "I64", "<u8": "U64"}
ORDER = "BOOL U8 I8 F8_E5M2 F8_E4M3 I16 U16 F16 BF16 I32 U32 F32 F64 I64 U64".split()


def run(*command, data=b""):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def safetensors(arrays, meta, space=""):
    header, at = {"__metadata__": meta}, 0
    for name, a in arrays.items():
        header[name] = {"dtype": NAMES[a.dtype.str], "shape": a.shape, "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    text = space + json.dumps(dict(reversed(header.items())), ensure_ascii=False, indent=1) + space
    return struct.pack("<Q", len(text.encode())) + text.encode() + b"".join(a.tobytes() for a in arrays.values())


def save(name, data):
    with open(name, "wb") as f:
        f.write(data)


def make():
    rng = numpy.random.default_rng(2)
    patterns = rng.integers(0, 256, (10, 28, 28))
    labels = rng.integers(0, 10, 3000).astype(numpy.uint8)
    images = numpy.where(rng.random((3000, 28, 28)) < 0.2, rng.integers(0, 256, (3000, 28, 28)), patterns[labels])
    images = images.astype(numpy.uint8)
    save("images", struct.pack(">4B3I", 0, 0, 8, 3, *images.shape) + images.tobytes())
    save("labels", struct.pack(">4BI", 0, 0, 8, 1, len(labels)) + labels.tobytes())
    arrays = {"images": images[:, None], "labels": labels}
    numpy.savez("source.npz", **arrays)
    meta = {"potstill.kind": "dataset", "potstill.classes": "10", "potstill.version": "0", "note": "na\u00efve"}
    plain = safetensors(arrays, meta, " \n")
    save("plain.safetensors", plain)
    swapped = safetensors(dict(reversed(arrays.items())), meta)
    save("swapped.safetensors", swapped)
    save("one.zst", run("zstd", "-qc", "plain.safetensors"))
    save("stream.zst", run("zstd", "-qc", data=swapped))
    save("best.zst", run("zstd", "-qc19", data=plain))
    save("long.zst", run("zstd", "-qc", "--long=27", data=plain))
    save("unchecked.zst", run("zstd", "-qc", "--no-check", data=plain))
    save("threads.zst", run("zstd", "-qc", "-T2", "-B512K", data=plain))
    pieces = [swapped[i:i + 100000] for i in range(0, len(swapped), 100000)]
    save("many.zst", b"".join(run("zstd", "-qc", data=p) for p in pieces))
    note = struct.pack("<II", 0x184D2A53, 4) + b"note"
    save("notes.zst", note + b"".join(run("zstd", "-qc", data=p) + note for p in pieces[:3] + [b"".join(pieces[3:])]))


def read(*files):
    sys.path.insert(0, os.getcwd())
    import tensor
    source = numpy.load("source.npz")
    for name in files:
        arrays, _ = tensor.load(name)
        assert sorted(arrays) == sorted(source.files), name
        for key in source.files:
            assert arrays[key].dtype == source[key].dtype and numpy.array_equal(arrays[key], source[key]), (name, key)


def frames(name):
    with open(name, "rb") as f:
        data = f.read()
    count, descriptor, magic = struct.unpack("<IBI", data[-9:])
    assert (descriptor, magic) == (0x80, 0x8F92EAB1)
    table = len(data) - 9 - 12 * count
    assert struct.unpack("<II", data[table - 8:table]) == (0x184D2A5E, len(data) - table)
    at, contents = 0, []
    for packed, size, checksum in struct.iter_unpack("<III", data[table:-9]):
        frame = data[at:at + packed]
        assert frame[:4] == bytes.fromhex("28b52ffd") and frame[4] & 4, "a frame with a checksum"
        assert struct.unpack("<I", frame[-4:])[0] == checksum
        contents.append(run("zstd", "-dc", data=frame))
        assert len(contents[-1]) == size
        at += packed
    assert at == table - 8
    assert b"".join(contents) == run("zstd", "-dc", name)
    assert len(contents[0]) == 8 + struct.unpack_from("<Q", contents[0])[0], "the header has the first frame"
    assert all(len(c) <= 1 << 20 for c in contents[1:])
    header, start = json.loads(contents[0][8:]), 0
    starts = set()
    for c in contents[1:]:
        starts.add(start)
        start += len(c)
    for key, t in header.items():
        if key != "__metadata__" and t["data_offsets"][1] - t["data_offsets"][0] >= 65536:
            assert t["data_offsets"][0] in starts, key
    print(count)


def header(name):
    with open(name, "rb") as f:
        data = f.read()
    n, = struct.unpack_from("<Q", data)
    text = data[8:8 + n].decode()
    tensors = json.loads(text)
    assert n % 8 == 0 and text[0] == "{" and list(tensors)[0] == "__metadata__"
    assert text.rstrip(" ") == json.dumps(tensors, separators=(",", ":"), ensure_ascii=False), "no blanks"
    del tensors["__metadata__"]
    assert list(tensors) == sorted(tensors, key=lambda k: (-ORDER.index(tensors[k]["dtype"]), k))
    end = 0
    for t in tensors.values():
        assert list(t) == ["dtype", "shape", "data_offsets"] and t["data_offsets"][0] == end
        end = t["data_offsets"][1]
    assert 8 + n + end == len(data)


def terminal(*command):
    ours, theirs = os.openpty()
    status = subprocess.run(command, stdout=theirs).returncode
    os.close(theirs)
    try:
        shown = os.read(ours, 100)
    except OSError:
        shown = b""
    sys.exit(100 if shown else status)


if __name__ == "__main__":
    {"make": make, "read": read, "frames": frames, "header": header, "terminal": terminal}[sys.argv[1]](*sys.argv[2:])
