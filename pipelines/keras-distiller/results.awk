# SPDX-License-Identifier: ISC
# Writes RESULTS.md: awk -f ../lib/stats.awk -f results.awk -v settings=... teachers.tsv students.tsv.

FNR == 1 { key = table_name() }
{ read_runs(key) }

function row(label, published, errors) {
	printf "| %s | %s | %s | %s |\n", label, published, mean_sd(accuracy(errors), 2), mean_sd(errors, 1)
}

END {
	alone = sample["students", "alone"]
	published = sample["students", "published"]
	squared = sample["students", "squared"]
	own_alone = sample["students", "own-alone"]
	own = sample["students", "own"]
	print "# Keras's example of distillation on MNIST\n"
	print "Written by `make -C pipelines/keras-distiller`; not to be edited. The Makefile has every setting.\n"
	print settings "\n"
	printf "10,000 test pictures. The published figures are single runs; ours are mean ± standard deviation of %d\n", rows["students"]
	printf "seeds of the students, which %s.\n\n", \
		(rows["teachers"] == 1 ? "share one teacher" : "take turns with " rows["teachers"] " teachers")
	print "| | published, % | potstill, % | errors |\n|---|--:|--:|--:|"
	row("teacher, 1.43 M parameters", "97.81", sample["teachers", "teacher"])
	row("student alone, 20.5 k parameters", "97.78", alone)
	row("student distilled as published, no T²", "96.92", published)
	row("student distilled with T²", "–", squared)
	row("variant: teacher", "–", sample["teachers", "own-teacher"])
	row("variant: student alone", "–", own_alone)
	row("variant: student distilled", "–", own)
	print ""
	verdict("- As published", alone, published)
	verdict("- With T²", alone, squared)
	verdict("- The variant", own_alone, own)
	print "\nThe published run loses 86 errors by distilling.\n\n## Each run\n\nErrors:\n"
	print_runs("teachers", "seed")
	print ""
	print_runs("students", "seed")
}
