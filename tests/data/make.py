#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes the files of this folder and its README from the rules of the format.

good- files must be read, bad- files are wrong, unsupported- files are right but more than we take.
zstd(1) packs the bytes of a few files; all else is laid out here by hand, so that it can be wrong.
Packed files differ between versions of zstd: they are committed, not made by the build.
"""
import json
import os
import struct
import subprocess

FOLDER = os.path.dirname(os.path.abspath(__file__))
MASK = (1 << 64) - 1
P = [11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261]
FILES = {}


def add(name, why, data):
    assert name not in FILES, name
    FILES[name] = (why, data)


# --- XXH64, for the checksums of frames made by hand ---

def rotl(x, r):
    return (x << r | x >> (64 - r)) & MASK


def xxh64_round(acc, lane):
    return rotl((acc + lane * P[1]) & MASK, 31) * P[0] & MASK


def xxh64(data):
    n, i = len(data), 0
    if n >= 32:
        v = [(P[0] + P[1]) & MASK, P[1], 0, -P[0] & MASK]
        while i + 32 <= n:
            v = [xxh64_round(a, x) for a, x in zip(v, struct.unpack_from("<4Q", data, i))]
            i += 32
        h = sum(rotl(a, r) for a, r in zip(v, (1, 7, 12, 18))) & MASK
        for a in v:
            h = ((h ^ xxh64_round(0, a)) * P[0] + P[3]) & MASK
    else:
        h = P[4]
    h = (h + n) & MASK
    while i + 8 <= n:
        h = (rotl(h ^ xxh64_round(0, struct.unpack_from("<Q", data, i)[0]), 27) * P[0] + P[3]) & MASK
        i += 8
    if i + 4 <= n:
        h = (rotl(h ^ struct.unpack_from("<I", data, i)[0] * P[0] & MASK, 23) * P[1] + P[2]) & MASK
        i += 4
    for b in data[i:]:
        h = rotl(h ^ b * P[4] & MASK, 11) * P[0] & MASK
    h = (h ^ h >> 33) * P[1] & MASK
    h = (h ^ h >> 29) * P[2] & MASK
    return h ^ h >> 32


# --- plain files ---

def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def plain(header, data=b"", n=None):
    if isinstance(header, dict):
        header = json.dumps(header, separators=(",", ":"))
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if n is None else n) + header + data


def one(text, data=b"\0" * 8):
    """A file whose only tensor has this text for its entry."""
    return plain('{"a":' + text + "}", data)


FLOATS = struct.pack("<9f", *(x / 4 for x in range(9)))
SET = {"__metadata__": {"potstill.kind": "tensor", "potstill.version": "0.1.0", "note": "caf\u00e9"},
       "bias": entry("F32", [3], 0, 12), "weight": entry("F32", [2, 3], 12, 36),
       "label": entry("U8", [5], 36, 41)}
DATA = FLOATS + bytes(range(5))
PLAIN = plain(SET, DATA)
A8 = '{"dtype":"U8","shape":[8],"data_offsets":[0,8]}'


def good_plain():
    add("good-plain.safetensors", "three tensors and metadata", PLAIN)
    add("good-order.safetensors", "the header lists tensors in another order than their bytes have",
        plain({k: SET[k] for k in ("weight", "label", "bias")}, DATA))
    add("good-space.safetensors", "white space before, in and after the JSON",
        plain(" \n\t" + json.dumps(SET, indent=2) + "\r\n   ", DATA))
    add("good-unknown-field.safetensors", "a field that nobody knows is ignored with a warning",
        one('{"dtype":"U8","shape":[8],"data_offsets":[0,8],"colour":{"r":[1]}}'))
    add("good-no-tensors.safetensors", "an empty list of tensors", plain("{}"))
    add("good-metadata-only.safetensors", "metadata and no tensors", plain({"__metadata__": {"a": "b"}}))
    add("good-empty-tensors.safetensors", "tensors without elements, between and behind one with",
        plain({"z": entry("F32", [0, 3], 8, 8), "a": entry("U8", [0], 0, 0), "b": entry("U8", [8], 0, 8)}, b"12345678"))
    add("good-scalar.safetensors", "rank 0 is one element", plain({"a": entry("F64", [], 0, 8)}, struct.pack("<d", 2.5)))
    add("good-rank-8.safetensors", "as many dimensions as we take", plain({"a": entry("U8", [1] * 7 + [8], 0, 8)}, b"12345678"))
    add("good-escaped-name.safetensors", "a name with escapes for letters, quotes and a line feed",
        plain('{"caf\\u00e9 \\"x\\"\\n\\ud83d\\ude00":' + A8 + "}", b"12345678"))
    sizes = dict(BOOL=1, U8=1, I8=1, F8_E5M2=1, F8_E4M3=1, I16=2, U16=2, F16=2, BF16=2, I32=4, U32=4, F32=4,
                 F64=8, I64=8, U64=8)
    header, at = {}, 0
    for dtype, size in sizes.items():
        header[dtype.lower()] = entry(dtype, [2], at, at + 2 * size)
        at += 2 * size
    add("good-dtypes.safetensors", "two elements of every type, in no order of alignment", plain(header, bytes(at)))


def bad_lengths():
    add("bad-empty.safetensors", "no bytes at all", b"")
    add("bad-short.safetensors", "ends within the header's length", PLAIN[:5])
    add("bad-tiny.safetensors", "ends within the first four bytes", PLAIN[:3])
    add("bad-header-zero.safetensors", "a header of no bytes", plain(b"", DATA))
    add("bad-header-cap.safetensors", "a header of 100,000,001 bytes, one over the cap", plain("{}", n=100000001))
    add("bad-header-huge.safetensors", "a header of 2^64 - 1 bytes", plain("{}", n=MASK))
    add("bad-header-sign.safetensors", "a header of 2^63 bytes", plain("{}", n=1 << 63))
    add("bad-header-past-end.safetensors", "a header that is longer than the file", plain(SET, n=1000))
    add("bad-header-declared.safetensors", "a header of 100,000,000 bytes in a file of ten", plain("{}", n=100000000))
    add("bad-header-cut.safetensors", "a header length that cuts the JSON off", plain(SET, DATA, n=40))
    add("bad-missing-byte.safetensors", "the last byte is missing", PLAIN[:-1])
    add("bad-missing-data.safetensors", "all the tensors' bytes are missing", plain(SET))
    add("bad-extra-byte.safetensors", "a byte too many", PLAIN + b"\0")
    add("bad-extra-empty.safetensors", "a byte behind a header without tensors", plain("{}", b"\0"))
    add("bad-terabytes.safetensors", "declares 4 TiB that are not there",
        plain({"a": entry("F32", [1 << 40], 0, 1 << 42)}, b"1234"))


def bad_json():
    def text(name, why, header):
        add(f"bad-{name}.safetensors", why, plain(header, b"\0" * 8))

    text("not-json", "text that is not JSON", "this is no header")
    text("json-cut", "JSON without its last bracket", '{"a":' + A8)
    text("json-garbage", "something behind the JSON", '{"a":' + A8 + "} x")
    text("json-twice", "two JSON objects", '{"a":' + A8 + "}{}")
    text("json-comma", "a comma too many", '{"a":' + A8 + ",}")
    text("json-quotes", "single quotes", "{'a':" + A8 + "}")
    text("json-nan", "NaN, which JSON does not have", '{"a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,8]}}')
    text("json-leading-zero", "a number with a leading zero", '{"a":{"dtype":"U8","shape":[08],"data_offsets":[0,8]}}')
    text("bom", "a byte order mark before the JSON", b"\xef\xbb\xbf" + b'{"a":' + A8.encode() + b"}")
    text("utf16", "JSON in UTF-16", ('{"a":' + A8 + "}").encode("utf-16-le"))
    text("not-utf8", "a name with a stray byte 0xff", b'{"a\xff":' + A8.encode() + b"}")
    text("utf8-overlong", "a name with an overlong sequence", b'{"a\xc0\xaf":' + A8.encode() + b"}")
    text("utf8-surrogate", "a name with a surrogate in UTF-8", b'{"a\xed\xa0\x80":' + A8.encode() + b"}")
    text("lone-surrogate", "an escape that is half a character", '{"a\\ud83d":' + A8 + "}")
    text("control-character", "a line feed within a name, not escaped", '{"a\n":' + A8 + "}")
    text("nul-padding", "a header padded with NULs", '{"a":' + A8 + "}\0\0\0")
    text("nul-name", "a NUL within a name, not escaped", '{"a\0b":' + A8 + "}")
    text("top-array", "an array where the object should be", "[" + A8 + "]")
    text("top-string", "a string where the object should be", '"a"')
    text("top-number", "a number where the object should be", "17")
    text("top-null", "null where the object should be", "null")
    text("only-space", "nothing but blanks", " " * 16)
    text("deep-arrays", "ten thousand brackets", "[" * 10000)
    text("deep-objects", "ten thousand nested objects", '{"a":' * 10000)
    text("deep-unknown", "a field that nobody knows, nested ten thousand times",
         '{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8],"x":' + "[" * 10000 + "]" * 10000 + "}}")
    text("duplicate-name", "two tensors of one name", '{"a":' + A8 + ',"a":' + A8 + "}")
    text("duplicate-escaped", "two tensors of one name, once escaped", '{"a":' + A8 + ',"\\u0061":' + A8 + "}")
    text("duplicate-field", "a tensor with two shapes",
         '{"a":{"dtype":"U8","shape":[8],"shape":[8],"data_offsets":[0,8]}}')
    text("duplicate-field-escaped", "a tensor with two types, once escaped",
         '{"a":{"dtype":"U8","d\\u0074ype":"I8","shape":[8],"data_offsets":[0,8]}}')
    text("duplicate-unknown", "an unknown field twice",
         '{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8],"x":1,"x":1}}')
    text("duplicate-metadata", "metadata twice", '{"__metadata__":{},"a":' + A8 + ',"__metadata__":{}}')
    text("duplicate-key", "a key twice in the metadata", '{"__metadata__":{"k":"1","k":"2"},"a":' + A8 + "}")


def bad_types():
    def field(name, why, dtype='"U8"', shape="[8]", offsets="[0,8]"):
        add(f"bad-{name}.safetensors", why, one(f'{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}}}'))

    add("bad-tensor-array.safetensors", "an array for a tensor", one('["U8",[8],[0,8]]'))
    add("bad-tensor-string.safetensors", "a string for a tensor", one('"U8"'))
    add("bad-tensor-number.safetensors", "a number for a tensor", one("8"))
    add("bad-tensor-null.safetensors", "null for a tensor", one("null"))
    add("bad-tensor-empty.safetensors", "a tensor without any field", one("{}"))
    add("bad-no-dtype.safetensors", "a tensor without dtype", one('{"shape":[8],"data_offsets":[0,8]}'))
    add("bad-no-shape.safetensors", "a tensor without shape", one('{"dtype":"U8","data_offsets":[0,8]}'))
    add("bad-no-offsets.safetensors", "a tensor without data_offsets", one('{"dtype":"U8","shape":[8]}'))
    for name, text in ("array", '["a","b"]'), ("string", '"a"'), ("null", "null"), ("number", "1"):
        add(f"bad-metadata-{name}.safetensors", f"metadata that is no object but {text}",
            plain(f'{{"__metadata__":{text},"a":{A8}}}', b"\0" * 8))
    for name, text in ("number", "1"), ("null", "null"), ("object", "{}"), ("array", '["x"]'), ("true", "true"):
        add(f"bad-metadata-value-{name}.safetensors", f"a metadata value that is no string but {text}",
            plain(f'{{"__metadata__":{{"k":{text}}},"a":{A8}}}', b"\0" * 8))
    field("dtype-number", "a dtype that is a number", dtype="8")
    field("dtype-null", "a dtype that is null", dtype="null")
    field("dtype-array", "a dtype that is an array", dtype='["U8"]')
    field("dtype-case", "a dtype in lower case", dtype='"u8"')
    field("dtype-empty", "a dtype without a name", dtype='""')
    field("dtype-long", "a dtype name that nobody would print whole", dtype='"' + "U8" * 5000 + '"')
    field("shape-number", "a shape that is a number", shape="8")
    field("shape-string", "a shape that is a string", shape='"8"')
    field("shape-object", "a shape that is an object", shape='{"0":8}')
    field("shape-real", "a dimension that is a real number", shape="[8.0]")
    field("shape-exponent", "a dimension with an exponent", shape="[8e0]")
    field("shape-negative", "negative dimensions", shape="[-2,-4]")
    field("shape-big", "a dimension of 2^64 + 8", shape="[18446744073709551624]")
    field("shape-text", "a dimension in quotes", shape='["8"]')
    field("shape-nested", "a dimension that is an array", shape="[[8]]")
    field("shape-true", "a dimension that is true", shape="[8,true]")
    field("shape-overflow", "dimensions whose product is 2^64", shape="[4294967296,4294967296]")
    field("shape-overflow-8", "dimensions whose product wraps to 8",
          shape="[9223372036854775807,2,8,5]", offsets="[0,8]")
    field("shape-overflow-bytes", "elements that fit and bytes that do not", dtype='"F64"', shape="[2305843009213693953]")
    field("shape-overflow-zero", "an empty tensor with dimensions whose product overflows",
          shape="[0,4294967296,4294967296]", offsets="[0,0]")
    field("offsets-number", "data_offsets that is a number", offsets="8")
    field("offsets-string", "data_offsets that is a string", offsets='"0,8"')
    field("offsets-object", "data_offsets that is an object", offsets='{"begin":0,"end":8}')
    field("offsets-none", "data_offsets without numbers", offsets="[]")
    field("offsets-one", "data_offsets with one number", offsets="[0]")
    field("offsets-three", "data_offsets with three numbers", offsets="[0,8,8]")
    field("offsets-real", "data_offsets with a real number", offsets="[0,8.0]")
    field("offsets-text", "data_offsets with a string in it", offsets='[0,"8"]')
    field("offsets-null", "data_offsets with null in it", offsets="[null,8]")
    field("offsets-negative", "data_offsets below zero", offsets="[-8,0]")
    field("offsets-big", "data_offsets beyond 64 bits", offsets="[0,99999999999999999999]")
    field("offsets-wrap", "data_offsets that wrap around", offsets="[18446744073709551608,8]")


def bad_places():
    def two(name, why, a, b, data=b"\0" * 16):
        add(f"bad-{name}.safetensors", why, plain({"a": a, "b": b}, data))

    u8 = lambda n, begin, end: entry("U8", [n], begin, end)
    add("bad-start.safetensors", "the first tensor does not begin at 0", plain({"a": u8(8, 1, 9)}, b"\0" * 9))
    add("bad-end-before-begin.safetensors", "a tensor ends before it begins", plain({"a": u8(8, 8, 0)}, b"\0" * 8))
    add("bad-size-small.safetensors", "fewer bytes than the shape needs", plain({"a": entry("F32", [2], 0, 4)}, b"\0" * 4))
    add("bad-size-large.safetensors", "more bytes than the shape needs", plain({"a": u8(8, 0, 9)}, b"\0" * 9))
    add("bad-size-empty.safetensors", "bytes for an empty tensor", plain({"a": u8(0, 0, 8)}, b"\0" * 8))
    two("overlap", "two tensors share bytes", u8(8, 0, 8), u8(8, 7, 15), b"\0" * 15)
    two("overlap-same", "two tensors have the same bytes", u8(8, 0, 8), u8(8, 0, 8), b"\0" * 8)
    two("overlap-within", "a tensor lies within another", u8(16, 0, 16), u8(4, 4, 8))
    two("hole", "a byte between two tensors belongs to none", u8(8, 0, 8), u8(7, 9, 16))
    two("empty-outside", "an empty tensor lies within another", u8(16, 0, 16), u8(0, 8, 8))
    add("bad-sum-overflow.safetensors", "four tensors of 2^62 bytes whose sum is 2^64",
        plain({name: u8(1 << 62, 0, 1 << 62) for name in "abcd"}))


def unsupported_plain():
    add("unsupported-rank-9.safetensors", "nine dimensions, we take eight", plain({"a": entry("U8", [1] * 8 + [8], 0, 8)}, b"\0" * 8))
    add("unsupported-dtype-f4.safetensors", "a type of newer versions that has no whole bytes", one('{"dtype":"F4","shape":[16],"data_offsets":[0,8]}'))
    add("unsupported-dtype-c64.safetensors", "complex numbers", one('{"dtype":"C64","shape":[1],"data_offsets":[0,8]}'))
    add("unsupported-nul-escaped.safetensors", "a name with an escaped NUL", plain('{"a\\u0000b":' + A8 + "}", b"\0" * 8))
    add("unsupported-nul-metadata.safetensors", "a metadata value with an escaped NUL",
        plain('{"__metadata__":{"k":"a\\u0000b"},"a":' + A8 + "}", b"\0" * 8))


# --- zstd ---

def frame(data, size=True, checksum=True, block=None, window=None):
    """A frame by hand: one raw block, or the block that is given."""
    body = struct.pack("<I", len(data) << 3 | 1)[:3] + data if block is None else block
    descriptor = (0xC0 if size is not False else 0) | (0x20 if window is None else 0) | (4 if checksum else 0)
    head = struct.pack("<IB", 0xFD2FB528, descriptor) + (b"" if window is None else bytes([window]))
    if size is not False:
        head += struct.pack("<Q", len(data) if size is True else size)
    return head + body + (struct.pack("<I", xxh64(data) & 0xFFFFFFFF) if checksum else b"")


def skippable(data, magic=0x184D2A50):
    return struct.pack("<II", magic, len(data)) + data


def table(entries, descriptor=0x80, count=None, magic=0x8F92EAB1, kind=0x184D2A5E):
    body = b"".join(struct.pack("<III" if descriptor & 0x80 else "<II", *e) for e in entries)
    n = len(entries) if count is None else count
    return skippable(body + struct.pack("<IBI", n, descriptor, magic), kind)


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


def packed(data):
    return zstd(data, "-3", "--check", "--no-progress", f"--stream-size={len(data)}")


def entries(frames, contents):
    return [(len(f), len(c), struct.unpack("<I", f[-4:])[0]) for f, c in zip(frames, contents)]


HEAD = PLAIN[:-len(DATA)]
BIG = bytes((i >> 5) * (i >> 5) >> 3 & 255 for i in range(70000))
OURS_HEAD = plain({"__metadata__": SET["__metadata__"], "big": entry("U8", [70000], 0, 70000),
                   "small": entry("U8", [8], 70000, 70008)})


def ours():
    """Frames as we lay them: the header, then the bytes."""
    contents = [OURS_HEAD, BIG + b"12345678"]
    frames = [packed(c) for c in contents]
    return frames, entries(frames, contents)


def good_packed():
    frames, rows = ours()
    add("good-ours.safetensors.zst", "frames and seek table as potstill lays them", b"".join(frames) + table(rows))
    add("good-one-frame.safetensors.zst", "one frame of zstd(1)", packed(PLAIN))
    add("good-stream.safetensors.zst", "one frame of zstd(1) from a pipe: no size of the content", zstd(PLAIN, "-1"))
    add("good-no-checksum.safetensors.zst", "a frame without a checksum", zstd(PLAIN, "-1", "--no-check"))
    add("good-level-19.safetensors.zst", "zstd -19", zstd(OURS_HEAD + BIG + b"12345678", "-19"))
    add("good-window-27.safetensors.zst", "zstd --long=27: a window of 128 MiB", zstd(PLAIN, "-1", "--long=27"))
    add("good-by-hand.safetensors.zst", "raw blocks, one frame a byte", b"".join(frame(PLAIN[i:i + 1]) for i in range(len(PLAIN))))
    add("good-uneven.safetensors.zst", "frames that end anywhere, some empty",
        frame(PLAIN[:3]) + frame(b"") + frame(PLAIN[3:30]) + frame(PLAIN[30:-3]) + frame(PLAIN[-3:]))
    add("good-skippable.safetensors.zst", "skippable frames before, between and behind, as pzstd(1) has them",
        skippable(b"1234") + frame(HEAD) + skippable(b"", 0x184D2A5F) + frame(DATA) + skippable(b"the end", 0x184D2A5D))
    small = [frame(HEAD), frame(DATA)]
    add("good-table-without-sums.safetensors.zst", "a seek table without checksums",
        b"".join(small) + table([e[:2] for e in entries(small, [HEAD, DATA])], descriptor=0))
    add("good-table-one-frame.safetensors.zst", "a seek table of a single frame",
        frame(PLAIN) + table(entries([frame(PLAIN)], [PLAIN])))
    add("good-table-skippable.safetensors.zst", "a seek table behind a skippable frame that it does not list",
        b"".join(small) + skippable(b"note") + table(entries(small, [HEAD, DATA])))
    foreign = plain({k: SET[k] for k in SET if k != "__metadata__"})
    add("good-no-table.safetensors.zst", "two frames of another writer, no seek table", frame(foreign) + frame(DATA))


def bad_cuts():
    frames, rows = ours()
    whole = b"".join(frames) + table(rows)
    places = {"header-frame": len(frames[0]), "data-frame": len(frames[0] + frames[1])}
    for name, at in places.items():
        add(f"bad-cut-after-{name}.safetensors.zst", f"ends behind the {name.replace('-', ' ')}, at a boundary of frames", whole[:at])
    inside = {"magic": 2, "first-frame": 60, "first-checksum": len(frames[0]) - 2, "second-magic": len(frames[0]) + 3,
              "second-header": len(frames[0]) + 6, "second-frame": len(frames[0]) + 300,
              "second-checksum": places["data-frame"] - 1, "table-magic": places["data-frame"] + 2,
              "table-size": places["data-frame"] + 6, "table-entries": places["data-frame"] + 15,
              "table-footer": len(whole) - 6, "last-byte": len(whole) - 1}
    for name, at in inside.items():
        add(f"bad-cut-in-{name}.safetensors.zst", f"ends in the {name.replace('-', ' ')}", whole[:at])
    add("bad-cut-one-frame.safetensors.zst", "a single frame without its end", packed(PLAIN)[:-6])
    add("bad-cut-skippable.safetensors.zst", "ends in a skippable frame", frame(PLAIN) + skippable(b"12345678")[:-1])


def bad_flips():
    frames, rows = ours()
    whole, first, second = b"".join(frames) + table(rows), len(frames[0]), len(frames[0] + frames[1])
    places = {"magic": 1, "descriptor": 4, "content-size": 5, "block": 9, "header": 90, "header-checksum": first - 2,
              "second-magic": first, "second-descriptor": first + 4, "second-size": first + 6, "data": first + 900,
              "data-checksum": second - 4, "table-kind": second, "table-magic": second + 3, "table-length": second + 4,
              "table-packed": second + 8, "table-size": second + 12, "table-sum": second + 16,
              "table-packed-2": second + 20, "table-size-2": second + 24, "table-sum-2": second + 28,
              "table-count": len(whole) - 9, "table-footer": len(whole) - 1}
    for name, at in places.items():
        add(f"bad-flip-{name}.safetensors.zst", f"a bit is turned in the {name.replace('-', ' ')}",
            whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
    for name, at, mask in ("unused-bit", 4, 16), ("reserved-bit", 4, 8), ("table-reserved", len(whole) - 5, 4), ("table-unused", len(whole) - 5, 1):
        add(f"bad-flip-{name}.safetensors.zst", f"the {name.replace('-', ' ')} is set",
            whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1:])


def bad_packed():
    small = [frame(HEAD), frame(DATA)]
    rows, both = entries(small, [HEAD, DATA]), b"".join(small)
    add("bad-extra-frame.safetensors.zst", "a frame with bytes behind the tensors", both + frame(b"x"))
    add("bad-extra-frame-empty.safetensors.zst", "a frame without bytes behind the tensors", both + frame(b""))
    add("bad-extra-in-frame.safetensors.zst", "a byte too many within the last frame", frame(PLAIN + b"x"))
    add("bad-extra-garbage.safetensors.zst", "bytes that are no frame behind the last one", both + b"garbage!" * 4)
    add("bad-extra-behind-table.safetensors.zst", "a byte behind the seek table", both + table(rows) + b"\0")
    add("bad-extra-frame-tabled.safetensors.zst", "a frame too many that the seek table lists",
        both + frame(b"x") + table(rows + entries([frame(b"x")], [b"x"])))
    add("bad-missing-byte.safetensors.zst", "the content lacks its last byte", frame(PLAIN[:-1]))
    add("bad-missing-frame.safetensors.zst", "the last frame is missing", small[0])
    add("bad-missing-frame-tabled.safetensors.zst", "the last frame is missing, in the seek table too", small[0] + table(rows[:1]))
    add("bad-swapped-frames.safetensors.zst", "header and data are swapped", small[1] + small[0])
    add("bad-only-skippable.safetensors.zst", "skippable frames and nothing else", skippable(b"1234") * 3)
    add("bad-only-table.safetensors.zst", "a seek table and nothing else", table([]))
    add("bad-empty-frame.safetensors.zst", "a frame without bytes", frame(b""))
    add("bad-checksum.safetensors.zst", "a checksum that is not the content's", frame(PLAIN)[:-4] + b"\1\2\3\4")
    add("bad-content-size-less.safetensors.zst", "a frame that declares a byte less than it has", frame(PLAIN, size=len(PLAIN) - 1))
    add("bad-content-size-more.safetensors.zst", "a frame that declares a byte more than it has", frame(PLAIN, size=len(PLAIN) + 1))
    add("bad-content-size-terabytes.safetensors.zst", "a frame that declares 4 TiB", frame(PLAIN, size=1 << 42))
    add("bad-block-type.safetensors.zst", "a block of the reserved type",
        frame(PLAIN, block=struct.pack("<I", len(PLAIN) << 3 | 7)[:3] + PLAIN))
    add("bad-block-size.safetensors.zst", "a block that is longer than blocks may be",
        frame(PLAIN, block=struct.pack("<I", 0x1FFFFF << 3 | 3)[:3] + b"\0"))
    add("bad-table-count.safetensors.zst", "a seek table that counts more frames than it lists", both + table(rows, count=3))
    add("bad-table-count-huge.safetensors.zst", "a seek table that counts 2^32 - 1 frames", both + table(rows, count=0xFFFFFFFF))
    add("bad-table-few.safetensors.zst", "a seek table that lists one of two frames", both + table(rows[:1]))
    add("bad-table-many.safetensors.zst", "a seek table that lists three of two frames", both + table(rows + rows[:1]))
    add("bad-table-swapped.safetensors.zst", "a seek table in another order", both + table(rows[::-1]))
    add("bad-table-shifted.safetensors.zst", "a seek table whose sums are right and whose entries are not",
        both + table([(rows[0][0] + 1, rows[0][1], rows[0][2]), (rows[1][0] - 1, rows[1][1], rows[1][2])]))
    add("bad-table-sizes.safetensors.zst", "a seek table that moves a byte of content to the next frame",
        both + table([(rows[0][0], rows[0][1] + 1, rows[0][2]), (rows[1][0], rows[1][1] - 1, rows[1][2])]))
    add("bad-table-zero.safetensors.zst", "a seek table with a frame of no bytes", both + table(rows + [(0, 0, 0)]))
    add("bad-table-sum.safetensors.zst", "a seek table with another checksum", both + table([rows[0], rows[1][:2] + (1,)]))
    add("bad-table-magic.safetensors.zst", "a seek table without its end mark", both + table(rows, magic=0x8F92EAB2))
    add("bad-table-kind.safetensors.zst", "a seek table in a skippable frame of another kind", both + table(rows, kind=0x184D2A53))
    add("bad-table-first.safetensors.zst", "a seek table before the frames", table(rows) + both)
    add("bad-table-gigabytes.safetensors.zst", "frames and a seek table that claim 4 GiB each",
        both + table([(rows[0][0], 0xFFFFFFFF, 0), (rows[1][0], 0xFFFFFFFF, 0)]))


def rle(byte, count, size):
    """A frame of count * size equal bytes in four bytes a block."""
    blocks = b"".join(struct.pack("<I", size << 3 | 2 | (i == count - 1))[:3] + byte for i in range(count))
    return frame(b"", size=False, checksum=False, block=blocks, window=0x38)


def bad_bombs():
    head = lambda n: frame(struct.pack("<Q", n))
    add("bad-bomb-brackets.safetensors.zst", "20 MB of brackets in a few kilobytes", head(20 << 20) + rle(b"[", 160, 131072))
    add("bad-bomb-blanks.safetensors.zst", "20 MB of blanks in a few kilobytes", head(20 << 20) + rle(b" ", 160, 131072))
    add("bad-bomb-objects.safetensors.zst", "7 million empty objects in a few kilobytes",
        packed(plain('{"a":[' + "{}," * 7000000 + "{}]}")))
    add("bad-terabytes.safetensors.zst", "4 TiB are declared, in the header only",
        frame(plain({"a": entry("F32", [1 << 40], 0, 1 << 42)})) + frame(b"1234"))
    add("bad-terabytes-size.safetensors.zst", "4 TiB are declared, in the header and the frame",
        frame(plain({"a": entry("F32", [1 << 40], 0, 1 << 42)})) + frame(b"1234", size=1 << 42))
    gigabytes = frame(plain({"a": entry("U8", [0xFFFFFFF0], 0, 0xFFFFFFF0)}))
    body = frame(b"1234", size=0xFFFFFFF0)
    add("bad-terabytes-table.safetensors.zst", "4 GiB are declared, in the header, the frame and the seek table",
        gigabytes + body + table([(len(gigabytes), len(plain({"a": entry("U8", [0xFFFFFFF0], 0, 0xFFFFFFF0)})), xxh64(plain({"a": entry("U8", [0xFFFFFFF0], 0, 0xFFFFFFF0)})) & 0xFFFFFFFF),
                                  (len(body), 0xFFFFFFF0, 0)]))


def unsupported_packed():
    add("unsupported-window-31.safetensors.zst", "a window of 2 GiB, which zstd(1) takes when told to only",
        frame(PLAIN, size=False, window=(31 - 10) << 3))
    no_dictionary = frame(PLAIN)
    add("unsupported-dictionary.safetensors.zst", "a frame that needs a dictionary",
        no_dictionary[:4] + bytes([no_dictionary[4] | 1]) + b"\7" + no_dictionary[5:])
    add("unsupported-version-7.safetensors.zst", "a frame of zstd 0.7", struct.pack("<I", 0xFD2FB527) + frame(PLAIN)[4:])


README = """# Tensor files, good and bad

Made by `make.py` from the rules of the format ([tensor.5](../../man/tensor.5)); this list too. `good-` files must be read,
`bad-` files refused: exit 1, one line that names the file and the fault, in little time and memory. `unsupported-` files
obey the format but are more than potstill takes; they are refused in the same way.

| file | what it is |
|---|---|
"""


def main():
    for make in (good_plain, bad_lengths, bad_json, bad_types, bad_places, unsupported_plain, good_packed,
                 bad_cuts, bad_flips, bad_packed, bad_bombs, unsupported_packed):
        make()
    for name in os.listdir(FOLDER):
        if ".safetensors" in name and name not in FILES:
            os.remove(os.path.join(FOLDER, name))
    for name, (_, data) in FILES.items():
        with open(os.path.join(FOLDER, name), "wb") as f:
            f.write(data)
    with open(os.path.join(FOLDER, "README.md"), "w", encoding="utf-8") as f:
        f.write(README + "".join(f"| {name} | {FILES[name][0]} |\n" for name in sorted(FILES)))


if __name__ == "__main__":
    main()
