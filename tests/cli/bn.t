#!/bin/sh
# SPDX-License-Identifier: ISC
# Nets with batch normalisation through every tool that runs nets, on colour pictures that are not square: running
# statistics go with the model, and nothing depends on threads or on interruptions.
. "${0%/*}/../lib.sh"
PYTHONPATH=$ROOT/tests/oracle PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

# Three classes that only channel, row or column tell apart.
"$PYTHON" -c '
import numpy as np
rng = np.random.default_rng(9)
y = np.arange(240) % 3
x = rng.integers(0, 90, (240, 3, 9, 7), np.uint8)
for k in range(240):
    part = x[k, k % 2 + 1] if y[k] == 0 else x[k, :, 1] if y[k] == 1 else x[k, :, :, 5]
    part += np.uint8(120)
np.save("x", x), np.save("y", y.astype("u1"))'
ok "a data set" npy2tensor --as images -o data.safetensors x.npy y.npy

cat >residual.net <<'end'
around = +(conv3x3:8/p1/nobias, bn, relu, conv3x3:8/p1/nobias, bn | ), relu;
conv3x3:8/p1/nobias, bn, relu, @around,
maxpool2x2, (conv1x1:6/nobias, bn | dw3x3/p1/nobias, bn/m=.2), relu,
drop:.1, gap, bn/e=1e-4, fc:3
end
# 192 items in batches of 50: the last has 42.
teach() {
	train-teacher -q --net residual.net --optimizer sgd --lr .05 --momentum .9 --weight-decay 1e-4 --epochs 12 --batch 50 \
		--jitter 1 --validation .2 "$@" data.safetensors
}
for threads in 1 2 3 4 7; do
	ok "a teacher by $threads threads" teach --threads $threads -o teacher.$threads.safetensors
	[ $threads = 1 ] || same "the same bytes" teacher.1.safetensors teacher.$threads.safetensors
done
tensor-info teacher.1.safetensors >info
like "a running mean is stored" "$(cat info)" '^ *1[.]running_mean  F32  \[8\]'
like "and a variance in a branch" "$(cat info)" '^ *3[.]0[.]4[.]running_var  F32  \[8\]'
is "num_batches_tracked: 12 epochs of 4 batches" "$("$PYTHON" -c 'import tensors
print(tensors.read("teacher.1.safetensors")[0]["10.num_batches_tracked"])')" 48

teach --checkpoint run.safetensors --checkpoint-every 1 --threads 2 -o x.safetensors
mv run.safetensors whole.run
"$PYTHON" "$ROOT/tests/interrupt.py" TERM '^epoch 2/12' train-teacher --net residual.net --optimizer sgd --lr .05 --momentum .9 \
	--weight-decay 1e-4 --epochs 12 --batch 50 --jitter 1 --validation .2 --checkpoint run.safetensors --threads 3 \
	-o y.safetensors data.safetensors 2>message
is "a run is interrupted" $? 143
like "and leaves a checkpoint" "$(cat message)" 'interrupted; the checkpoint is in "run.safetensors"'
ok "which another number of threads resumes" teach --checkpoint run.safetensors --checkpoint-every 1 --resume -o y.safetensors
same "to the same model" x.safetensors y.safetensors
same "and the same checkpoint" whole.run run.safetensors
tensor-info run.safetensors | grep -o '^ *optim[.][^ ]*' >states
is "an optimiser has a state of each parameter" "$(wc -l <states)" 19
is "and none of statistics" "$(grep -c 'running\|tracked' states)" 0

