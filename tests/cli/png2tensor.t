#!/bin/sh
# SPDX-License-Identifier: ISC
# png2tensor: every kind of PNG file against tests/png.py, sizes, folders, lists, and what is refused.
. "${0%/*}/../lib.sh"
PYTHONPATH=$ROOT/tests PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

cat >peer.py <<'PY'
import json
import os
import subprocess
import sys

import numpy as np

import png


def load(name):
    """(tensors, metadata)"""
    data = subprocess.run(["zstd", "-dc", name], capture_output=True, check=True).stdout
    n = int.from_bytes(data[:8], "little")
    head = json.loads(data[8:8 + n])
    meta, body = head.pop("__metadata__"), data[8 + n:]
    return {k: np.frombuffer(body[slice(*v["data_offsets"])], {"U8": "u1", "U16": "<u2"}[v["dtype"]]).reshape(v["shape"])
            for k, v in head.items()}, meta


def save(path, data):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def grey(value, w=5, h=4):
    return png.encode(np.full((h, w, 1), value), 0, 8)


rng = np.random.default_rng(7)
PY
python() {
	"$PYTHON" -c "from peer import *
$1"
}
# meta FILE KEY
meta() {
	python "print(load('$1')[1].get('$2'))"
}

# Every colour type, depth, interlacing, with and without transparency, at odd sizes.
cat >kinds.py <<'PY'
from peer import *

