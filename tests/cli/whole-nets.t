#!/bin/sh
# SPDX-License-Identifier: ISC
# LeNet and nets of nets/ load into their nn.Modules, as users write these, by load_state_dict, and give the same logits
# in inference and the same gradients and running statistics in training.
. "${0%/*}/../lib.sh"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
"$PYTHON" -c 'import torch' 2>/dev/null || skip_all "python3-torch is not installed"

nets="lenet squeezenet1.1 mobilenet-0.25 resnet20"
peer() {
	# shellcheck disable=SC2086
	"$PYTHON" "$ROOT/tests/oracle/whole_nets.py" "$1" $nets
}
for net in $nets; do
	mkdir "$net"
	[ "$net" = lenet ] || cp "$ROOT/nets/$net.net" "$net/text.net"
done
echo 'conv5x5:6/p2, tanh, avgpool2x2, conv5x5:16, tanh, avgpool2x2, flatten, fc:120, tanh, fc:84, tanh, fc:10' >lenet/text.net
ok "PyTorch makes starts" peer start
for net in $nets; do
	cd "$net" || exit 1
	npy2tensor --as images -o pictures.safetensors x.npy
	npy2tensor --as images -o data.safetensors x.npy y.npy
	ok "$net: the start is a model, and gives logits" soft-targets -q --values logits --dtype f32 -o logits.safetensors \
		pictures.safetensors start.safetensors
	tensor2npy -o logits.npy logits.safetensors
	sed 's/drop[:.0-9]*/drop:0/' text.net >certain.net
	ok "$net: one step takes its gradient off it" train-teacher -q --net certain.net --init start.safetensors --mean .5 --sd .25 \
		--optimizer sgd --lr 65536 --epochs 1 --batch 8 -o after.safetensors data.safetensors
	cd ..
done
ok "PyTorch has the same logits, gradients and statistics" peer check
sed 's/^/# /' "$OUT"
is "of all nets" "$(wc -l <"$OUT")" 4
done_testing
