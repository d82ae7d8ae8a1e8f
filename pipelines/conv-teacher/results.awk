# SPDX-License-Identifier: ISC
# Writes RESULTS.md: awk -f ../lib/stats.awk -f results.awk -v settings=... own.tsv own-wide.tsv own-teachers.tsv
# teachers.tsv students.tsv teacher-N.tsv mlp-conv-N.tsv conv-conv-N.tsv. The first three are of ../ncc, the last three
# what evaluate says of one model each.

FNR == 1 {
	key = table_name()
	sub(/-[0-9]+$/, "", key)
}
{ read_runs(key) }

function size(key) {
	return sprintf("%.0f k parameters", mean(sample[key, "parameters"]) / 1000)
}

function teacher(label, errors) {
	printf "| %s | %s | %s |\n", label, mean_sd(errors, 1), mean_sd(accuracy(errors), 2)
}

function student(label, alone, from_mlp, from_conv) {
	printf "| %s | %s | %s | %s |\n", label, mean_sd(alone, 1), mean_sd(from_mlp, 1), mean_sd(from_conv, 1)
}

function against(label, from_mlp, from_conv, better) {
	better = mean(from_mlp) - mean(from_conv)
	printf "- %s: from the convolutional teacher %.1f errors %s than from the perceptrons (%s).\n", label, \
		(better < 0 ? -better : better), (better < 0 ? "more" : "fewer"), welch_text(from_mlp, from_conv)
}

END {
	print "# A better teacher for the same student, on MNIST\n"
	print "Written by `make -C pipelines/conv-teacher`; not to be edited. The Makefile has every setting.\n"
	print settings "\n"
	printf "Errors of the 10,000 test pictures, mean ± standard deviation of %d seeds of the students.\n\n", rows["students"]
	print "| teacher | errors | accuracy, % |\n|---|--:|--:|"
	teacher("perceptrons 784-1200-1200-10, one by one", sample["own-teachers", "teacher"])
	teacher("ResNet-20, " size("teacher"), sample["teachers", "teacher"])
	print "\n| student | alone | from the perceptrons | from the convolutional teacher |\n|---|--:|--:|--:|"
	student("784-100-100-10, " size("mlp-conv"), sample["own", "alone"], sample["own", "distilled"], sample["students", "mlp-conv"])
	student("convolutional, " size("conv-conv"), sample["students", "conv-alone"], sample["students", "conv-mlp"], \
		sample["students", "conv-conv"])
	print ""
	against("784-100-100-10", sample["own", "distilled"], sample["students", "mlp-conv"])
	against("Convolutional student", sample["students", "conv-mlp"], sample["students", "conv-conv"])
	verdict("- 784-100-100-10, convolutional teacher", sample["own", "alone"], sample["students", "mlp-conv"])
	verdict("- Convolutional student, convolutional teacher", sample["students", "conv-alone"], sample["students", "conv-conv"])
	verdict("- Convolutional student, perceptrons", sample["students", "conv-alone"], sample["students", "conv-mlp"])
	print "\n## Each run\n\nTeachers:\n"
	print_runs("teachers", "seed")
	print "\nStudents (`mlp-conv`: the perceptron from the convolutional teacher, and so on):\n"
	print_runs("students", "seed")
	print "\nThe perceptron in [../ncc](../ncc/RESULTS.md):\n"
	print_runs("own", "seed")
}
