#!/bin/sh
# SPDX-License-Identifier: ISC
# The helpers of tests/lib.sh themselves: each must be able to fail.
. "${0%/*}/../lib.sh"

# run SCRIPT: what a test script of these lines prints
run() {
	mkdir -p t/cli
	cp "$ROOT/tests/lib.sh" t/
	printf '%s\n' '. "${0%/*}/../lib.sh"' "$1" >t/cli/x.t
	sh t/cli/x.t
}

is "ok passes" "$(run 'ok a true; done_testing')" "ok 1 - a
1..1"
like "ok fails" "$(run 'ok a false')" "^not ok 1 - a"
like "not_ok fails" "$(run 'not_ok a true')" "^not ok 1 - a"
like "is fails" "$(run 'is a b c')" "^not ok 1 - a"
like "like fails" "$(run 'like a bcd x')" "^not ok 1 - a"
is "differ passes" "$(run 'echo 1 >x; echo 2 >y; differ a x y')" "ok 1 - a"
like "differ fails" "$(run 'echo 1 >x; echo 1 >y; differ a x y')" "^not ok 1 - a"
like "differ wants both files" "$(run 'echo 1 >x; differ a x none')" "^not ok 1 - a"
like "differ wants something in both" "$(run 'echo 1 >x; : >y; differ a x y')" "^not ok 1 - a"
like "same fails" "$(run 'echo 1 >x; echo 2 >y; same a x y')" "^not ok 1 - a"
like "fails passes" "$(run "fails a 2 'no b' sh -c 'echo no b >&2; exit 2'")" "^ok 1 - a"
like "fails looks at the status" "$(run "fails a 2 'no b' sh -c 'echo no b >&2; exit 1'")" "^not ok"
like "fails wants one line" "$(run "fails a 2 b sh -c 'echo b >&2; echo b >&2; exit 2'")" "^not ok"
like "fails wants the words" "$(run "fails a 2 b sh -c 'echo c >&2; exit 2'")" "^not ok"
like "fails wants no output" "$(run "fails a 2 b sh -c 'echo b >&2; echo b; exit 2'")" "^not ok"
is "skip counts" "$(run 'skip 2 x; done_testing')" "ok 1 # SKIP x
ok 2 # SKIP x
1..2"
is "skip_all ends the script" "$(run 'skip_all x; ok a true')" "1..0 # SKIP x"
is "need_data" "$(run 'need_data no/such; ok a true')" "1..0 # SKIP no no/such in POTSTILL_DATA"
run 'ok a false; done_testing' >/dev/null
is "a failure is the exit status" $? 1
scratch=$(run 'echo $SCRATCH; done_testing')
not_ok "the scratch folder goes away" test -e "${scratch%%?1..0}"
is "it was a folder of its own" "$(dirname "${scratch%%?1..0}")" "$(dirname "$SCRATCH")"

done_testing
