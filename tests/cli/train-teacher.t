#!/bin/sh
# SPDX-License-Identifier: ISC
# train-teacher: what it writes, what it refuses, how it is interrupted. Numbers are checked in tests/unit.
. "${0%/*}/../lib.sh"

ok "example data is there" sh "$ROOT/man/examples.sh"

teach() {
	train-teacher -q --net 784-32-10 "$@"
}
# The options in a file's metadata make any two files differ.
weights() {
	tensor2npy --tensor 0.weight "$1"
}

ok "a model is trained" train-teacher --net 784-32-10 --epochs 3 -o model.safetensors train.safetensors.zst
teach --epochs 1 --optimizer adadelta -o adadelta.safetensors train.safetensors.zst
like "an optimiser's own defaults are recorded" "$(tail -c +9 adadelta.safetensors | head -c 2000)" \
	'--optimizer adadelta --rho 0.95 --epsilon 1e-07 --schedule constant --lr 1"'
is "a line an epoch on stderr" "$(grep -c '^epoch [123]/3: loss ' "$ERR")" 3
is "nothing on stdout" "$(wc -c <"$OUT")" 0
ok "-q is quiet" teach --epochs 1 -o quiet.safetensors train.safetensors.zst
is "no line with -q" "$(wc -c <"$ERR")" 0

# The plain file is safetensors: 8 bytes of length, then the header.
header=$(tail -c +9 model.safetensors | head -c 2000)
like "parameters have PyTorch's names" "$header" '"0.weight":.*"shape":\[32,784\]'
like "the last layer too" "$header" '"2.bias":.*"shape":\[10\]'
like "the net is in the metadata" "$header" '"potstill.net":"fc:32,relu,fc:10"'
like "options are recorded" "$header" '"potstill.options":"[^"]*--seed 0 --epochs 3 --batch 128'
like "the data set's fingerprint is recorded" "$header" '"potstill.input.dataset":"[0-9a-f]{32}"'

teach --epochs 3 -o again.safetensors train.safetensors.zst
same "the same run gives the same bytes" model.safetensors again.safetensors
ok "another seed" teach --epochs 3 --seed 1 -o other.safetensors train.safetensors.zst
weights model.safetensors >model.weights
weights other.safetensors >other.weights
differ "gives others" model.weights other.weights
teach --epochs 2 --log - -o logged.safetensors train.safetensors.zst >log.jsonl
is "the log on standard output" "$(grep -c '^{.*}$' log.jsonl)" 2
fails "not beside the model" 2 'model and log cannot both' teach --log - train.safetensors.zst
fails "only one input is standard input" 2 'only one input' teach --init - -
fails "a checkpoint is a file" 2 'checkpoint needs a file' teach --checkpoint - -o m train.safetensors.zst
fails "where it cannot be, before the first epoch" 1 '"no/such": cannot create' \
	teach --epochs 1000000 --checkpoint-every 1000000 --checkpoint no/such -o m train.safetensors.zst
zstd -dqc train.safetensors.zst >train.safetensors
teach --epochs 3 - <train.safetensors >piped.safetensors.zst
ok "the pipe's output is whole" zstd -tq piped.safetensors.zst
zstd -dqc piped.safetensors.zst >piped.safetensors
same "through pipes, and from plain data, the same model" model.safetensors piped.safetensors

ok "dry run" teach --dry-run train.safetensors.zst
like "tells parameters and MACs" "$(cat "$OUT")" "$(printf '^total\t\t\t25450\t25408')"
like "tells memory" "$(cat "$OUT")" '^memory at batch 128.training [0-9.]+ KiB.inference [0-9.]+ KiB$'
ok "the published net" train-teacher --net 784-1200-1200-10 --dry-run train.safetensors.zst
like "has 2,395,210 parameters" "$(cat "$OUT")" "2395210"

ok "validation on a share" train-teacher --net 784-32-10 --epochs 4 --validation .2 --log log.jsonl -o v.safetensors.zst \
	train.safetensors.zst
