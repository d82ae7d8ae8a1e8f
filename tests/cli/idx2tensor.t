#!/bin/sh
# SPDX-License-Identifier: ISC
# idx2tensor: what NumPy makes of the same files, real MNIST, USPS and Fashion-MNIST, and what is refused.
. "${0%/*}/../lib.sh"

# Files by NumPy: 5 pictures of 4x6 in 3 channels, labels of three widths, their gzip.
"$PYTHON" - <<'PY'
import gzip
import struct

import numpy


def write(name, code, data, order=">"):
    head = struct.pack(">BBBB", 0, 0, code, data.ndim) + struct.pack(f">{data.ndim}I", *data.shape)
    with open(name, "wb") as f:
        f.write(head + data.astype(data.dtype.newbyteorder(order)).tobytes())
    with open(name, "rb") as f, open(name + ".gz", "wb") as g:
        g.write(gzip.compress(f.read(), mtime=0))


rng = numpy.random.default_rng(1)
write("gray", 8, rng.integers(0, 256, (5, 4, 6), numpy.uint8))
write("color", 8, rng.integers(0, 256, (5, 3, 4, 6), numpy.uint8))
write("label", 8, numpy.array([3, 0, 9, 1, 3], numpy.uint8))
write("label16", 0x0b, numpy.array([3, 0, 300, 1, 3], numpy.int16))
write("label32", 0x0c, numpy.array([3, 0, 65535, 1, 3], numpy.int32))
write("from1", 8, numpy.array([3, 1, 9, 1, 3], numpy.uint8))
write("negative", 9, numpy.array([3, 0, -1, 1, 3], numpy.int8))
write("wide", 0x0c, numpy.array([3, 0, 65536, 1, 3], numpy.int32))
write("four", 8, numpy.array([3, 0, 9, 1], numpy.uint8))
write("float", 0x0d, numpy.zeros((5, 4, 6), numpy.float32))
PY

# tensors FILE: dtype, shape and a check sum of each tensor, then the metadata, as NumPy reads them
cat >tensors.py <<'PY'
import json
import subprocess
import sys
import zlib

data = subprocess.run(["zstd", "-dc", sys.argv[1]], capture_output=True, check=True).stdout
n = int.from_bytes(data[:8], "little")
head = json.loads(data[8:8 + n])
meta = head.pop("__metadata__")
for name in sorted(head):
    a, b = head[name]["data_offsets"]
    print(name, head[name]["dtype"], head[name]["shape"], zlib.crc32(data[8 + n + a:8 + n + b]))
for key in sorted(meta):
    if key not in ("potstill.version",):
        print(key, meta[key])
PY
tensors() {
	"$PYTHON" tensors.py "$1"
}
# crc EXPRESSION: the check sum of an array made by NumPy from a(NAME), the numbers of an IDX file
crc() {
	"$PYTHON" -c "
import sys, zlib, numpy
def a(name):
    b = open(name, 'rb').read()
    shape = numpy.frombuffer(b, '>u4', b[3], 4)
    return numpy.frombuffer(b, {8: 'u1', 9: 'i1', 11: '>i2', 12: '>i4'}[b[2]], -1, 4 + 4 * b[3]).reshape(shape)
print(zlib.crc32(numpy.ascontiguousarray($1).tobytes()))"
}

ok "gray pictures and labels" idx2tensor -o gray.zst gray label
like "pictures are bytes [N,1,H,W]" "$(tensors gray.zst)" "^images U8 \[5, 1, 4, 6\] $(crc 'a("gray")')$"
like "labels are bytes" "$(tensors gray.zst)" "^labels U8 \[5\] $(crc 'a("label")')$"
like "classes go up to the largest label" "$(tensors gray.zst)" "^potstill.classes 10$"
like "the kind is written" "$(tensors gray.zst)" "^potstill.kind dataset$"
is "no option mattered" "$(tensors gray.zst | grep -c potstill.options)" 0
ok "the same from gzip, by -o" idx2tensor --output packed.zst gray.gz label.gz
same "packed input makes the same file" gray.zst packed.zst
ok "the same through pipes" sh -c 'cat gray.gz | idx2tensor - label >piped.zst'
same "pipes make the same file" gray.zst piped.zst
ok "labels from a pipe" sh -c 'idx2tensor gray - <label.gz >piped.zst'
same "piped labels make the same file" gray.zst piped.zst
ok "two gzip members" sh -c '(head -c 20 gray | gzip -c; tail -c +21 gray | gzip -c) >members; idx2tensor members label >piped.zst'
same "members make the same file" gray.zst piped.zst
like "lineage: a fingerprint of the pictures" "$(tensors packed.zst)" "^potstill.input.images [0-9a-f]{32}$"
like "lineage: and one of the labels" "$(tensors packed.zst)" "^potstill.input.labels [0-9a-f]{32}$"
ok "plain by the name's ending" idx2tensor -o gray.safetensors gray label
ok "zstd -d gives the same" sh -c 'zstd -dqc gray.zst | cmp - gray.safetensors'

