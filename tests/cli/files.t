#!/bin/sh
# SPDX-License-Identifier: ISC
# One file in two roles: refused before anything is lost, but for a result that replaces an input.
. "${0%/*}/../lib.sh"

ok "example data is there" sh "$ROOT/man/examples.sh"
cp train.safetensors.zst data.zst
cp teacher.safetensors.zst model.zst
ln -s data.zst link.zst
mkfifo pipe
teach() {
	train-teacher -q --net 784-10 --epochs 1 "$@"
}
fails "the log over the data set" 2 'the data set and --log are the same file, "data.zst"' teach -o m.zst --log data.zst data.zst
fails "by another name" 2 'the data set and --log are the same file, "\./link\.zst"' teach -o m.zst --log ./link.zst data.zst
fails "a checkpoint over the data set" 2 'the data set and --checkpoint are' teach -o m.zst --checkpoint data.zst data.zst
fails "over a start" 2 '--init and --checkpoint are the same file' teach -o m.zst --init model.zst --checkpoint model.zst data.zst
fails "over a validation" 2 '--validation and --log are' teach -o m.zst --validation data.zst --log data.zst train.safetensors.zst
fails "the model over the checkpoint" 2 '--output and --checkpoint are the same file, "m.zst"' \
	teach -o m.zst --checkpoint m.zst data.zst
fails "the log over the model" 2 '--output and --log are' teach -o m.zst --log m.zst data.zst
fails "the log over the checkpoint" 2 '--checkpoint and --log are' teach -o m.zst --checkpoint c.zst --log c.zst data.zst
fails "two outputs into one pipe" 2 '--output and --log are' teach -o pipe --log pipe data.zst
ln -s later.zst dangling.zst
fails "two names of a file that is still to be made" 2 '--output and --log are' teach -o m.zst --log ./m.zst data.zst
fails "by a link" 2 '--output and --checkpoint are' teach -o later.zst --checkpoint dangling.zst data.zst
fails "a report so" 2 '--output and --report are' soft-targets -o s.zst --report "$PWD/s.zst" data.zst model.zst
echo "--epochs 1" >options
fails "the log over a file of options" 2 'the file of options and --log are the same file, "./options"' \
	teach @options -o m.zst --log ./options data.zst
is "which stays" "$(cat options)" "--epochs 1"
fails "standard output by its name" 2 '--output and --log are' sh -c \
	'train-teacher -q --net 784-10 --epochs 1 --log /dev/stdout data.zst >both'
fails "the log over a student's targets" 2 '--targets and --log are' train-student -q --net 784-10 --targets soft.safetensors.zst \
	--log soft.safetensors.zst -o s.zst data.zst
fails "a report over a teacher" 2 'a teacher and --report are the same file, "model.zst"' \
	soft-targets -o s.zst --report model.zst data.zst model.zst
fails "over the data set" 2 'the data set and --report are' soft-targets -o s.zst --report data.zst data.zst model.zst
fails "over the targets" 2 '--output and --report are' soft-targets -o s.zst --report s.zst data.zst model.zst
same "nothing is lost" data.zst train.safetensors.zst
same "neither is a teacher" model.zst teacher.safetensors.zst
not_ok "and nothing is there" test -e m.zst -o -e s.zst -o -e c.zst -o -e later.zst

ok "a result may replace an input" teach --init model.zst --net fc:32,relu,fc:10 -o model.zst data.zst
not_ok "and does" cmp -s model.zst teacher.safetensors.zst
ok "devices take everything" teach -o /dev/null --log /dev/null data.zst
ok "one input may come twice" teach -o m.zst --validation data.zst data.zst
done_testing
