# SPDX-License-Identifier: ISC
"""PNG files by NumPy and zlib alone: a writer for every colour type, depth and filter, interlaced or not,
a reader, and what our pictures and their resizing should give. The peer of libcommon/image*.c."""
import struct
import zlib

import numpy as np

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type: grey, RGB, palette, grey and alpha, RGBA
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def predict(kind, a, b, c):
    return (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]


def pack(rows, depth):
    """Rows of samples [h, n] as bytes."""
    if depth == 16:
        return [r.astype(">u2").tobytes() for r in rows]
    bits = (rows[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    return [np.packbits(b.reshape(-1).astype("u1")).tobytes() for b in bits]


def filtered(rows, step, kinds):
    out, before = b"", None
    for y, row in enumerate(rows):
        before = before or bytes(len(row))
        kind = kinds[y % len(kinds)]
        out += bytes([kind]) + bytes(
            (v - predict(kind, row[i - step] if i >= step else 0, before[i], before[i - step] if i >= step else 0)) % 256
            for i, v in enumerate(row))
        before = row
    return out


def encode(samples, color, depth, interlace=False, kinds=(0, 1, 2, 3, 4), before=b"", split=0, ihdr=None):
    """samples [h, w, n] as stored; `before` are chunks in front of IDAT, `split` the length of an IDAT."""
    h, w, n = samples.shape
    assert n == SAMPLES[color] and depth in DEPTHS[color]
    step, data = max(1, n * depth // 8), b""
    for x0, y0, dx, dy in ADAM7 if interlace else ((0, 0, 1, 1),):
        part = samples[y0::dy, x0::dx]
        if part.size:
            data += filtered(pack(part.reshape(part.shape[0], -1).astype("i4"), depth), step, kinds)
    data = zlib.compress(data)
    parts = [data[i:i + split] for i in range(0, len(data), split)] if split else [data]
    head = ihdr or struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, int(interlace))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + b"".join(chunk(b"IDAT", p) for p in parts) + \
        chunk(b"IEND", b"")


def transparency(values, depth):
    """tRNS of a palette (alphas) or of grey and RGB (the transparent colour)."""
    return chunk(b"tRNS", bytes(values) if depth is None else b"".join(struct.pack(">H", v) for v in values))


def to_rgba(samples, color, depth, palette=None, trns=None):
    """[h, w, 4] of 8 bits: samples scaled and rounded; a palette is [n, 3] and trns its alphas, else the colour."""
    h, w, _ = samples.shape
    rgba = np.full((h, w, 4), 255.0)
    if color == 3:
        alphas = np.full(len(palette), 255)
        alphas[:len(trns or ())] = trns or ()
        rgba[..., :3], rgba[..., 3] = palette[samples[..., 0]], alphas[samples[..., 0]]
        return rgba.astype("i8")
    n = 1 if color in (0, 4) else 3
    rgba[..., :3] = samples[..., :n]
    if color in (4, 6):
        rgba[..., 3] = samples[..., n]
    elif trns is not None:
        rgba[..., 3] = np.where((samples == np.array(trns)).all(-1), 0, 2 ** depth - 1)
    else:
        rgba[..., 3] = 2 ** depth - 1
    return np.floor(rgba * 255 / (2 ** depth - 1) + 0.5).astype("i8")


def picture(rgba, gray, background=(255, 255, 255)):
    """Planes [1 or 3, h, w] of 8 bits, as image.h says."""
    a = rgba[..., 3:]
    rgb = (2 * (rgba[..., :3] * a + np.array(background) * (255 - a)) + 255) // 510  # rounded to nearest
    if gray:
        rgb = (rgb @ np.array([19595, 38470, 7471]) + 32768)[..., None] // 65536
    return np.moveaxis(rgb, -1, 0).astype("u1")


def weights(n, m, area):
    """[m, n]: what source pixels count for each target pixel."""
    scale, k, t = n / m, np.arange(n)[None], np.arange(m)[:, None]
    if area and scale > 1:
        w = np.clip(np.minimum(k + 1, (t + 1) * scale) - np.maximum(k, t * scale), 0, None)
    else:
        w = np.clip(1 - abs(k + 0.5 - (t + 0.5) * scale) / max(scale, 1), 0, None)
    return w / w.sum(1, keepdims=True)


def resize(planes, width, height, area=False, crop=False):
    """In double precision, not rounded: ours may differ by half and a little."""
    _, h, w = planes.shape
    if crop and h * width / height < w:
        part = max(1, int(h * width / height + 0.5))
        planes = planes[:, :, (w - part) // 2:(w - part) // 2 + part]
    elif crop and w * height / width < h:
        part = max(1, int(w * height / width + 0.5))
        planes = planes[:, (h - part) // 2:(h - part) // 2 + part]
    _, h, w = planes.shape
    return weights(h, height, area) @ planes.astype("f8") @ weights(w, width, area).T


def decode(data):
    """(samples [h, w, n], colour type) of a file of 8 bits without interlacing, as tensor2png writes them."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, idat, head = 8, b"", None
    while at < len(data):
        n = struct.unpack(">I", data[at:at + 4])[0]
        name, body = data[at + 4:at + 8], data[at + 8:at + 8 + n]
        assert struct.unpack(">I", data[at + 8 + n:at + 12 + n])[0] == zlib.crc32(name + body), name
        head = struct.unpack(">IIBBBBB", body) if name == b"IHDR" else head
        idat += body if name == b"IDAT" else b""
        at += 12 + n
    assert name == b"IEND"
    w, h, depth, color, _, _, interlace = head
    assert depth == 8 and interlace == 0
    step, raw, before, rows = SAMPLES[color], zlib.decompress(idat), None, []
    size = w * step
    assert len(raw) == h * (size + 1)
    for y in range(h):
        kind, row = raw[y * (size + 1)], bytearray(raw[y * (size + 1) + 1:(y + 1) * (size + 1)])
        before = before or bytes(size)
        for i in range(size) if kind else ():
            row[i] = (row[i] + predict(kind, row[i - step] if i >= step else 0, before[i],
                                       before[i - step] if i >= step else 0)) % 256
        rows.append(bytes(row))
        before = rows[-1]
    return np.frombuffer(b"".join(rows), "u1").reshape(h, w, step), color