like "is told" "$(cat "$ERR")" "validation [0-9]+ errors, loss"
is "and logged, an object an epoch" "$(grep -c '^{.*"epoch": *[1-4],.*"validation_errors":.*}$' log.jsonl)" 4
ok "the log is JSON" "$PYTHON" -c '
import json
rows = [json.loads(line) for line in open("log.jsonl")]
assert [r["epoch"] for r in rows] == [1, 2, 3, 4]
assert all(r["loss"] > 0 and r["images_per_second"] > 0 and r["lr"] == 0.001 for r in rows)
assert all(0 <= r["accuracy"] <= 1 and 0 <= r["validation_errors"] <= 100 for r in rows)
assert rows[-1]["loss"] < rows[0]["loss"]'
ok "validation on a data set" train-teacher --net 784-32-10 --epochs 2 --validation test.safetensors.zst -o v2.safetensors.zst \
	train.safetensors.zst
teach --epochs 1 --validation .2 -o share.safetensors train.safetensors.zst
teach --epochs 1 --validation 0.20 -o written.safetensors train.safetensors.zst
same "however the share is written" share.safetensors written.safetensors
# A learning rate of 0 never improves on the first epoch: patience 2 ends the run after epoch 3.
ok "patience" train-teacher --net 784-32-10 --epochs 9 --lr 0 --validation .2 --patience 2 -o p.safetensors.zst train.safetensors.zst
is "ends the run early" "$(grep -c '^epoch' "$ERR")" 3
# What is best: fewest errors or the smallest loss. The run is such that the two differ.
for monitor in errors loss; do
	ok "--monitor $monitor" train-teacher --net fc:2,tanh,fc:10 --epochs 24 --batch 20 --lr .01 --validation .2 --patience 6 \
		--monitor "$monitor" --log "$monitor.jsonl" -o "$monitor.safetensors" train.safetensors.zst
done
ok "says which epochs were the best, and waits for a better one" "$PYTHON" -c '
import json, math
best = {}
for monitor, key in ("errors", ("validation_errors", "validation_loss")), ("loss", ("validation_loss", "validation_errors")):
    rows = [json.loads(line) for line in open(monitor + ".jsonl")]
    least = (math.inf, math.inf)
    for r in rows:
        now = tuple(r[k] for k in key)
        assert r["best"] == (now < least), r
        least = min(least, now)
    best[monitor] = max(r["epoch"] for r in rows if r["best"])
    assert len(rows) == min(24, best[monitor] + 6), (len(rows), best)
assert best["errors"] != best["loss"], best'
fails "a loss of a validation that is not finite" 1 "the validation's loss is no longer finite in epoch 4: " \
	train-teacher -q --net 784-10 --epochs 4 --batch 250 --optimizer sgd --weight-decay 1e6 --lr 1e6 --validation .5 -o inf.zst \
	train.safetensors.zst
fails "nor the parameters of the last step" 1 'the parameters are no longer finite after the last step' \
	train-teacher -q --net 784-10 --epochs 4 --batch 500 --optimizer sgd --weight-decay 1e6 --lr 1e6 -o inf.zst train.safetensors.zst
not_ok "and no such model is written" test -e inf.zst
# The best epoch of a run that diverges afterwards is kept: the same as a run of that one epoch.
keep="--optimizer sgd --lr 0.1 --schedule step --step-epochs 1 --gamma 0 --validation .2"
# shellcheck disable=SC2086 # options are words
teach --epochs 1 $keep --keep last -o one.safetensors train.safetensors.zst
# shellcheck disable=SC2086
teach --epochs 3 $keep --keep best -o best.safetensors train.safetensors.zst
tail -c 101800 one.safetensors >one.bytes
tail -c 101800 best.safetensors >best.bytes
same "--keep best" one.bytes best.bytes

ok "a model to start from" teach --epochs 0 --init model.safetensors -o copy.safetensors train.safetensors.zst
tail -c 101800 model.safetensors >model.bytes
tail -c 101800 copy.safetensors >copy.bytes
same "is taken as it is" model.bytes copy.bytes

# Part of a start: what is taken and what is not is told, the latter even with -q.
ok "a start for another last layer" train-teacher --net 784-32-12 --epochs 0 --init model.safetensors -o part.safetensors train.safetensors.zst
is "each tensor is told of" "$(grep -v '^train-teacher' "$ERR")" "0.weight [32,784]: taken
0.bias [32]: taken
2.weight [12,32]: not taken, it is [10,32] in the file
2.bias [12]: not taken, it is [10] in the file"
like "and how many there are" "$(cat "$ERR")" \
	'^train-teacher: warning: "model.safetensors": 2 of the net.s 4 tensors are taken, the others start at random$'