ok "color" idx2tensor -o color.zst color label
like "four dimensions are channels first" "$(tensors color.zst)" "^images U8 \[5, 3, 4, 6\] $(crc 'a("color")')$"
ok "without labels" idx2tensor -o bare.zst gray
is "then there are no labels and no classes" "$(tensors bare.zst | grep -c 'labels\|classes')" 0
ok "--transpose" idx2tensor --transpose -o turned.zst color label
like "height and width are swapped" "$(tensors turned.zst)" "^images U8 \[5, 3, 6, 4\] $(crc 'a("color").transpose(0, 1, 3, 2)')$"
like "--transpose is recorded" "$(tensors turned.zst)" "^potstill.options --transpose$"
ok "--label-base" idx2tensor --label-base 1 --classes 26 -o letters.zst gray from1
like "labels start at 0" "$(tensors letters.zst)" "^labels U8 \[5\] $(crc 'a("from1") - numpy.uint8(1)')$"
like "--label-base is recorded" "$(tensors letters.zst)" "^potstill.options --label-base 1$"
like "--classes is kept" "$(tensors letters.zst)" "^potstill.classes 26$"
ok "16-bit labels" idx2tensor -o wide.zst gray label16
like "they stay wide" "$(tensors wide.zst)" "^labels U16 \[5\] $(crc 'a("label16").astype("<u2")')$"
ok "32-bit labels" idx2tensor -o wide.zst gray label32
like "the largest label is 65535" "$(tensors wide.zst)" "^labels U16 \[5\] $(crc 'a("label32").astype("<u2")')$"
ok "--class-names LIST" idx2tensor --class-names 'a,b,c,d,e,f,g,h,"i",j k' -o names.zst gray label
like "names are a JSON array" "$(tensors names.zst)" '^potstill.class-names \["a","b","c","d","e","f","g","h","\\"i\\"","j k"\]$'
printf '%s\n' a b c d e f g h '"i"' 'j k' >names
ok "--class-names FILE" idx2tensor --class-names names -o file.zst gray label
same "a file of names gives the same" names.zst file.zst
ok "--level" idx2tensor --level 19 -o small.zst gray label
is "which changes no tensor" "$(tensors small.zst)" "$(tensors gray.zst)"

