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
best=$(teach no-such)
like "without any of that name the best are taken" "$best" "^(avx512|avx2|portable)\$"
if [ "$best" = avx512 ]; then
	is "avx512" "$(teach avx512)" avx512
	is "avx2" "$(teach avx2)" avx2
	same "avx512 and avx2: the same bytes" avx512.safetensors.zst avx2.safetensors.zst
	same "and they are what is taken" avx512.safetensors.zst no-such.safetensors.zst
else
	skip 4 "this CPU has no AVX-512"
fi

done_testing
