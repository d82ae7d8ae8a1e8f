# SPDX-License-Identifier: ISC
# Writes RESULTS.md: awk -f ../lib/stats.awk -f results.awk -v settings=...
# published-teachers.tsv repaired-teachers.tsv published.tsv repaired.tsv alone.tsv.

FNR == 1 { key = table_name() }
{ read_runs(key) }

function row(label, errors) {
	printf "| %s | %s | %s |\n", label, mean_sd(errors, 1), mean_sd(accuracy(errors), 2)
}

function report(words, key, alone, student, gain, teacher) {
	student = sample[key, "student"]
	teacher = mean(accuracy(sample[key "-teachers", "teacher"]))
	gain = mean(alone) - mean(student)
	printf "- %s: the teacher reaches %.2f %%, %s the 98.4 %% aimed at", words, teacher, \
		(teacher < 98.4 ? "below" : "at or above")
	printf "; the student makes %.1f errors %s than alone (%s).\n", (gain < 0 ? -gain : gain), \
		(gain < 0 ? "more" : "fewer"), welch_text(alone, student)
}

function teachers(n, students) {
	return n == students ? "each with a teacher of its own" : \
		n == 1 ? "one teacher for all" : n " teachers, the students of other seeds share the first"
}

END {
	alone = sample["alone", "student"]
	print "# The PyTorch notebook on MNIST\n"
	print "Written by `make -C pipelines/pytorch-mse`; not to be edited. The Makefile has every setting.\n"
	print "The notebook publishes no figure of its student: it never leaves training mode, so that its"
	print "targets and its measurements carry dropout noise (its teacher: 88.9 %), and its last loop prints the"
	print "teacher's accuracy. Here dropout is off in the teacher's answers and in all measurements, and the"
	print "student is measured.\n"
	print settings "\n"
	printf "10,000 test pictures, mean ± standard deviation of %d seeds of the students (%s).\n\n", \
		rows["alone"], teachers(rows["repaired-teachers"], rows["alone"])
	print "| | errors | accuracy, % |\n|---|--:|--:|"
	row("teacher, 784-1200-1200-10, as published", sample["published-teachers", "teacher"])
	row("its student, 784-64-10", sample["published", "student"])
	row("teacher repaired", sample["repaired-teachers", "teacher"])
	row("its student, 784-64-10", sample["repaired", "student"])
	row("student alone for as long, 784-64-10", alone)
	print ""
	report("As published", "published", alone)
	report("Repaired", "repaired", alone)
	print "\n## Each run\n\nErrors, as published:\n"
	print_runs("published-teachers", "seed")
	print ""
	print_runs("published", "seed")
	print "\nRepaired:\n"
	print_runs("repaired-teachers", "seed")
	print ""
	print_runs("repaired", "seed")
	print "\nAlone:\n"
	print_runs("alone", "seed")
}
