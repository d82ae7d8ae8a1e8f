#!/bin/sh
# SPDX-License-Identifier: ISC
# The commands that README.md shows run, on tiny files of the same names.
. "${0%/*}/../lib.sh"

ok "the example files" sh "$ROOT/man/examples.sh"

# commands SECTION: its indented lines; where some begin with "$ " those alone (with the lines
# that go on behind a backslash), for the others are what they print.
commands() {
	awk -v section="## $1" '
		/^## / { inside = $0 == section; next }
		!inside || !/^    / { more = 0; next }
		{ line = substr($0, 5) }
		line ~ /^\$ / { dollars = 1; line = substr(line, 3); shown = 1 }
		{ all = all line "\n" }
		shown || more { some = some line "\n"; more = line ~ /\\$/; shown = 0 }
		END { printf "%s", dollars ? some : all }' "$ROOT/README.md"
}

mkdir bin
ln -s "$(command -v "$PYTHON")" bin/python3
PATH=$SCRATCH/bin:$PATH
for section in "The pipeline" "Your own teacher"; do
	commands "$section" >script
	ok "$section: there are commands" test "$(grep -c -E '^(idx2tensor|train-|npy2tensor|evaluate)' script)" -ge 3
	ok "$section: they run" sh -e script
done
fails "another temperature than that of probabilities is refused, as it says" 1 "cannot be used at 4" \
	train-student -q --net 784-16-10 --epochs 1 --temperature 4 --targets soft.safetensors.zst \
	-o student.safetensors.zst train.safetensors.zst
grep -ho '](\([^)]*\))' "$ROOT/README.md" "$ROOT/CONTRIBUTING.md" | sed 's/.*](//; s/)//' |
	grep -v '^http' | sort -u >links
while read -r file; do
	ok "$file, which the documents point to, is there" test -e "$ROOT/$file"
done <links
done_testing
