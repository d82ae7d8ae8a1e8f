# SPDX-License-Identifier: ISC
# Writes RESULTS.md: awk -f ../lib/stats.awk -f results.awk -v own=... -v held=... published.tsv torch.tsv
# own-teachers.tsv own.tsv own-wide.tsv clean-teachers.tsv clean.tsv held-teachers.tsv sweep.tsv sweep. Every figure but the published ones is
# read from there; own, clean and held describe the settings.

BEGIN {
	published["teacher"] = 148
	published["alone"] = 229
	published["distilled"] = 200
	label["teacher"] = "teacher, 784-1200-1200-10"
	label["alone"] = "student alone, 784-100-100-10"
	label["distilled"] = "student distilled"
}

FNR == 1 { key = table_name() }
key == "sweep" && FILENAME == "sweep" {
	if (/^[a-z]/) {
		what = $0
		sub(/^[^ ]+ /, "", what)
		setting[$1] = what
		order[++settings] = $1
	}
	next
}
{ read_runs(key) }

function published_row(name, ours, torch) {
	ours = sample["published", name]
	torch = sample["torch", name]
	printf "| %s | %d | %s | %s | %s |\n", label[name], published[name], mean_sd(torch, 1), mean_sd(ours, 1), \
		welch_text(ours, torch)
	if (welch(ours, torch)) {
		tested++
		if (P < .05)
			apart = apart (apart == "" ? "" : ", ") label[name]
	}
}

function published_table(alone, distilled) {
	print "## As published\n"
	print "Errors of the 10,000 test pictures. The published figures are single runs; the others are"
	printf "mean ± standard deviation of %d runs (PyTorch: %d), which differ in the seed alone; each seed has a\n", \
		rows["published"], rows["torch"]
	print "teacher of its own. The last column is Welch's test of potstill's mean against PyTorch's.\n"
	print "| | published | PyTorch | potstill | potstill against PyTorch |\n|---|--:|--:|--:|---|"
	published_row("teacher")
	published_row("alone")
	published_row("distilled")
	alone = sample["published", "alone"]
	distilled = sample["published", "distilled"]
	printf "| gain of distilling | %d | %s | %s | |\n", published["alone"] - published["distilled"], \
		mean_sd(differences(sample["torch", "alone"], sample["torch", "distilled"]), 1), \
		mean_sd(differences(alone, distilled), 1)
	print ""
	if (!tested)
		print "The PyTorch runs were not made here (`make torch` makes them), so nothing is compared.\n"
	else if (apart == "")
		print "potstill agrees with PyTorch within the noise of the seeds: no p below .05.\n"
	else
		print "potstill and PyTorch differ by more than the noise of the seeds (p below .05) in: " apart ".\n"
	verdict("What the recipe does", alone, distilled)
	if (rows["torch"] > 1)
		verdict("In PyTorch", sample["torch", "alone"], sample["torch", "distilled"])
	print ""
}

function goal(missing) {
	return missing <= 0 ? "reached" : sprintf("missed by %.1f", missing)
}

# The students of own.tsv or clean.tsv; control says what the student alone shares with the other.
function own_table(key, title, text, control, alone, distilled, wide, gain, s, teachers) {
	alone = sample[key, "alone"]
	distilled = sample[key, "distilled"]
	gain = mean(alone) - mean(distilled)
	s = pooled_sd(alone, distilled)
	wide = sample[key "-wide", "wide"]
	teachers = rows[key "-teachers"]
	print "## " title "\n"
	print text "\n"
	printf "Errors of the 10,000 test pictures, mean ± standard deviation of %d seeds%s.\n\n", rows[key], \
		(teachers > 1 ? " (of the " teachers " teachers)" : "")
	print "| | errors |\n|---|--:|"
	printf "| %s | %s |\n", (teachers > 1 ? "teachers, one by one" : "teacher"), mean_sd(sample[key "-teachers", "teacher"], 1)
	printf "| student alone, same %s | %s |\n", control, mean_sd(alone, 1)
	if (count(wide))
		printf "| student alone, shifted by up to two pixels | %s |\n", mean_sd(wide, 1)
	printf "| student distilled | **%s** |\n", mean_sd(distilled, 1)
	printf "| gain of distilling | %s |\n\n", mean_sd(differences(alone, distilled), 1)
	if (s > 0)
		printf "The gain is %.1f errors, %.1f standard deviations of a run (%.1f, both students pooled); alone against\ndistilled: %s.\n", \
			gain, gain / s, s, welch_text(alone, distilled)
	if (count(wide))
		printf "Against the student alone with shifts by up to two pixels it is %.1f errors: %s.\n", \
			mean(wide) - mean(distilled), welch_text(wide, distilled)
	printf "Aimed at: a mean of 100 errors or fewer (%s) and a gain of two standard deviations or more (%s).\n\n", \
		goal(mean(distilled) - 100), goal(2 * s - gain)
}

function sweep_table(i, n) {
	if (!rows["sweep"])
		return
	print "## Students on held-out data\n"
	print held "\n"
	printf "The teachers make %s errors there.\n\n", mean_sd(sample["held-teachers", "teacher"], 1)
	print "| | held-out errors | options |\n|---|--:|---|"
	for (i = 1; i <= settings; i++) {
		n = order[i]
		printf "| %s | %s | `%s` |\n", n, mean_sd(sample["sweep", n], 1), setting[n]
	}
	print ""
}

END {
	print "# The NCC-AI notebook on MNIST\n"
	print "Written by `make -C pipelines/ncc`; not to be edited. The Makefile has every setting.\n"
	published_table()
	own_table("own", "A better recipe for the same student", own, "jitter, schedule and steps")
	own_table("clean", "The same, on pictures that are not shifted", clean, "pictures, schedule and steps")
	sweep_table()
	print "## Each run\n"
	print "potstill, as published:\n"
	print_runs("published", "seed")
	if (rows["torch"]) {
		print "\nPyTorch, as published:\n"
		print_runs("torch", "seed")
	}
	print "\nThe better recipe:\n"
	print_runs("own-teachers", "seed")
	print ""
	print_runs("own", "seed")
	print ""
	print_runs("own-wide", "seed")
	print "\nOn pictures that are not shifted:\n"
	print_runs("clean-teachers", "seed")
	print ""
	print_runs("clean", "seed")
	if (rows["sweep"]) {
		print "\nHeld-out errors of the search:\n"
		print_runs("sweep", "seed")
	}
}
