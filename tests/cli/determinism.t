#!/bin/sh
# SPDX-License-Identifier: ISC
# The same inputs, options and seed give the same bytes: with any number of threads, from pipes,
# in one process, and however often a run is interrupted and resumed.
. "${0%/*}/../lib.sh"

ok "example data is there" sh "$ROOT/man/examples.sh"
zstd -dqf train.safetensors.zst -o train.safetensors

# Dropout, shifts, a split, and matrices that are cut into several panels.
teach() {
	train-teacher -q --net "drop:.1,fc:256,relu,drop,fc:192,tanh,fc:10" --epochs 3 --batch 100 --jitter 2 --flip --validation .2 \
		--clip 1 --max-norm 3 --label-smoothing .1 --schedule cosine --warmup 1 "$@" train.safetensors
}
distil() {
	train-student -q --net 784-256-10 --epochs 3 --batch 60 --optimizer sgd --lr .05 --momentum .9 --nesterov \
		--weight-decay .001 --schedule plateau --lr-patience 0 --targets soft.1 --temperature 3 --alpha .3 "$@" train.safetensors
}

for threads in 1 2 4 3; do
	ok "a teacher by $threads threads" teach --threads $threads --log log.$threads -o teacher.$threads.safetensors.zst
	ok "soft targets by $threads threads" soft-targets -q --views 3 --jitter 2 --flip --threads $threads -o soft.$threads \
		train.safetensors teacher.1.safetensors.zst
	ok "a student by $threads threads" distil --threads $threads -o student.$threads.safetensors.zst
	ok "figures (without the speed) by $threads threads" sh -c "evaluate -q --per-class --confusion --threads $threads \
		test.safetensors.zst teacher.1.safetensors.zst student.1.safetensors.zst | cut -f 1-11 >figures.$threads"
	[ $threads -eq 1 ] && continue
	same "teacher: $threads threads, the same bytes" teacher.1.safetensors.zst teacher.$threads.safetensors.zst
	same "soft targets: $threads threads, the same bytes" soft.1 soft.$threads
	same "student: $threads threads, the same bytes" student.1.safetensors.zst student.$threads.safetensors.zst
	same "figures: $threads threads, the same text" figures.1 figures.$threads
done
ok "a teacher by another seed" teach --seed 1 -o other.safetensors.zst
for model in teacher.1 other; do # not of the seed in the metadata
	tensor2npy --tensor 1.weight $model.safetensors.zst >$model.weights
done
differ "is another teacher" teacher.1.weights other.weights
# What the log says of an epoch is part of the promise, but for the time that it took.
timeless() {
	sed 's/"seconds".*//' "$1"
}
for threads in 1 4; do
	timeless log.$threads >log.$threads.timeless
done
same "the log says the same" log.1.timeless log.4.timeless
is "of three epochs" "$(grep -c '"validation_errors"' log.1.timeless)" 3

# --- interrupted ---

# The state of a checkpoint: epochs done, items done of the epoch under way, epochs since the best
# one, and whether plateau has cut the learning rate.
position() {
	zstd -dqf "$1" -o position.safetensors
	"$PYTHON" -c '
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import tensors
state = tensors.read("position.safetensors")[0]["train.state"]
print(int(state[0]), int(state[1]), int(state[11]), int(state[12] < 1))' "$ROOT/tests/oracle"
}

