# SPDX-License-Identifier: ISC
# Writes RESULTS.md: awk -f ../lib/stats.awk -f results.awk -v set=... -v students=... -v ways=... -v settings=...
# errors.tsv top5.tsv log_loss.tsv FILE... The further files are what evaluate says of one model: teacher-N.tsv,
# STUDENT/WAY-alone-N.tsv.

BEGIN {
	learnt["alone"] = "alone"
	learnt["published"] = "distilled as published, no T²"
	learnt["squared"] = "distilled with T²"
	trained["head"] = "the last layer"
	trained["whole"] = "all layers"
	published["teacher"] = "82.3 / 94.7 / 0.705"
	published["mobilenet-0.25/head-alone"] = "64.6 / 85.9 / 1.455"
	published["mobilenet-0.25/head-published"] = "66.2 / 86.7 / 1.464"
	published["squeezenet1.1/head-alone"] = "67.2 / 86.5 / 1.555"
	published["squeezenet1.1/head-published"] = "68.9 / 87.4 / 1.297"
}

FNR == 1 {
	key = table_name()
	sub(/-[0-9]+$/, "", key)
}
{ read_runs(key) }

function percent(shares, x, n, i, text) {
	n = split(shares, x, " ")
	for (i = 1; i <= n; i++)
		text = text " " (100 * x[i])
	return text
}

# Published figures are of Caltech-256: beside those of a stand-in they would say nothing.
function row(label, name, errors, top5, log_loss) {
	printf "| %s |%s %s | %s | %s |\n", label, \
		(set == "caltech256" ? " " (name in published ? published[name] : "–") " |" : ""), \
		mean_sd(accuracy(errors, items), 1), mean_sd(percent(top5), 1), mean_sd(log_loss, 3)
}

function student_rows(student, way, n, i, name, names) {
	n = split("alone published squared", names, " ")
	for (i = 1; i <= n; i++) {
		name = student "/" way "-" names[i]
		row(student ", " trained[way] ", " learnt[names[i]], name, sample["errors", name], sample["top5", name], \
			sample["log_loss", name])
	}
}

function student_verdicts(student, way, alone) {
	alone = sample["errors", student "/" way "-alone"]
	verdict("- " student ", " trained[way] ", as published", alone, sample["errors", student "/" way "-published"])
	verdict("- " student ", " trained[way] ", with T²", alone, sample["errors", student "/" way "-squared"])
}

function head() {
	if (set == "caltech256")
		print "# Small nets learn from a large one's logits on Caltech-256\n"
	else {
		print "# A stand-in for Caltech-256: Omniglot's small sets, 156 classes of written characters\n"
		print "**These are not results on Caltech-256.** They show the same steps: pictures from PNG files, a teacher's logits"
		print "from an `.npy` array, new last layers on features that were learnt from other classes.\n"
	}
	print "Written by `make -C pipelines/caltech256`; not to be edited. The Makefile has every setting.\n"
	print settings "\n"
	printf "%d test pictures, mean ± standard deviation of %d seeds of the students.\n\n", items, rows["errors"]
	if (set == "caltech256")
		print "| | published: top-1 / top-5 / log-loss | top-1, % | top-5, % | log-loss |\n|---|--:|--:|--:|--:|"
	else
		print "| | top-1, % | top-5, % | log-loss |\n|---|--:|--:|--:|"
}

END {
	m = split(ways, way, " ")
	n = split(students, student, " ")
	items = mean(sample[way[1] "-alone", "items"])
	head()
	row("teacher", "teacher", sample["teacher", "errors"], sample["teacher", "top5"], sample["teacher", "log_loss"])
	for (i = 1; i <= n; i++)
		for (j = 1; j <= m; j++)
			student_rows(student[i], way[j])
	print ""
	for (i = 1; i <= n; i++)
		for (j = 1; j <= m; j++)
			student_verdicts(student[i], way[j])
	print "\n## Each run\n\nErrors:\n"
	print_runs("errors", "seed")
	print "\nTop-5:\n"
	print_runs("top5", "seed")
	print "\nLog-loss:\n"
	print_runs("log_loss", "seed")
}