lines, want = [], []
for color, depths in png.DEPTHS.items():
    for depth in depths:
        for interlace in False, True:
            for w, h in (1, 1), (3, 2), (7, 11), (13, 9):
                for clear in (False, True) if color < 4 else (False,):
                    s = rng.integers(0, 2 ** depth, (h, w, png.SAMPLES[color]))
                    before, palette, trns = b"", None, None
                    if color == 3:
                        palette = rng.integers(0, 256, (s.max() + 1, 3))
                        trns = rng.integers(0, 256, rng.integers(1, len(palette) + 1)).tolist() if clear else None
                        before = png.chunk(b"PLTE", bytes(palette.reshape(-1).tolist()))
                        before += png.transparency(trns, None) if clear else b""
                    elif clear:
                        trns = s[h // 2, w // 2].tolist()
                        before = png.transparency(trns, depth)
                    name = f"kinds/{color}-{depth}-{int(interlace)}-{w}x{h}-{int(clear)}.png"
                    save(name, png.encode(s, color, depth, interlace, before=before, split=len(lines) % 3 * 7))
                    lines.append(f"{name}\t{w}x{h}")
                    want.append(png.to_rgba(s, color, depth, palette, trns))
for size in "1x1", "3x2", "7x11", "13x9":
    with open(f"list-{size}", "w") as f:
        f.writelines(line + "\n" for line in lines if line.endswith("\t" + size))
    some = [v for v, line in zip(want, lines) if line.endswith("\t" + size)]
    np.save(f"rgba-{size}", np.stack(some))
print(len(lines))
PY
is "there are files of every kind" "$(python 'exec(open("kinds.py").read())')" 208
for size in 1x1 3x2 7x11 13x9; do
	for options in --rgb --gray "--rgb --background 10,200,0" "--gray --background 10,200,0"; do
		# shellcheck disable=SC2086
		ok "$size $options" png2tensor -q $options -o x.zst list-$size
		ok "are the pictures of an independent decoder" python "
options = '$options'.split()
back = tuple(map(int, options[2].split(','))) if len(options) > 1 else (255, 255, 255)
got = load('x.zst')[0]['images']
want = np.stack([png.picture(v, options[0] == '--gray', back) for v in np.load('rgba-$size.npy')])
assert got.shape == want.shape, (got.shape, want.shape)
bad = [line.split()[0] for line, g, v in zip(open('list-$size'), got, want) if (g != v).any()]
assert not bad, bad"
	done
done
ok "each row filter alone" python '
s = rng.integers(0, 256, (9, 8, 3))
for kind in range(5):
    save(f"filters/a/{kind}.png", png.encode(s, 2, 8, kinds=(kind,)))
subprocess.run("png2tensor -q -o x.zst filters".split(), check=True)
assert (load("x.zst")[0]["images"] == np.moveaxis(s, -1, 0)).all()'

# Folders.
python '
for name in "b/2", "b/1", "a c/x", "Z/1", "Z/0.PNG", "é/1":
    save(f"t/{name}" + ("" if "PNG" in name else ".png"), grey(len(name) + 10 * ord(name[0]) % 200))
save("t/.DS_Store", b"x"), save("t/b/.hidden.png", b"x")'
ok "a folder for each class" png2tensor -o t.zst t/
is "says what it made" "$(cat "$ERR")" "6 pictures in 4 classes: grey, 5 x 4"
is "classes are the sorted names" "$(meta t.zst potstill.class-names)" '["Z","a c","b","é"]'
is "labels are theirs, files in order" "$(python 'print(load("t.zst")[0]["labels"].tolist())')" "[0, 0, 1, 2, 2, 3]"
is "there are as many classes" "$(meta t.zst potstill.classes)" 4
like "lineage: a fingerprint of the files" "$(meta t.zst potstill.input.images)" '^[0-9a-f]{32}$'
is "the path does not matter" "$(cp -r t t2 && png2tensor -q t2 | cmp - t.zst && echo same)" same
is "nor does the current folder" "$(cd t && png2tensor -q . | cmp - ../t.zst && echo same)" same
ok "deeper folders" python '
for name in "L/x/1", "L/y/1", "K/x/1":
    save(f"deep/{name}.png", grey(9))'
ok "are classes" png2tensor -q -o deep.zst deep
is "called by their paths" "$(meta deep.zst potstill.class-names)" '["K/x","L/x","L/y"]'
ok "--class-names says the order, and classes that have no pictures" \
	png2tensor -q --class-names 'none,é,b,Z,a c' -o order.zst t
is "labels follow" "$(python 'print(load("order.zst")[0]["labels"].tolist())')" "[3, 3, 4, 2, 2, 1]"
is "all names are kept" "$(meta order.zst potstill.class-names)" '["none","é","b","Z","a c"]'
mkdir flat && cp t/b/1.png flat/ && cp t/b/2.png flat/
ok "pictures without folders" png2tensor -o flat.zst flat
is "have no classes" "$(cat "$ERR")" "2 pictures: grey, 5 x 4"
is "and no labels" "$(python 'print(sorted(load("flat.zst")[0]))')" "['images']"
mkdir -p mixed/a && cp t/b/1.png mixed/a && echo x >mixed/a/1.jpg && echo x >mixed/README
ok "files that are no pictures" png2tensor -o x.zst mixed
like "are told of" "$(cat "$ERR")" '^png2tensor: warning: "mixed": 2 files do not end in .png and are left out, the first is "mixed/README"$'

# Lists.
printf 't/b/2.png\tdog\nt/Z/1.png\tcat\nt/b/1.png\tdog\n\n' >names.list
ok "a list" png2tensor -q -o names.zst names.list
is "keeps its order" "$(python 'print(load("names.zst")[0]["labels"].tolist())')" "[1, 0, 1]"
is "names its classes" "$(meta names.zst potstill.class-names)" '["cat","dog"]'
is "the same by standard input, with CRLF" "$(sed 's/$/\r/' names.list | png2tensor -q - | cmp - names.zst && echo same)" same
printf 't/b/2.png\t7\nt/Z/1.png\t0\nt/b/1.png\t300' >numbers.list
ok "numbers are labels" png2tensor -q -o x.zst numbers.list
is "as they are" "$(python 'print(load("x.zst")[0]["labels"].tolist(), load("x.zst")[1]["potstill.classes"])')" "[7, 0, 300] 301"
ok "--classes" png2tensor -q --classes 1000 -o x.zst numbers.list
is "is kept" "$(meta x.zst potstill.classes)" 1000
printf 't/b/2.png\t2\nt/Z/1.png\t0\n' >few.list
ok "numbers have the names that are given" png2tensor -q --class-names cat,dog,cow -o x.zst few.list
is "and stay what they are" "$(python 'print(load("x.zst")[0]["labels"].tolist(), load("x.zst")[1]["potstill.class-names"])')" '[2, 0] ["cat","dog","cow"]'
fails "a number beyond the names" 1 '"cat,dog": there are 2 class names, but item 0 has label 2' png2tensor --class-names cat,dog few.list
ok "only paths" sh -c 'cut -f 1 names.list | png2tensor -q - >x.zst'
is "give no labels" "$(python 'print(sorted(load("x.zst")[0]))')" "['images']"
python 'save("tab\tand space/1.png", grey(3))'
ok "tabs and blanks in paths" sh -c 'printf "tab\tand space/1.png\tone\n" | png2tensor -q - >x.zst'

# Colour.
python '
g, c = np.full((4, 5, 1), 9), np.full((4, 5, 3), (1, 2, 3))
save("c/grey.png", png.encode(g, 0, 8)), save("c/rgb.png", png.encode(c, 2, 8))
save("c/ga.png", png.encode(np.concatenate([g, g + 200], 2), 4, 8))
save("c/p.png", png.encode(g * 0, 3, 1, before=png.chunk(b"PLTE", bytes([5, 5, 5]))))'
channels() {
	printf 'c/%s.png\n' "$@" | png2tensor -q - >x.zst && python 'print(load("x.zst")[0]["images"].shape[1])'
}
is "grey files stay grey" "$(channels grey ga)" 1
is "one of colour makes all RGB" "$(channels grey rgb ga)" 3
is "a palette is colour" "$(channels p)" 3

# Sizes.
cat >sizes.py <<'PY'
from peer import *

pictures = []
for i, (w, h) in enumerate(((40, 30), (30, 40), (1, 1), (7, 50), (64, 64), (61, 20), (20, 9), (200, 3))):
    s = rng.integers(0, 256, (h, w, 3)) if i % 2 else np.add.outer(np.arange(h) * 3, np.arange(w) * 5)[..., None] % 256 * [1, 1, 1]
    save(f"sizes/{i}.png", png.encode(s, 2, 8, kinds=(0,)))
    pictures.append(np.moveaxis(s, -1, 0))
for w, h in (20, 9), (9, 20), (1, 1), (64, 64), (100, 80):
    for words in "", "--crop centre", "--filter area", "--filter area --crop centre":
        run = subprocess.run(["png2tensor", "-q", "--size", f"{w}x{h}", *words.split(), "-o", "x.zst", "sizes"], check=True)
        got = load("x.zst")[0]["images"]
        assert got.shape == (8, 3, h, w), got.shape
        for i, (g, p) in enumerate(zip(got, pictures)):
            want = png.resize(p, w, h, "area" in words, "crop" in words)
            assert abs(g - want).max() < 0.501, (w, h, words, i, abs(g - want).max())
PY
ok "resized pictures are what NumPy computes in double precision, rounded" python 'exec(open("sizes.py").read())'
ok "a picture that has the size keeps its bytes" python '
subprocess.run("png2tensor -q --size 64x64 -o x.zst sizes".split(), check=True)
i = load("x.zst")[0]["images"]
a, _ = png.decode(open("sizes/4.png", "rb").read())
assert (i[4] == np.moveaxis(a, -1, 0)).all()'
ok "one colour stays that colour at any size" python '
for v in range(0, 256, 5):
    save(f"plain/{v:03}.png", grey(v, 37, 23))
for size in "10x9", "100x200", "36x24":
    for area in [], ["--filter", "area"]:
        subprocess.run(["png2tensor", "-q", "-s", size, *area, "-o", "x.zst", "plain"], check=True)
        got = load("x.zst")[0]["images"]
        assert (got == np.arange(0, 256, 5)[:, None, None, None]).all()'
python '
try:
    import torch
except ImportError:
    sys.exit(77)
p = np.moveaxis(png.decode(open("sizes/5.png", "rb").read())[0], -1, 0)
for w, h in (20, 9), (100, 80), (7, 33):
    subprocess.run(["png2tensor", "-q", "-s", f"{w}x{h}", "-o", "x.zst", "sizes"], check=True)
    want = torch.nn.functional.interpolate(torch.tensor(p[None].copy()).float(), (h, w), mode="bilinear", antialias=True)[0]
    assert abs(load("x.zst")[0]["images"][5] - want.numpy()).max() < 0.51'
status=$?
if [ $status -eq 77 ]; then
	skip 1 "python3-torch is not installed"
else
	is "PyTorch's interpolate with antialias gives the same" $status 0
fi
ok "options of a size" png2tensor -q --size 20x9 --crop centre --gray --background 0,0,0 -o x.zst sizes
is "are recorded" "$(meta x.zst potstill.options)" "--size 20x9 --filter bilinear --crop centre --gray --background 0,0,0"

# Threads.
python '
for i in range(300):
    save(f"many/{i % 7}/{i:03}.png", png.encode(rng.integers(0, 256, (12 + i % 5, 17, 1)), 0, 8, kinds=(1, 2)))'
ok "one thread" png2tensor -q -t 1 -s 10x10 -o 1.zst many
for t in 2 3 8; do
	ok "$t threads" png2tensor -q -t $t -s 10x10 -o x.zst many
	same "make the same bytes" 1.zst x.zst
done

# Broken pictures.
cp -r many broken
python '
data = open("many/3/010.png", "rb").read()
save("broken/3/010.png", data[:-20]), save("broken/0/007.png", data[:60] + b"!" + data[61:])'
fails "the first broken picture is named" 1 '^png2tensor: "broken/0/007.png": is broken: IDAT: incorrect data check$' \
	png2tensor -s 10x10 -o x broken
fails "by any number of threads" 1 '"broken/0/007.png"' png2tensor -t 5 -s 10x10 -o x broken
: >broken/5/012.png
fails "headers are looked at first" 1 '^png2tensor: "broken/5/012.png": is no PNG file$' png2tensor -s 10x10 -o x broken
not_ok "there is no output" test -e x
ok "--skip-bad leaves them out" png2tensor --skip-bad -s 10x10 -o skipped.zst broken
is "lists and counts them" "$(cat "$ERR")" 'png2tensor: warning: "broken/0/007.png": is broken: IDAT: incorrect data check
png2tensor: warning: "broken/3/010.png": is broken: it is cut short
png2tensor: warning: "broken/5/012.png": is no PNG file
png2tensor: warning: 3 of 300 pictures are broken and left out
297 pictures in 7 classes: grey, 10 x 10'
mkfifo broken/6/9.png # sorts behind all others
fails "a named pipe is not waited for" 1 '^png2tensor: "broken/6/9.png": is no regular file$' \
	timeout 60 png2tensor -s 10x10 -o x broken/6
ok "... and can be skipped" timeout 60 png2tensor --skip-bad -s 10x10 -o x.zst broken
same "... as if it were not there" x.zst skipped.zst
rm broken/0/007.png broken/3/010.png broken/5/012.png broken/6/9.png
is "the rest is what it were without them" \
	"$(png2tensor -q -s 10x10 broken | cmp - skipped.zst && echo same)" same
ok "nothing bad to skip" png2tensor -q --skip-bad -s 10x10 -o x.zst many
same "changes nothing" x.zst 1.zst
mkdir -p junk/a && echo x >junk/a/1.png && echo x >junk/a/2.png
fails "nothing good" 1 'no picture is good; the first: "junk/a/1.png": is no PNG file' sh -c 'png2tensor --skip-bad junk 2>&1 >/dev/null | tail -n 1 >&2; exit 1'

fails "sizes that differ" 1 '^png2tensor: "sizes/1.png": has 30 x 40 pixels, but "sizes/0.png" has 40 x 30: a size for all is needed$' png2tensor sizes
fails "no such place" 1 '^png2tensor: "nowhere": cannot be opened: No such file or directory$' png2tensor nowhere
mkdir -p empty lost/a lost/b && cp t/b/1.png lost/a/
fails "an empty folder" 1 '"empty": holds no files that end in .png$' png2tensor empty
fails "a class without pictures" 1 '"lost/b": holds no files that end in .png$' png2tensor lost
cp t/b/1.png lost/
fails "pictures beside classes" 1 '"lost": holds pictures and folders' sh -c 'cp t/b/1.png lost/b/; png2tensor lost'
mkdir -p part/a/.unfinished part/b && cp t/b/1.png part/a/ && cp t/b/1.png part/b/
fails "what a killed tensor2png has left" 1 '^png2tensor: "part/a": is unfinished: it holds ".unfinished"$' png2tensor part
rmdir part/a/.unfinished && mkdir part/a/.other
ok "other hidden names do not count" png2tensor -q -o x.zst part
mkdir -p loop/a && ln -s .. loop/a/b
fails "a folder in itself" 1 'folders are more than 16 deep' png2tensor loop
fails "a class name that is missing" 1 '^png2tensor: "t": "t/Z/0.PNG": there is no class name "Z"$' png2tensor --class-names a,b t
: >void
fails "an empty list" 1 '"void": is empty' png2tensor void
printf 't/b/1.png\t1\n\nt/b/1.png\t1\n' >hole
fails "an empty line" 1 '"hole": line 2 has no path' png2tensor hole
printf 't/b/1.png\t1\nt/b/2.png\t\nt/b/2.png\t1\n' >hole
fails "an empty class" 1 '"hole": line 2 has no class behind its tab' png2tensor hole
printf 't/b/1.png\t1\nt/b/2.png\n' >hole
fails "a missing class" 1 '"hole": "t/b/2.png" has no class, but others have one' png2tensor hole
printf 't/b/1.png\t1\nt/b/2.png\t-1\n' >hole
fails "numbers and others" 1 '"hole": "t/b/2.png": class "-1" is no whole number, but others are' png2tensor hole
printf 't/b/1.png\t65536\n' >hole
fails "a label beyond 65535" 1 'label 65536 is not within \[0, 65535\]' png2tensor hole
fails "a label beyond --classes" 1 '"numbers.list": item 2 has label 300, but there are 300 classes' png2tensor --classes 300 numbers.list
printf 'no/such.png\t1\n' >hole
fails "a file that is not there" 1 '^png2tensor: "no/such.png": cannot be opened: No such file' png2tensor hole
printf 't\t1\n' >hole
fails "a folder in a list" 1 '"t": is no regular file' png2tensor hole
fails "a list that is a picture" 1 '"t/b/1.png": is no text' png2tensor t/b/1.png

# Bombs: the header declares, the file cannot hold.
python '
import struct
one = np.zeros((1, 1, 1), int)
def head(w, h, color=0, depth=8): return struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, 0)
save("bomb/declared.png", png.encode(one, 0, 8, ihdr=head(60000, 60000)))
save("wide/wide.png", png.encode(one, 0, 8, ihdr=head(65536, 1)))
save("none/none.png", png.encode(one, 0, 8, ihdr=head(0, 1)))
save("big/big.png", png.encode(np.zeros((1000, 1000, 1), int), 0, 8, kinds=(0,)))
save("text/text.png", png.encode(one, 0, 8, before=png.chunk(b"zTXt", b"k\0\0" + __import__("zlib").compress(bytes(1 << 24)))))
save("index/index.png", png.encode(one + 3, 3, 2, before=png.chunk(b"PLTE", bytes(9))))
save("type/type.png", png.encode(one, 0, 8, ihdr=head(1, 1, 5)))
save("late/late.png", png.encode(one, 0, 8) + b"behind the end")'
fails "gigabytes declared" 1 '"bomb/declared.png": is cut short: it declares 60000 x 60000 pixels in a file of 6[0-9] bytes' \
	png2tensor --max-memory 100G -t 1 bomb