net=fc:200,relu,drop:.5,fc:5,drop:.1,fc:10
# From a start that knows a little, so that some epochs are better than all before and some are not.
long() {
	train-student --net "$net" --init start.safetensors --epochs 30 --batch 7 --targets soft.f16 --validation .3 --lr .003 \
		--schedule plateau --lr-patience 1 --gamma .9 --patience 15 "$@" train.safetensors
}
# A shell ignores SIGINT for what it starts in the background; this gives it its meaning back.
mortal() {
	exec "$PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}
lines() {
	if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi
}
# interrupt SIGNAL N PATH OPTIONS...: starts the long run, and signals it after N lines of epochs
interrupt() {
	signal=$1 epochs=$2
	shift 2
	(mortal train-student --net "$net" --init start.safetensors --epochs 30 --batch 7 --targets soft.f16 --validation .3 \
		--lr .003 --schedule plateau --lr-patience 1 --gamma .9 --patience 15 "$@" train.safetensors) >"$OUT" 2>"$ERR" &
	pid=$!
	while [ "$(grep -c "^epoch" "$ERR")" -lt "$epochs" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
	kill "-$signal" $pid 2>/dev/null
	wait $pid 2>/dev/null
	status=$?
}
soft-targets -q -o soft.f16 train.safetensors teacher.1.safetensors.zst
train-student -q --net "$net" --epochs 5 --batch 20 --targets soft.f16 -o start.safetensors train.safetensors
ok "a long run in one process" long -q --log whole.log -o whole.safetensors.zst

# Each part ends by a signal after two more epochs, and another number of threads goes on.
part=0 middles=0 waits=0 cuts=0
for name in TERM INT TERM HUP TERM INT; do
	part=$((part + 1))
	before=$(lines parts.log)
	interrupt $name 2 --log parts.log --checkpoint state.safetensors.zst --checkpoint-every 50 --resume --threads $part \
		-o parts.safetensors.zst
	is "SIG$name ends part $part by that signal" "$(kill -l $status 2>/dev/null)" $name
	like "and is told to leave a checkpoint" "$(cat "$ERR")" "interrupted; the checkpoint is in"
	at=$(position state.safetensors.zst)
	# shellcheck disable=SC2086
	set -- $at
	[ "$2" -gt 0 ] && middles=$((middles + 1))
	[ "$3" -gt 0 ] && waits=$((waits + 1))
	cuts=$((cuts + $4))
	is "whole epochs are in the log" "$(lines parts.log)" "$1"
	ok "part $part went on" [ "$before" -lt "$1" ]
	not_ok "and there is no model yet" test -e parts.safetensors.zst
done
ok "some stood in the middle of an epoch" [ $middles -gt 0 ]
ok "some some epochs behind the best" [ $waits -gt 0 ]
ok "some with a lower learning rate" [ $cuts -gt 0 ]
ok "the last part ends" long -q --log parts.log --checkpoint state.safetensors.zst --resume -o parts.safetensors.zst
same "the parts make the same bytes" whole.safetensors.zst parts.safetensors.zst
timeless whole.log >whole.timeless
timeless parts.log >parts.timeless
same "and the same log" whole.timeless parts.timeless
ok "resumed once more, a finished run" long -q --checkpoint state.safetensors.zst --resume -o again.safetensors.zst
same "gives its model again" whole.safetensors.zst again.safetensors.zst

# Killed without warning: the checkpoint of the last whole epochs is there, and complete.
rm -f state.safetensors.zst
interrupt KILL 5 --log killed.log --checkpoint state.safetensors.zst --checkpoint-every 2 -o killed.safetensors.zst
ok "after SIGKILL the checkpoint is whole" zstd -tq state.safetensors.zst
not_ok "there is no model" test -e killed.safetensors.zst
ok "the log is ahead of it by an epoch, or as far" [ "$(lines killed.log)" -ge 4 ]
echo '{"epoch": 99}' >>killed.log # as a run would leave it that came further
ok "the run goes on" long -q --log killed.log --checkpoint state.safetensors.zst --resume -o killed.safetensors.zst
same "to the same bytes" whole.safetensors.zst killed.safetensors.zst
timeless killed.log >killed.timeless
same "and the same log, no epoch twice" whole.timeless killed.timeless

# A log that lost its end, as where the power fails: the torn line goes, and the gap is told.
head -c -60 whole.log >torn.log
ok "a torn log" long -q --log torn.log --checkpoint state.safetensors.zst --resume -o again.safetensors.zst
epochs=$(lines whole.log)
like "is told of" "$(cat "$ERR")" "warning: \"torn.log\": has lines of $((epochs - 1)) of the $epochs epochs before"
is "its last whole line is the last" "$(cat torn.log)" "$(head -n $((epochs - 1)) whole.log)"
# It goes on with a gap: a second run that was killed there is cut off by epochs, not by lines.
{
	head -n 2 whole.log
	sed -n "4,$epochs p" whole.log
	echo '{"epoch": 99}'
} >gap.log
ok "a log with a gap" long -q --log gap.log --checkpoint state.safetensors.zst --resume -o again.safetensors.zst
like "is told of again" "$(cat "$ERR")" "warning: \"gap.log\": has lines of $((epochs - 1)) of the $epochs epochs before"
is "and keeps what the checkpoint knows" "$(cat gap.log)" "$(sed 3d whole.log)"
ok "a log that begins later" long -q --log new.log --checkpoint state.safetensors.zst --resume -o again.safetensors.zst
like "is told of, too" "$(cat "$ERR")" "warning: \"new.log\": has lines of 0 of the $epochs epochs before"

# A checkpoint of another run is none of this one's.
head -c 3000 state.safetensors.zst >cut.safetensors.zst
fails "a cut checkpoint" 1 '"cut.safetensors.zst": ' long -q --checkpoint cut.safetensors.zst --resume -o x.safetensors.zst
fails "another batch size" 1 "is of another run: potstill.options" long -q --batch 8 --checkpoint state.safetensors.zst --resume \
	-o x.safetensors.zst
fails "other targets" 1 "is of another run: potstill.input.soft-targets" long -q --targets soft.1 \
	--checkpoint state.safetensors.zst --resume -o x.safetensors.zst
done_testing