ok "quietly" teach --net 784-32-12 --epochs 0 --init model.safetensors -o part.safetensors train.safetensors.zst
is "only the warning is told" "$(grep -c . "$ERR")" 1
teach --net 784-32-12 --epochs 0 -o random.safetensors train.safetensors.zst
ok "what matches is the start's, the rest as random as without" "$PYTHON" -c '
import sys
sys.path.insert(0, sys.argv[1] + "/tests/oracle")
import tensors
part, start, random = (tensors.read(f + ".safetensors")[0] for f in ("part", "model", "random"))
for name in "0.weight", "0.bias":
    assert (part[name] == start[name]).all(), name
for name in "2.weight", "2.bias":
    assert (part[name] == random[name]).all() and part[name].shape[0] == 12, name
assert (part["0.weight"] != random["0.weight"]).any()' "$ROOT"
like "how the rest began is recorded" "$(head -c 1500 part.safetensors | tail -c +9)" '--initializer glorot'
not_ok "but not where there is no rest" grep -q -e --initializer copy.safetensors

# A new head on frozen features.
ok "frozen parameters" train-teacher --net 784-32-12 --epochs 3 --lr .01 --init model.safetensors --freeze '0.*' --checkpoint frozen.run \
	-o frozen.safetensors train.safetensors.zst
like "how many are trained is told" "$(cat "$ERR")" '^396 of 25516 parameters are trained$'
ok "stay, the others move" "$PYTHON" -c '
import sys
sys.path.insert(0, sys.argv[1] + "/tests/oracle")
import tensors
part, frozen = (tensors.read(f + ".safetensors")[0] for f in ("part", "frozen"))
assert all((part[n] == frozen[n]).all() for n in ("0.weight", "0.bias"))
assert all((part[n] != frozen[n]).any() for n in ("2.weight", "2.bias"))' "$ROOT"
like "it is recorded" "$(head -c 1500 frozen.safetensors | tail -c +9)" '--freeze 0\.\* '
ok "it resumes" teach --net 784-32-12 --epochs 3 --lr .01 --init model.safetensors --freeze '0.*' --checkpoint frozen.run --resume \
	-o again.safetensors train.safetensors.zst
same "to the same bytes" frozen.safetensors again.safetensors
for freeze in "" "--freeze 0.weight"; do
	# shellcheck disable=SC2086
	teach --net 784-32-12 --epochs 3 --lr .01 --init model.safetensors $freeze --checkpoint frozen.run --resume -o x \
		train.safetensors.zst 2>"$ERR"
	is "not as a run with ${freeze:-nothing} frozen" "$? $(grep -c 'frozen.run": is of another run: potstill.options is --freeze 0..' "$ERR")" "1 1"
done

# 500 items in batches of 125: at the end of each epoch 4 and 8 of the warm-up's 8 steps are done.
rm -f log.jsonl
ok "a warm-up" train-teacher -q --net 784-10 --epochs 3 --batch 125 --lr .1 --warmup 2 --log log.jsonl \
	-o m.safetensors.zst train.safetensors.zst
is "counts from the first step" "$(sed 's/.*"lr": *\([0-9.]*\).*/\1/' log.jsonl | tr '\n' ' ')" "0.05 0.1 0.1 "

# Every optimiser and schedule learns the patterns: the loss falls to a third.
for options in "--optimizer sgd --lr .1 --momentum .9 --nesterov" "--optimizer adamw --weight-decay .01" \
	"--optimizer adam --schedule cosine --warmup 1" "--clip 1 --max-norm 3" "--max-squared-norm 9 --label-smoothing .01" \
	"--initializer he --schedule exp --gamma .95" "--initializer torch --schedule plateau --lr-patience 1" \
	"--schedule step --step-epochs 20" "--optimizer adadelta --lr 1" "--optimizer rmsprop --lr .001 --momentum .5"; do
	rm -f log.jsonl
	# shellcheck disable=SC2086
	ok "trains with $options" teach --epochs 30 --lr .005 --log log.jsonl $options -o m.safetensors.zst train.safetensors.zst
	ok "learns with $options" "$PYTHON" -c '
import json
rows = [json.loads(line) for line in open("log.jsonl")]
assert rows[-1]["loss"] < rows[0]["loss"] / 3, (rows[0]["loss"], rows[-1]["loss"])'
done

# Shifts make the patterns harder: half the loss is enough.
rm -f log.jsonl
ok "trains on shifted pictures" train-teacher -q --net 784-64-10 --epochs 60 --lr .005 --jitter 1 --log log.jsonl \
	-o m.safetensors.zst train.safetensors.zst
