#!/bin/sh
# SPDX-License-Identifier: ISC
# POTSTILL_KERNELS chooses the kernels of matrix products; those that fuse give the same bytes.
. "${0%/*}/../lib.sh"

ok "example data is there" sh "$ROOT/man/examples.sh"

# teach KERNELS: prints the name of those in use.
teach() {
	POTSTILL_KERNELS=$1 train-teacher --verbose --net 784-50-10 --epochs 1 -o "$1.safetensors.zst" \
		train.safetensors.zst 2>&1 >/dev/null | sed -n 's/.*kernels of the products: //p'
}

is "portable kernels run anywhere" "$(teach portable)" portable
best=$(train-teacher --verbose --net 784-50-10 --epochs 1 -o best.safetensors.zst train.safetensors.zst 2>&1 >/dev/null |
	sed -n 's/.*kernels of the products: //p')
like "without a name the best are taken" "$best" "^(avx512|avx2|portable)\$"
for tool in "train-teacher --net 784-50-10 -o x.zst train.safetensors.zst" \
	"soft-targets -o x.zst train.safetensors.zst best.safetensors.zst" \
	"evaluate test.safetensors.zst best.safetensors.zst"; do
	# shellcheck disable=SC2086 # words
	fails "${tool%% *}: a name that is not there" 1 "POTSTILL_KERNELS=no-such: this CPU's are .*portable" \
		env POTSTILL_KERNELS=no-such $tool
done
soft-targets -q -o soft.zst train.safetensors.zst best.safetensors.zst >soft.txt
arithmetic() {
	tensor-info --json "$1" | sed -n 's/.*"potstill.arithmetic": *"\([a-z]*\)".*/\1/p'
}
case $best in
portable) ;;
*) is "fused products are recorded" "$(arithmetic best.safetensors.zst)" fused ;;
esac
is "in soft targets, too" "$(arithmetic soft.zst)" "$(arithmetic best.safetensors.zst)"
[ "$(uname -m)" != x86_64 ] || is "so are rounded ones" "$(arithmetic portable.safetensors.zst)" rounded
if [ "$best" = avx512 ]; then
	is "avx512" "$(teach avx512)" avx512
	is "avx2" "$(teach avx2)" avx2
	same "avx512 and avx2: the same bytes" avx512.safetensors.zst avx2.safetensors.zst
	same "and they are what is taken" avx512.safetensors.zst best.safetensors.zst
else
	skip 4 "this CPU has no AVX-512"
fi

done_testing