head -c 100 gray >short
head -c 100 gray.gz >short.gz
printf 'x' | cat gray - >long
printf 'x' | cat gray.gz - >long.gz
"$PYTHON" -c "
b = bytearray(open('gray.gz', 'rb').read()); b[60] ^= 4; open('flipped.gz', 'wb').write(b)"
printf '\000\000\010\003\377\377\377\377\377\377\377\377\377\377\377\377' >huge
gzip -c huge >huge.gz
printf '\000\000\010\003\000\001\000\000\000\001\000\000\000\001\000\000' >tera
fails "missing file" 1 '^idx2tensor: "nothing": cannot be opened: No such file or directory$' idx2tensor nothing
fails "folder" 1 '^idx2tensor: "\.": cannot be read: Is a directory$' idx2tensor .
fails "empty file" 1 '^idx2tensor: "/dev/null": is no IDX file$' idx2tensor /dev/null
fails "another format" 1 'is no IDX file' idx2tensor tensors.py
fails "cut short" 1 '"short": is cut short' idx2tensor short label
fails "cut short, packed" 1 '"short.gz": gzip data is cut short' idx2tensor short.gz label
fails "extra byte" 1 '"long": goes on behind its 120 bytes' idx2tensor long label
fails "extra byte behind gzip" 1 '"long.gz": gzip data is c' idx2tensor long.gz label
fails "flipped bit in gzip" 1 '"flipped.gz": gzip data is corrupt' idx2tensor flipped.gz label
fails "sizes that overflow" 1 '"huge": (declares more|is cut short)' idx2tensor huge
fails "the same in gzip" 1 '"huge.gz": (declares more|is cut short)' idx2tensor huge.gz
fails "terabytes in a pipe" 1 '"-": .*over the memory limit' sh -c 'cat tera | idx2tensor -'
fails "more than --max-memory" 1 'over the memory limit of 64' sh -c 'cat gray | idx2tensor --max-memory 64 -'
fails "floats" 1 '"float": holds floating-point numbers' idx2tensor float label
fails "labels as images" 1 '"label": holds no images' idx2tensor label
fails "images as labels" 1 '"gray": holds no labels' idx2tensor gray gray
fails "too few labels" 1 '"four": has 4 labels for 5 items' idx2tensor gray four
fails "negative label" 1 '"negative": label 2 is -1' idx2tensor gray negative
fails "label beyond 65535" 1 '"wide": label 2 is 65536' idx2tensor gray wide
fails "a base without labels" 2 '^idx2tensor: --label-base needs LABELS' idx2tensor --label-base 0 gray
fails "label below the base" 1 '"label": label 1 is 0, which is no whole number within \[1, ' idx2tensor --label-base 1 gray label
fails "label beyond --classes" 1 '"label": item 2 has label 9, but there are 9 classes' idx2tensor --classes 9 gray label
fails "fewer names than labels" 1 '^idx2tensor: "a,b": there are 2 class names, but item 0 has label 3' idx2tensor --class-names a,b gray label
fails "names and --classes differ" 1 '"a,b": there are 2 class names for 10 classes' idx2tensor --class-names a,b --classes 10 gray label
fails "names are no list" 1 '"ab": is neither a file nor a list' idx2tensor --class-names ab gray label
fails "no operand" 2 'operand is missing' idx2tensor
fails "three operands" 2 'too many operands' idx2tensor gray label label
fails "both from stdin" 2 'only one input can be standard input' idx2tensor - -
fails "unknown option" 2 '' idx2tensor --transposed gray label
fails "--level 0" 2 'level' idx2tensor --level 0 gray label
fails "full device" 1 '/dev/full' idx2tensor -o /dev/full gray label
fails "folder that is not there" 1 '"no/where.zst"' idx2tensor -o no/where.zst gray label
cp gray.zst old.zst
fails "failure leaves the old file" 1 'four' idx2tensor -o old.zst gray four
same "the old file is whole" gray.zst old.zst
is "no temporary is left" "$(find . -name '*.zst.*' -o -name '.*zst*' | wc -l)" 0

# real FILES: the pictures of a real data set, checked against NumPy on the unpacked IDX files
real() {
	ok "$1" idx2tensor -o real.zst "$3" "$4"
	case $3 in *.gz) gzip -dc "$3" >images.idx && gzip -dc "$4" >labels.idx ;; *) cp "$3" images.idx && cp "$4" labels.idx ;; esac
	like "$1: $2 pictures, all the same" "$(tensors real.zst)" "^images U8 \[$2\] $(crc 'a("images.idx")')$"
	like "$1: labels too" "$(tensors real.zst)" "^labels U8 \[[0-9]*\] $(crc 'a("labels.idx")')$"
}
mnist=$POTSTILL_DATA/mnist usps=$POTSTILL_DATA/usps fashion=/usr/share/datasets/fashion-mnist
if [ -e "$mnist/train-images-idx3-ubyte.gz" ]; then
	real MNIST "60000, 1, 28, 28" "$mnist/train-images-idx3-ubyte.gz" "$mnist/train-labels-idx1-ubyte.gz"
else
	skip 3 "no mnist in POTSTILL_DATA"
fi
if [ -e "$usps/usps-train-images-idx3-ubyte" ]; then
	real USPS "7291, 1, 16, 16" "$usps/usps-train-images-idx3-ubyte" "$usps/usps-train-labels-idx1-ubyte"
else
	skip 3 "no usps in POTSTILL_DATA"
fi
if [ -e $fashion/t10k-images-idx3-ubyte.gz ]; then
	real Fashion-MNIST "10000, 1, 28, 28" $fashion/t10k-images-idx3-ubyte.gz $fashion/t10k-labels-idx1-ubyte.gz
else
	skip 3 "no package dataset-fashion-mnist"
fi
done_testing