ok "learns from shifted pictures" "$PYTHON" -c '
import json
rows = [json.loads(line) for line in open("log.jsonl")]
assert rows[-1]["loss"] < rows[0]["loss"] / 2, (rows[0]["loss"], rows[-1]["loss"])'

fails "no net" 2 "--net is missing" train-teacher train.safetensors.zst
fails "no data" 2 "operand is missing" train-teacher --net 784-10
fails "a net of another input" 1 'takes 783 values where 784 come in' train-teacher --net 783-10 -o x train.safetensors.zst
fails "a net that is none" 1 'character 5: expected a' train-teacher --net 784-,10 -o x train.safetensors.zst
fails "too few outputs" 1 'has 9 outputs where the data set has 10 classes' train-teacher --net 784-9 -o x train.safetensors.zst
fails "a net beyond memory" 1 'memory limit|too many|too large' train-teacher --net 784-2000000000-2000000000-10 -o x train.safetensors.zst
fails "an unknown optimiser" 2 '"lbfgs" is no optimiser' train-teacher --net 784-10 --optimizer lbfgs train.safetensors.zst
fails "rho for adam" 2 '--rho has no meaning for --optimizer adam' train-teacher --net 784-10 --rho .9 train.safetensors.zst
fails "beta1 for sgd" 2 '--beta1 has no meaning for --optimizer sgd' train-teacher --net 784-10 --optimizer sgd --beta1 .8 \
	train.safetensors.zst
fails "beta2 for rmsprop" 2 '--beta2 has no meaning' train-teacher --net 784-10 --optimizer rmsprop --beta2 .9 train.safetensors.zst
for option in 'gamma .5' 'step-epochs 3' 'lr-patience 2' 'lr-min 0'; do
	fails "${option% *} for a constant rate" 2 "--${option% *} has no meaning for --schedule constant" \
		train-teacher --net 784-10 "--${option% *}" "${option#* }" train.safetensors.zst
done
fails "step-epochs for exp" 2 '--step-epochs has no meaning for --schedule exp' train-teacher --net 784-10 --schedule exp \
	--step-epochs 3 train.safetensors.zst
fails "gamma for cosine" 2 '--gamma has no meaning for --schedule cosine' train-teacher --net 784-10 --schedule cosine --gamma .5 \
	train.safetensors.zst
fails "lr-min above lr" 2 '--lr-min 0.1 is above the learning rate, 0.001' train-teacher --net 784-10 --schedule plateau \
	--lr-min .1 train.safetensors.zst
fails "lr-min for step" 2 '--lr-min has no meaning for --schedule step' train-teacher --net 784-10 --schedule step --lr-min .1 \
	train.safetensors.zst
fails "lr-patience for step" 2 '--lr-patience has no meaning' train-teacher --net 784-10 --schedule step --lr-patience 1 \
	train.safetensors.zst
fails "epsilon for sgd" 2 '--epsilon has no meaning for --optimizer sgd' train-teacher --net 784-10 --optimizer sgd --epsilon 1e-7 \
	train.safetensors.zst
fails "momentum for adadelta" 2 '--momentum has no meaning' train-teacher --net 784-10 --optimizer adadelta --momentum .9 \
	train.safetensors.zst
fails "nesterov for rmsprop" 2 '--nesterov has no meaning' train-teacher --net 784-10 --optimizer rmsprop --momentum .9 --nesterov \
	train.safetensors.zst
fails "nesterov alone" 2 'needs --momentum' train-teacher --net 784-10 --optimizer sgd --nesterov train.safetensors.zst
fails "patience alone" 2 'needs --validation' train-teacher --net 784-10 --patience 3 train.safetensors.zst
fails "monitor alone" 2 '--monitor loss needs --validation' train-teacher --net 784-10 --monitor loss train.safetensors.zst
fails "checkpoint-every alone" 2 'needs --checkpoint' train-teacher --net 784-10 --checkpoint-every 3 train.safetensors.zst
fails "resume alone" 2 'needs --checkpoint' train-teacher --net 784-10 --resume train.safetensors.zst
fails "a share above 1" 2 'no share between 0 and 1' train-teacher --net 784-10 --validation 1.5 -o x train.safetensors.zst
for share in 0x.1 inf 1e-999; do
	fails "a share that is no decimal: $share" 2 "^train-teacher: --validation: $share is neither a decimal share nor a file$" \
		train-teacher --net 784-10 --validation $share -o x train.safetensors.zst