fails "a picture within its declaration, over the limit" 1 'is over the memory limit of 976.6 KiB' png2tensor --max-memory 1000000 big
ok "the same with more memory" png2tensor -q -t 1 --max-memory 9000000 -o x.zst big
fails "a side beyond 65535" 1 '"wide/wide.png": has 65536 x 1 pixels; sides up to 65535 are supported' png2tensor wide
fails "no pixels" 1 '"none/none.png": is broken: it has no pixels' png2tensor none
ok "a text that unpacks to 16 MiB is not looked at" png2tensor -q --max-memory 4M -o x.zst text
fails "a colour beyond the palette" 1 '"index/index.png": is broken: colour 3 of a palette of 3' png2tensor index
fails "a colour type that is none" 1 '"type/type.png": is broken: ' png2tensor type
ok "what follows the end does not matter" png2tensor -q -o x.zst late

fails "no operand" 2 'operand is missing' png2tensor
fails "two operands" 2 'too many operands' png2tensor t t
for size in 28 28x 0x5 5x0 axb 28x28x3 65536x1 -1x5; do
	fails "--size $size" 2 'is no size such as 28x28' png2tensor "--size=$size" t
done
for color in 1 1,2 1,2,256 1,2,3,4 red; do
	fails "--background $color" 2 'is no colour such as' png2tensor "--background=$color" t
