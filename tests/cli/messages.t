#!/bin/sh
# SPDX-License-Identifier: ISC
# Names and values from files and the command line neither break the lines on stderr nor drive a
# terminal, whoever says them.
. "${0%/*}/../lib.sh"

wild=$(printf 'a\nb\033[31mc\177\302\233\377')
shown='a[?]b[?]\[31mc[?]{4}'

# header FILE JSON: a plain tensor file with nothing but a header
header() {
	"$PYTHON" - "$1" "$2" <<'END'
import sys

text = sys.argv[2].encode()
text += b" " * (-len(text) % 8)
with open(sys.argv[1], "wb") as f:
    f.write(len(text).to_bytes(8, "little") + text)
END
}
header kind '{"__metadata__": {"potstill.kind": "a\nb\u001b[31mc\u007f"}}'
header fields '{"a\nb\u001b[31mc": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0], "more": 1}}'
header dtype '{"a\nb\u001b[31mc": {"dtype": "a\nb", "shape": [0], "data_offsets": [0, 0]}}'
header umlaut '{"__metadata__": {"potstill.kind": "\u00fc\u20ac"}}'
printf 'a\033[31mb.png\n' >list

fails "the name of a file" 1 "^tensor-info: \"$shown\": cannot open" tensor-info "$wild"
fails "... and of the first of several" 1 "^evaluate: \"$shown\": cannot open" evaluate "$wild" x
fails "an option" 2 "^tensor-info: --$shown is no option" tensor-info "--$wild"
fails "an option's value" 2 "^tensor2png: --scale: \"$shown\" is not" tensor2png --scale "$wild" x
fails "a value in a file" 1 '"kind": .*"?a[?]b[?]\[31mc[?]' evaluate kind kind
fails "a tensor's name" 1 '"dtype": tensor "a[?]b[?]\[31mc": unknown dtype "a[?]b"' tensor-info dtype
ok "a warning of such a tensor" tensor-info fields
is "... is a line" "$(cat "$ERR")" \
	"tensor-info: warning: \"fields\": tensor \"a?b?[31mc\" has fields that are not known and ignored"
fails "a line of a list" 1 '"a[?]\[31mb.png"' png2tensor -q list
fails "a name that looks like the place of a fault" 1 '^tensor-info: "x[?]    y[?]    \^": ' \
	tensor-info "$(printf 'x\n    y\n    ^')"

fails "letters beyond ASCII stay in names" 1 '^tensor-info: "grün-€": ' tensor-info grün-€
fails "... and in values" 1 'ü€' evaluate umlaut umlaut

"$PYTHON" - <<'END'
import numpy

numpy.save("f.npy", numpy.arange(8, dtype=numpy.float32).reshape(4, 2))
numpy.save("l.npy", numpy.arange(4) % 2)
END
ok "a data set is made" npy2tensor --as features -o d.zst f.npy l.npy
train-teacher --net fc:2 --epochs 1 --init fields -o m.zst d.zst 2>told
like "what is told of a model's other tensors keeps to its line" "$(cat told)" '^a[?]b[?]\[31mc \[0\]: in the file, not in the net$'
done_testing