done
cp train.safetensors.zst inf
ok "but a file may have such a name" train-teacher -q --net 784-10 --epochs 1 --validation inf -o inf-model train.safetensors.zst
fails "a model for data" 1 '"model.safetensors": ' train-teacher --net 784-10 -o x model.safetensors
fails "a file that is not there" 1 '"none": ' train-teacher --net 784-10 -o x none
fails "a folder that is not there" 1 'cannot create' train-teacher --net 784-10 -o none/x train.safetensors.zst
# When all is trained a signal ends it at once again, though nobody reads the model.
ok "a signal while the model is written" "$PYTHON" -c '
import fcntl, signal, struct, subprocess, termios, time
signal.signal(signal.SIGTERM, signal.SIG_DFL)
tool = subprocess.Popen(["train-teacher", "--net", "784-200-10", "--epochs", "1", "train.safetensors.zst"],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
assert tool.stderr.readline().startswith(b"epoch 1/1")
full = 0
while full < 60000:  # of the 64 KiB that a pipe holds
    time.sleep(.01)
    full = struct.unpack("i", fcntl.ioctl(tool.stdout, termios.FIONREAD, b"    "))[0]
tool.send_signal(signal.SIGTERM)
assert tool.wait(10) == -signal.SIGTERM, tool.returncode'
fails "a full disk" 1 '/dev/full' train-teacher -q --net 784-10 --epochs 1 -o /dev/full train.safetensors.zst
fails "another start's mean" 1 'was trained with --mean 0 --sd 1' train-teacher --net 784-32-10 --mean .1 --init model.safetensors -o x \
	train.safetensors.zst
fails "another start's kind" 1 '"test.safetensors.zst": is a dataset file where a model file is expected' train-teacher --net 784-10 \
	--init test.safetensors.zst -o x train.safetensors.zst
fails "a start of other shapes" 1 '"model.safetensors": holds no tensor of the net.s names and shapes' train-teacher -q --net 784-33-11 \
	--init model.safetensors -o x train.safetensors.zst
fails "freezing nothing" 1 '[-]-freeze: "1.\*" matches no name of a parameter: they are 0.weight' train-teacher --net 784-32-10 \
	--freeze '0.*,1.*' -o x train.safetensors.zst
fails "freezing everything" 1 '[-]-freeze: nothing is left to train' train-teacher --net 784-32-10 --freeze '*' -o x train.safetensors.zst
idx2tensor -o unlabelled.safetensors.zst train-images-idx3-ubyte
fails "data without labels" 1 'labels' train-teacher --net 784-10 -o x unlabelled.safetensors.zst
fails "a learning rate that explodes" 1 'no longer finite in epoch [0-9]+' train-teacher -q --net 784-32-10 --optimizer sgd --lr 1e6 \
	--weight-decay 1e6 -o x train.safetensors.zst
ok "nothing is left of what failed" sh -c '! ls x .x* x.* .*.tmp* 2>/dev/null | grep .'

# Interrupted twice and resumed, a run gives the bytes of one that was not.
run="--net 784-256-10 --epochs 200 --validation .1 --jitter 1 --optimizer adam"
# shellcheck disable=SC2086
train-teacher -q $run -o whole.safetensors train.safetensors.zst
for signal in TERM INT; do
	case $signal in TERM) number=143 ;; INT) number=130 ;; esac
	# shellcheck disable=SC2086
	"$PYTHON" "$ROOT/tests/interrupt.py" $signal 'epoch [0-9]*/200' \
		train-teacher $run --checkpoint run.safetensors --resume -o parts.safetensors train.safetensors.zst 2>talk.txt
	is "SIG$signal ends a run" $? "$number"
	ok "and leaves a checkpoint" test -s run.safetensors
	like "and says so" "$(cat talk.txt)" 'interrupted; the checkpoint is in "run.safetensors"'
	not_ok "and no model" test -e parts.safetensors
done
# shellcheck disable=SC2086
ok "it goes on" train-teacher -q $run --checkpoint run.safetensors --resume -o parts.safetensors train.safetensors.zst
same "resumed, the same bytes" whole.safetensors parts.safetensors
# shellcheck disable=SC2086
fails "a checkpoint of other options" 1 'is of another run: potstill.options is' train-teacher $run --seed 5 --checkpoint run.safetensors \
	--resume -o x train.safetensors.zst

done_testing
