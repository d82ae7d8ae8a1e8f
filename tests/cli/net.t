#!/bin/sh
# SPDX-License-Identifier: ISC
# Nets as users write them: in files, with definitions and branches, with faults. net.5 has every kind of layer.
. "${0%/*}/../lib.sh"

ok "example data is there" sh "$ROOT/man/examples.sh"

teach() {
	train-teacher -q "$@" train.safetensors.zst
}

cat >fire.net <<'end'
# A squeeze, then two expansions side by side, and a way around.
fire(squeeze, expand) =
	fc:$squeeze, relu,
	(fc:$expand, relu | fc:$expand, relu);

fc:64, relu,
2*+(@fire(16, 32) | ),
drop, fc:10
end
written='fc:64,relu,+(fc:16,relu,(fc:32,relu|fc:32,relu)|),+(fc:16,relu,(fc:32,relu|fc:32,relu)|),drop:0.5,fc:10'

ok "a net in a file is trained" teach --net fire.net --epochs 3 -o file.safetensors
ok "the same net in an option" teach --net "$written" --epochs 3 -o option.safetensors
same "gives the same model" file.safetensors option.safetensors
header=$(tail -c +9 file.safetensors | head -c 4000)
like "which keeps the net without its definitions" "$header" \
	'"potstill.net":"fc:64,relu,[+][(]fc:16,relu,[(]fc:32,relu[|]fc:32,relu[)][|][)],[+]'
for name in 0 2.0.0 2.0.2.0.0 2.0.2.1.0 3.0.0 3.0.2.0.0 3.0.2.1.0 5; do
	like "it has $name.weight" "$header" "\"$name.weight\":"
done
is "and no other" "$(printf '%s' "$header" | grep -o '[0-9]\.weight"' | wc -l)" 8
ok "it is loaded again" evaluate test.safetensors.zst file.safetensors
ok "it teaches" soft-targets -q -o soft.safetensors train.safetensors.zst file.safetensors
ok "a student with branches learns from it" train-student -q --net '+(784-10|784-10)' --epochs 1 --targets soft.safetensors \
	-o student.safetensors train.safetensors.zst
ok "a run with a checkpoint" teach --net fire.net --epochs 2 --checkpoint run.safetensors -o x.safetensors
ok "begins and ends like one in one go" teach --net fire.net --epochs 2 --checkpoint run.safetensors --resume -o y.safetensors
same "with the same bytes" x.safetensors y.safetensors
for threads in 1 3; do
	teach --net fire.net --epochs 3 --threads $threads -o threads.safetensors
	same "the same bytes with $threads threads" file.safetensors threads.safetensors
done

ok "dry run" teach --net fire.net --dry-run
like "tells the layers of branches" "$(cat "$OUT")" "$(printf '^2.0.2.1.0\tfc:32\t32x1x1\t544\t512$')"
like "and the joins" "$(cat "$OUT")" "$(printf '^2.0.2\tconcat\t64x1x1\t0\t0$')"
like "and the sum" "$(cat "$OUT")" "$(printf '^total\t\t\t55146\t54912$')"
# Adam keeps two values for each of the 2.39 million parameters, sgd one: 9.1 MiB.
memory() {
	teach --net 784-3000-10 --optimizer "$1" --dry-run | sed -n 's/^memory.*training \([0-9]*\)[.].* MiB.*/\1/p'
}
adam=$(memory adam) sgd=$(memory sgd)
ok "and the optimiser's memory (adam $adam MiB, sgd $sgd MiB)" test $((adam - sgd)) -ge 8 -a $((adam - sgd)) -le 10

# shown NET PLACE EXPECTED LINE CARET: what a faulty net's message looks like
shown() {
	teach --net "$1" -o x.safetensors 2>message
	is "exit status for $1" $? 1
	is "the message for $1" "$(cat message)" "train-teacher: $2: $3
    $4
    $5"
}
shown '784-,10' 'net, character 5' 'expected a whole number' '784-,10' '    ^'
shown 'fc:10;' 'net, character 6' 'expected , or the end' 'fc:10;' '     ^'
shown '783-10' 'net, character 1' 'layer 0 (fc): takes 783 values where 784 come in' '783-10' '^'
shown 'fc:9,+(fc:9|fc:8),fc:10' 'net, character 6' 'layer 1 (sum): branch 2 gives 8x1x1 where branch 1 gives 9x1x1' \
	'fc:9,+(fc:9|fc:8),fc:10' '     ^'
printf 'fc:9,\n\tfc:%s\n' '$n,fc:10' >fault.net
shown fault.net '"fault.net": net, line 2, character 5' '$ has a meaning in definitions only' ' fc:$n,fc:10' '    ^'
fails "no file of this name" 1 '^train-teacher: "none.net": ' teach --net none.net -o x.safetensors
fails "a folder" 1 '^train-teacher: "a.net": ' sh -c 'mkdir a.net && exec train-teacher -q --net a.net -o x train.safetensors.zst'
head -c 1100000 /dev/zero | tr '\0' ' ' >long.net
printf '784-10' >>long.net
fails "a text beyond all nets" 1 '"long.net": is longer than' teach --net long.net -o x.safetensors

# A kind of layer that the parser knows is described in the manual, and the other way round.
train-teacher --net '?' train.safetensors.zst 2>message
sed -n 's/.*expected a layer (\([^)]*\)).*/\1/p' message | tr -d , | tr ' ' '\n' | sort >known
sed -n '/^\.Ss Layers/,/^\.Ss Branches/s/^\.It Ic \([a-z0-9]*\).*/\1/p' "$ROOT/man/net.5" | sort >described
ok "there are kinds of layers" grep -qx fc known
same "net.5 describes every kind" known described

done_testing