# The best epoch's statistics are those that the run had there.
teach --keep best --lr .3 --log log --seed 3 -o best.safetensors
epoch=$("$PYTHON" -c 'import json
print([e["epoch"] for e in map(json.loads, open("log")) if e["best"]][-1])')
ok "the best of twelve epochs is one before the last (epoch $epoch)" [ "$epoch" -lt 12 ]
ok "a run up to it" teach --keep last --epochs "$epoch" --lr .3 --seed 3 -o upto.safetensors
ok "has the same parameters and statistics" "$PYTHON" -c 'import tensors
a, b = (tensors.read(f)[0] for f in ("best.safetensors", "upto.safetensors"))
assert set(a) == set(b) and "1.running_var" in a
assert all((a[n] == b[n]).all() for n in a)'

ok "a checkpoint teaches as a model does" soft-targets -q --views 2 --jitter 1 -o soft.safetensors data.safetensors run.safetensors
ok "a student with bn learns" train-student -q --net 'conv3x3:6/s2/same/nobias,bn,lrelu,flatten,fc:12,bn,tanh,fc:3' --epochs 20 \
	--batch 40 --lr .01 --targets soft.safetensors -o student.safetensors data.safetensors
ok "both are evaluated" evaluate --json --targets soft.safetensors data.safetensors teacher.1.safetensors student.safetensors
cp "$OUT" figures
ok "and know better than to guess" "$PYTHON" -c 'import json
models = json.load(open("figures"))["models"]
assert [m["parameters"] for m in models] == [1637, 1689], models
assert all(m["errors"] < 40 for m in models), models'

# The running statistics, seen by NumPy alone.
ok "a net that NumPy can follow" train-teacher -q --net 'conv1x1:5/nobias,bn/e=.01,relu,gap,bn,fc:3' --epochs 3 --lr .01 --batch 50 \
	-o plain.safetensors data.safetensors
soft-targets -q --values logits --dtype f32 -o logits.safetensors data.safetensors plain.safetensors
tensor2npy -o logits.npy logits.safetensors
ok "has the logits that its statistics say" "$PYTHON" -c 'import numpy as np, tensors
p = {n: t.astype("f8") for n, t in tensors.read("plain.safetensors")[0].items()}
def bn(i, x, e):
    shape = (-1,) + (1,) * (x.ndim - 2)
    scale = p[i + ".weight"] / np.sqrt(p[i + ".running_var"] + e)
    return (x - p[i + ".running_mean"].reshape(shape)) * scale.reshape(shape) + p[i + ".bias"].reshape(shape)
x = np.einsum("oc,nchw->nohw", p["0.weight"][:, :, 0, 0], np.load("x.npy") / 255)
x = bn("4", np.maximum(bn("1", x, 0.01), 0).mean((2, 3)), 1e-5)
got, want = np.load("logits.npy"), x @ p["5.weight"].T + p["5.bias"]
assert abs(p["4.running_mean"]).max() > 0.01
assert abs(want).max() > 0.1 and abs(got - want).max() < 1e-5, abs(got - want).max()'

ok "all is taken from another model" train-teacher --net residual.net --init teacher.1.safetensors --epochs 1 --freeze '[0-8].*' \
	-o tuned.safetensors data.safetensors
like "statistics and all" "$(cat "$ERR")" '^all 37 tensors are taken'
ok "frozen statistics stay, the others move" "$PYTHON" -c 'import tensors
a, b = (tensors.read(f)[0] for f in ("teacher.1.safetensors", "tuned.safetensors"))
frozen = [n for n in a if not n.startswith("10.") and not n.startswith("11.")]
assert len(frozen) == 30 and all((a[n] == b[n]).all() for n in frozen)
assert (a["10.running_mean"] != b["10.running_mean"]).any() and b["10.num_batches_tracked"] == 50'

ok "batches of a single item" train-teacher -q --net 'fc:4,bn,relu,fc:3' --batch 239 --epochs 2 -o x.safetensors data.safetensors
is "count for the statistics where they have a variance" "$("$PYTHON" -c 'import numpy, tensors
t = tensors.read("x.safetensors")[0]
print(t["1.num_batches_tracked"], numpy.isfinite(t["1.running_var"]).all())')" "2 True"
# A normalisation of the data themselves, which takes its statistics from this batch alone.
ok "a net that begins with bn" train-teacher -q --net 'bn/m=1,flatten,fc:3' --batch 240 --epochs 1 -o first.safetensors data.safetensors
ok "has the data's statistics" "$PYTHON" -c 'import numpy as np, tensors
t, x = tensors.read("first.safetensors")[0], np.load("x.npy") / 255
assert abs(t["0.running_mean"] - x.mean((0, 2, 3))).max() < 1e-6
assert abs(t["0.running_var"] - x.transpose(1, 0, 2, 3).reshape(3, -1).var(1, ddof=1)).max() < 1e-6'
ok "dry run" train-teacher --net residual.net --dry-run data.safetensors
like "counts statistics by themselves" "$(cat "$OUT")" "$(printf '^running statistics\t\t\t%d\t$' 104)"
fails "an option out of range" 1 'bn/m=2: expected a number from 0 to 1' train-teacher --net 'bn/m=2,fc:3' -o x data.safetensors
done_testing
