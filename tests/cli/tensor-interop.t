#!/bin/sh
# SPDX-License-Identifier: ISC
# Tensor files against readers and writers that are not ours: zstd(1), NumPy, the page's own reader.
. "${0%/*}/../lib.sh"
command -v zstd >/dev/null || skip_all "no zstd"

# shellcheck disable=SC2317
interop() {
	"$PYTHON" -B "$ROOT/tests/tensor_interop.py" "$@"
}
fingerprint() {
	tensor-info --json "$@" | sed 's/.*"fingerprint": "\([0-9a-f]*\)".*/\1/'
}

sed -n '/^cat > tensor.py/,/^END/p' "$ROOT/man/tensor.5" | sed '1d;$d' >tensor.py
ok "the page has a reader" grep -q "def load" tensor.py
ok "NumPy and zstd write files" interop make

# What we write
ok "a data set of more than two frames" idx2tensor -q -o ours.safetensors.zst images labels
ok "zstd -t" zstd -qt ours.safetensors.zst
ok "the page's reader" interop read ours.safetensors.zst
ok "frames and seek table" interop frames ours.safetensors.zst
is "header, three frames of images, labels behind them" "$(cat "$OUT")" 4
ok "the same plain" idx2tensor -q -o ours.safetensors images labels
ok "the page's reader, plain" interop read ours.safetensors
ok "the reference's layout" interop header ours.safetensors
zstd -qdc ours.safetensors.zst >unpacked
same "zstd -d gives the plain file" unpacked ours.safetensors
idx2tensor -q images labels | cat >piped
same "through a pipe the same bytes" piped ours.safetensors.zst
idx2tensor -q --level 19 -o level19.zst images labels
ok "zstd -t, level 19" zstd -qt level19.zst
ok "frames and seek table, level 19" interop frames level19.zst
ok "level 19 packs better" [ "$(wc -c <level19.zst)" -lt "$(wc -c <ours.safetensors.zst)" ]

# What others write: every way to read gives the same tensors
wanted=$(fingerprint --verify ours.safetensors.zst)
for file in plain.safetensors swapped.safetensors one.zst stream.zst best.zst long.zst unchecked.zst threads.zst \
	many.zst notes.zst; do
	is "$file" "$(fingerprint --verify $file)" "$wanted"
	is "$file from a pipe" "$(cat $file | fingerprint -)" "$wanted"
	ok "$file is loaded" tensor2npy -q -t labels -o labels.npy $file
	ok "$file gives rows" tensor2npy -q -t images -r 2500:2510 -o rows.npy $file
	ok "... the right ones" "$PYTHON" -c '
import numpy
source = numpy.load("source.npz")
assert numpy.array_equal(numpy.load("labels.npy"), source["labels"])
assert numpy.array_equal(numpy.load("rows.npy"), source["images"][2500:2510])'
done
if "$PYTHON" -c 'import safetensors.numpy' 2>/dev/null; then
	ok "the reference implementation reads a file of ours" "$PYTHON" -c '
import numpy, safetensors.numpy
for name, a in safetensors.numpy.load_file("ours.safetensors").items():
    assert numpy.array_equal(a, numpy.load("source.npz")[name])'
else
	skip 1 "no Python module safetensors"
fi

done_testing
