#!/bin/sh
# SPDX-License-Identifier: ISC
# tensor-info: good files are told, bad ones refused in little memory, from files and pipes.
. "${0%/*}/../lib.sh"

data=$ROOT/tests/data

# Sanitizers reserve terabytes of addresses; everything else must do with 400 MB of them.
limit() {
	(
		# shellcheck disable=SC3045 # dash, ksh and bash have it; where it is missing, so is the limit
		ulimit -v 400000
		"$@"
	)
}
limited=yes
# shellcheck disable=SC2317
limit tensor-info --version >/dev/null 2>&1 || {
	limited=
	limit() { "$@"; }
}
# shellcheck disable=SC2002,SC2317 # a pipe is the point
piped() {
	cat "$1" | limit timeout 120 tensor-info --verify -
}

find "$data" -name '*.safetensors*' | sed 's|.*/||' | LC_ALL=C sort >present
sed -n 's/^| \([^ ]*safetensors[^ ]*\) | .*/\1/p' "$data/README.md" | LC_ALL=C sort >listed
same "the README of tests/data lists what is there" present listed
"$PYTHON" - "$data" >made <<'END'
import importlib.util
import sys

spec = importlib.util.spec_from_file_location("make", sys.argv[1] + "/make.py")
make = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(make)
for part in make.good_plain, make.bad_lengths, make.bad_json, make.bad_types, make.bad_places, make.unsupported_plain:
    part()
for name, (why, data) in make.FILES.items():
    with open(f"{sys.argv[1]}/{name}", "rb") as f:
        print(name, "same" if f.read() == data else "DIFFERS")
END
not_ok "make.py makes the plain files of tests/data" grep DIFFERS made
ok "... all of them" [ "$(grep -c same made)" -gt 100 ]

while read -r file; do
	case $file in
	good-*)
		ok "$file" limit tensor-info --verify "$data/$file"
		ok "$file from a pipe" piped "$data/$file"
		;;
	*)
		fails "$file" 1 "^tensor-info: \"[^\"]*/$file\": ." limit timeout 120 tensor-info --verify "$data/$file"
		fails "$file from a pipe" 1 '^tensor-info: "-": .' piped "$data/$file"
		;;
	esac
done <present

# What it tells
is "text" "$(tensor-info --stats "$data/good-plain.safetensors" | sed "s|^$data/||")" \
	"good-plain.safetensors
  kind  tensor
  size  315 B, packed 315 B, ratio 1
  fingerprint  $(tensor-info --json --verify "$data/good-plain.safetensors" | sed 's/.*"fingerprint": "\([0-9a-f]*\)".*/\1/')
  checked  every byte
  tensors  3
    bias  F32  [3]  12 B  min 0  mean 0.25  max 0.5  NaN 0  infinite 0
    weight  F32  [2, 3]  24 B  min 0.75  mean 1.375  max 2  NaN 0  infinite 0
    label  U8  [5]  5 B  min 0  mean 2  max 4  NaN 0  infinite 0
  metadata
    note  caf$(printf '\303\251')
  lineage
    potstill.version  0.1.0"
tensor-info --json --stats "$data/good-ours.safetensors.zst" "$data/good-escaped-name.safetensors" >json
ok "JSON, one object a line" "$PYTHON" - <<'END'
import json

a, b = map(json.loads, open("json"))
assert a["kind"] == "tensor" and a["verified"] and a["seekable"] and a["frames"] == 2, a
assert a["metadata"]["note"] == "caf\u00e9" and len(a["fingerprint"]) == 32, a
assert a["ratio"] == a["unpacked"] / a["packed"], a
big, small = a["tensors"]
assert (big["name"], big["dtype"], big["shape"], big["bytes"]) == ("big", "U8", [70000], 70000), big
values = [(i >> 5) * (i >> 5) >> 3 & 255 for i in range(70000)]
assert (big["min"], big["max"], big["nan"]) == (min(values), max(values), 0), big
assert abs(big["mean"] - sum(values) / 70000) < 1e-9, big
assert b["kind"] is None and not b["seekable"] and b["frames"] == 0, b
assert b["tensors"][0]["name"] == 'caf\u00e9 "x"\n\U0001F600', b
END
like "a control character does not reach the terminal" "$(tensor-info "$data/good-escaped-name.safetensors")" '"x"[?].*  U8  \[8\]'
tensor-info "$data/good-unknown-field.safetensors" >"$OUT" 2>"$ERR"
like "an unknown field is warned of" "$(cat "$ERR")" '^tensor-info: warning: ".*": tensor "a" has fields'
# shellcheck disable=SC2002
is "one fingerprint whatever the layout" \
	"$(for f in plain order space; do cat "$data/good-$f.safetensors" | tensor-info --json - | grep -o '"fingerprint": "[0-9a-f]*"'; done | sort -u | wc -l)" 1
cp "$data/bad-flip-data.safetensors.zst" flipped
ok "the header alone is not the whole file" tensor-info flipped
tensor-info "$data/bad-empty.safetensors" "$data/good-plain.safetensors" >"$OUT" 2>"$ERR"
is "a bad file among others is exit 1" $? 1
like "... and the others are told" "$(cat "$OUT")" "weight  F32"
fails "nothing to look at" 2 "tensor-info: .*FILE" tensor-info
fails "no such file" 1 '^tensor-info: "nothing": cannot open: No such file or directory$' tensor-info nothing
fails "a folder" 1 '^tensor-info: ".": ' tensor-info .
fails "standard input that is empty" 1 '^tensor-info: "-": is empty$' tensor-info -
fails "standard input twice" 2 'only one input can be standard input' sh -c "tensor-info - - <'$data/good-plain.safetensors'"
fails "output to a full device" 1 'cannot write|No space left' sh -c "tensor-info '$data/good-plain.safetensors' >/dev/full"
fails "JSON to a full device" 1 'cannot write|No space left' sh -c "tensor-info -j '$data/good-plain.safetensors' >/dev/full"
fails "the limit of memory" 1 'over the memory limit' tensor-info --verify --max-memory 1000 "$data/good-ours.safetensors.zst"
zstd -q --long=26 <"$data/good-plain.safetensors" >window # of unknown size: 64 MiB for a few bytes
fails "a window over the limit is no damage either" 1 '^tensor-info: "window": a zstd frame needs a window of more than 512.0 KiB$' \
	tensor-info --verify --max-memory 1000000 window
if [ -n "$limited" ]; then
	ok "a large window" limit tensor-info --verify window
	fails "too little memory for it is no damage" 1 '^tensor-info: "window": zstd: out of memory$' \
		sh -c 'ulimit -v 40000 && exec tensor-info --verify window'
else
	skip 2 "memory cannot be limited here"
fi

done_testing
