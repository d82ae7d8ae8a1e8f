#!/bin/sh
# SPDX-License-Identifier: ISC
# Output files are whole or not there, whatever happens to the tool that writes them.
. "${0%/*}/../lib.sh"

"$PYTHON" - <<'END'
import struct

import numpy

noise = numpy.random.default_rng(3).integers(0, 64, (12000, 40, 40)).astype(numpy.uint8)
with open("images", "wb") as f:
    f.write(struct.pack(">4B3I", 0, 0, 8, 3, *noise.shape) + noise.tobytes())
with open("few", "wb") as f:
    f.write(struct.pack(">4B3I", 0, 0, 8, 3, 200, 40, 40) + noise[:200].tobytes())
END
temporaries() {
	find . -name '.*.tmp' | wc -l
}

# interrupted SIGNAL: the status of a slow writer that gets it while its temporary grows
interrupted() {
	"$PYTHON" - "$1" <<'END'
import glob
import signal
import subprocess
import sys
import time

def reset():
    """Whoever runs the tests may ignore signals (nohup, a background job), and tools respect that."""
    for name in "SIGINT", "SIGTERM", "SIGHUP":
        signal.signal(getattr(signal, name), signal.SIG_DFL)


for attempt in range(20):
    with open("err", "wb") as err:
        tool = subprocess.Popen(["idx2tensor", "-q", "--level", "19", "-o", "out", "images"], stderr=err, preexec_fn=reset)
    while tool.poll() is None and not glob.glob(".out.*.tmp"):
        time.sleep(0.002)
    tool.send_signal(getattr(signal, sys.argv[1]))
    if tool.wait() != 0:
        break
print(tool.returncode, open("err").read(), sep="")
END
}

echo old >out
is "SIGTERM kills" "$(interrupted SIGTERM)" -15
is "... and leaves the old file" "$(cat out)" old
is "... and no temporary" "$(temporaries)" 0
is "SIGINT kills" "$(interrupted SIGINT)" -2
is "... and leaves the old file" "$(cat out)" old
is "... and no temporary" "$(temporaries)" 0
is "SIGHUP kills" "$(interrupted SIGHUP)" -1
is "... and no temporary" "$(temporaries)" 0
is "SIGKILL kills" "$(interrupted SIGKILL)" -9
is "... and leaves the old file" "$(cat out)" old
rm -f .out.*.tmp
ok "the next one is undisturbed" idx2tensor -q -o out few
ok "... and its file whole" tensor-info --verify out

fails "a full device" 1 '^idx2tensor: "/dev/full": .*No space left' idx2tensor -q -o /dev/full few
fails "standard output that is full" 1 'No space left' sh -c 'idx2tensor -q few >/dev/full'
{
	idx2tensor -q images 2>closed
	echo $? >status
} | head -c 1 >byte
is "a closed pipe is exit 1" "$(cat status)" 1
like "... with its reason" "$(cat closed)" '^idx2tensor: "standard output": cannot write: Broken pipe$'
echo old >limited
fails "a file over the limit of its size" 1 '^idx2tensor: "limited": cannot write: File too large$' \
	sh -c 'ulimit -f 8 && exec idx2tensor -q -o limited few'
is "... leaves the old file" "$(cat limited)" old
is "... and no temporary" "$(temporaries)" 0
fails "help on a full device" 1 '^idx2tensor: "standard output": cannot write: No space left' sh -c 'idx2tensor --help >/dev/full'
fails "standard output that is closed" 1 '^idx2tensor: "standard output": cannot write' sh -c 'idx2tensor -q few >&-'
sh "$ROOT/man/examples.sh"
train-teacher --net 784-10 --epochs 2 --log log -o model train.safetensors.zst 2>&-
is "files take no standard file's place: nothing else is written to a log" "$(grep -c '^{.*}$' log) of $(wc -l <log)" "2 of 2"
fails "no such folder" 1 '^idx2tensor: "no/such": cannot create' idx2tensor -q -o no/such few
echo old >bad
fails "a failing tool" 1 . idx2tensor -q -o bad out
is "... leaves the old file" "$(cat bad)" old
(
	umask 077
	idx2tensor -q -o private few
)
is "the umask decides" "$(find private -perm 600)" private
idx2tensor -q -o - few >stdout
same "'-' is standard output" stdout private
idx2tensor -q few >plain.safetensors
same "a redirected name does not matter" plain.safetensors private
# shellcheck disable=SC2002
cat images | idx2tensor -q -o from-pipe -
idx2tensor -q -o from-file images
same "standard input is as good as a file" from-pipe from-file
if "$PYTHON" -c "import pty; pty.openpty()" 2>/dev/null; then
	"$PYTHON" -B "$ROOT/tests/tensor_interop.py" terminal idx2tensor -q few 2>"$ERR"
	is "a terminal is refused and sent nothing" $? 1
	like "... with its reason" "$(cat "$ERR")" '^idx2tensor: standard output is a terminal'
	"$PYTHON" - >shown <<'END'
import os
import pty
import signal
import subprocess

ours, theirs = pty.openpty()
tool = subprocess.Popen(["train-teacher", "--net", "784-1200-1200-10", "--batch", "1", "--epochs", "1000000", "--checkpoint",
                         "/dev/full", "--checkpoint-every", "1000000", "-o", "m", "train.safetensors.zst"], stderr=theirs)
os.close(theirs)
text = b""
while b"left" not in text:
    text += os.read(ours, 4096)
tool.send_signal(signal.SIGINT)
try:
    while b"No space" not in text:
        text += os.read(ours, 4096)
except OSError:  # the end
    pass
tool.wait()
print(repr(text))
END
	like "progress is drawn" "$(cat shown)" 'epoch .* left'
	like "a message comes after it is cleared" "$(cat shown)" '([[]K|n)train-teacher: warning: interrupted; "/dev/full"'
else
	skip 4 "no terminal can be opened here"
fi

done_testing
