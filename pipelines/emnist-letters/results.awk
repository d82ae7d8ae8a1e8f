# SPDX-License-Identifier: ISC
# Writes RESULTS.md: awk -f ../lib/stats.awk -f results.awk -v set=... -v settings=... teachers.tsv students.tsv
# teacher-N.tsv alone-N.tsv. The last two are what evaluate says of two models, for their sizes.

FNR == 1 {
	key = table_name()
	sub(/-[0-9]+$/, "", key)
}
{ read_runs(key) }

function grouped(n, text) {
	for (; length(n) > 3; n = substr(n, 1, length(n) - 3))
		text = "," substr(n, length(n) - 2) text
	return n text
}

# Published figures are of EMNIST: beside those of a stand-in they would say nothing.
function row(label, published, errors) {
	printf "| %s |%s %s | %s |\n", label, (set == "emnist" ? " " published " |" : ""), \
		mean_sd(accuracy(errors, items), 2), mean_sd(errors, 1)
}

END {
	items = mean(sample["alone", "items"])
	name["fashion-mnist"] = "Fashion-MNIST"
	name["notmnist"] = "notMNIST"
	alone = sample["students", "alone"]
	if (set == "emnist")
		print "# johnkorn/distillation on EMNIST-letters\n"
	else {
		print "# A stand-in for EMNIST-letters: " name[set] " through the nets of johnkorn/distillation\n"
		print "**These are not results on EMNIST.** They show what the same nets, options and steps do on " name[set] ".\n"
	}
	print "Written by `make -C pipelines/emnist-letters`; not to be edited. The Makefile has every setting.\n"
	print settings "\n"
	printf "%s test pictures, mean ± standard deviation of %d seeds of the students, which share %s.\n\n", grouped(items), \
		rows["students"], (rows["teachers"] == 1 ? "one teacher" : "the mean logits of " rows["teachers"] " teachers")
	if (set == "emnist")
		print "| | published, % | potstill, % | errors |\n|---|--:|--:|--:|"
	else
		print "| | accuracy, % | errors |\n|---|--:|--:|"
	row("teacher, " grouped(mean(sample["teacher", "parameters"])) " parameters", "94.4", sample["teachers", "teacher"])
	row("student alone, " grouped(mean(sample["alone", "parameters"])) " parameters", "91.6", alone)
	row("student distilled as published, no T²", "92.2", sample["students", "published"])
	row("student distilled with T²", "–", sample["students", "squared"])
	print ""
	verdict("- As published", alone, sample["students", "published"])
	verdict("- With T²", alone, sample["students", "squared"])
	print "\n## Each run\n\nErrors:\n"
	print_runs("teachers", "seed")
	print ""
	print_runs("students", "seed")
}
