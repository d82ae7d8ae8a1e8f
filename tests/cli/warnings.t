#!/bin/sh
# SPDX-License-Identifier: ISC
# Every tool that reads tensor files says which it did not understand whole.
. "${0%/*}/../lib.sh"
PYTHONPATH=$ROOT/tests/oracle PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

ok "example data is there" sh "$ROOT/man/examples.sh"

# Plain copies, whose tensors have a field of another program.
ok "files with unknown fields are made" "$PYTHON" - <<'PY'
import json
import subprocess

for name in "train", "test", "teacher", "soft":
    data = subprocess.run(["zstd", "-dqc", name + ".safetensors.zst"], capture_output=True, check=True).stdout
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    for tensor in header:
        if tensor != "__metadata__":
            header[tensor]["stride"] = 1
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"odd-{name}.safetensors", "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + data[8 + size :])
PY

# warns FILES TOOL...: the tool does its work, and warns of each of the files once
warns() {
	files=$1
	shift
	ok "$1 reads $files" "$@"
	for file in $files; do
		is "$1 warns of $file, once" \
			"$(grep -c "^$1: warning: \"odd-$file.safetensors\": tensor \".*\" has fields that are not known and ignored\$" "$ERR")" 1
	done
}

warns "train test teacher" train-teacher -q --net 784-32-10 --epochs 1 --validation odd-test.safetensors \
	--init odd-teacher.safetensors -o m.safetensors odd-train.safetensors
warns "train soft" train-student -q --net 784-16-10 --epochs 1 --targets odd-soft.safetensors -o m.safetensors odd-train.safetensors
warns "train teacher" soft-targets -q -o s.safetensors odd-train.safetensors odd-teacher.safetensors
warns "train soft teacher" evaluate -q --targets odd-soft.safetensors odd-train.safetensors odd-teacher.safetensors
warns "train" npy2tensor -q --as soft-targets --values logits -d odd-train.safetensors -o s.safetensors teacher_logits.npy
warns "soft" tensor2npy -o soft.npy odd-soft.safetensors
warns "train" tensor2png -o sheet.png odd-train.safetensors
warns "teacher" tensor-info odd-teacher.safetensors
warns "teacher" tensor-info --json --verify odd-teacher.safetensors
ok "what is understood whole gets no warning" evaluate -q train.safetensors.zst teacher.safetensors.zst
is "and so nothing on stderr" "$(cat "$ERR")" ""

done_testing