done
fails "--gray --rgb" 2 'exclude each other' png2tensor --gray --rgb t
fails "--crop alone" 2 'size, which is missing' png2tensor --crop centre t
fails "--crop of another kind" 2 'is none of centre' png2tensor --size 5x5 --crop left t
fails "full device" 1 '/dev/full' png2tensor -q -o /dev/full t

# Real pictures.
zip=$POTSTILL_DATA/omniglot/images_background_small1.zip
if [ -e "$zip" ]; then
	"$PYTHON" -m zipfile -e "$zip" .
	ok "Omniglot" png2tensor -o o.zst images_background_small1
	is "every character is a class of 20 drawings" "$(cat "$ERR")" "2720 pictures in 136 classes: grey, 105 x 105"
	ok "are the drawings that an independent decoder sees" python "
import glob
import struct
import zlib
files = sorted(glob.glob('images_background_small1/*/*/*.png'))
got = load('o.zst')[0]
assert got['labels'].tolist() == [i // 20 for i in range(2720)]
for i in range(0, 2720, 7):
    data = open(files[i], 'rb').read()
    w, h, depth, color, interlace = *struct.unpack('>IIBB', data[16:26]), data[28]
    assert (w, h, depth, color, interlace) == (105, 105, 1, 0, 0)
    at, raw = data.index(b'IDAT'), b''
    while data[at:at + 4] == b'IDAT':
        n = struct.unpack('>I', data[at - 4:at])[0]
        raw, at = raw + data[at + 4:at + 4 + n], at + n + 12
    rows = np.frombuffer(zlib.decompress(raw), 'u1').reshape(h, -1)
    assert not rows[:, 0].any()  # no filter
    assert (got['images'][i, 0] == 255 * np.unpackbits(rows[:, 1:], axis=1)[:, :w]).all(), files[i]"
else
	skip 3 "no omniglot in POTSTILL_DATA"
fi
done_testing
