#!/bin/sh
# SPDX-License-Identifier: ISC
# A model file loads into torch.nn.Sequential with load_state_dict and gives the same logits.
. "${0%/*}/../lib.sh"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
"$PYTHON" -c 'import torch' 2>/dev/null || skip_all "python3-torch is not installed"
sh "$ROOT/man/examples.sh" || exit 1
zstd -dqf train.safetensors.zst -o train.safetensors

# loads WHAT NET OPTIONS...: trains, and compares what both say of the training data
loads() {
	what=$1 net=$2
	shift 2
	ok "$what: a model is trained" train-teacher -q --net "$net" --epochs 5 "$@" -o m.safetensors.zst train.safetensors
	ok "$what: its logits are written" soft-targets -q --values logits --dtype f32 -o logits.safetensors \
		train.safetensors m.safetensors.zst
	ok "$what: as .npy" tensor2npy -o logits.npy logits.safetensors
	zstd -dqf m.safetensors.zst -o m.safetensors
	ok "$what: PyTorch gives the same" "$PYTHON" "$ROOT/tests/oracle/load_model.py" m.safetensors train.safetensors logits.npy
}

loads "the seeds' kind of net" 784-120-100-10
loads "dropout and a mean" "drop:.2,fc:64,relu,drop,fc:32,tanh,drop:.1,fc:10" --mean .1307 --sd .3081
loads "branches" "f(n)=fc:\$n,relu,(fc:\$n|fc:\$n,tanh|);@f(24),2*+(fc:72,relu,fc:72|+(|drop,tanh)),fc:10"
loads "a convolutional net" "conv3x3:8/s2/same,relu,(conv1x1:8|dw3x3/same,relu6),maxpool2x2,conv3x3:12/p1,lrelu,avgpool3x3,flatten,fc:10" --lr .02
loads "batch normalisation" "fc:32,bn,relu,+(fc:32,bn/e=1e-3|),fc:10" --batch 70
loads "another optimiser" "fc:10" --optimizer sgd --lr .1 --momentum .9

# The lines of npy2tensor(1), and a teacher for them.
sed -n '/^\.Ss A teacher in PyTorch/,/^\.Ed/p' "$ROOT/man/npy2tensor.1" | sed '1,/^\.Bd/d; /^\.Ed/d' >script
echo 'from torch import nn; net = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(784, 10))' >teacher.py
mkdir bin
ln -s "$(command -v "$PYTHON")" bin/python3
rm teacher_logits.npy
ok "a teacher in PyTorch: npy2tensor(1)'s lines run" env PATH="$SCRATCH/bin:$PATH" sh -e script
ok "what they make is an array of soft targets" npy2tensor --as soft-targets --data train.safetensors \
	--values logits -o soft.safetensors teacher_logits.npy
done_testing
