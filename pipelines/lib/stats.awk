# SPDX-License-Identifier: ISC
# Functions for the tables of the experiments, loaded in front of another program:
# awk -f ../lib/stats.awk -f results.awk FILE... Samples are text, numbers between spaces.

function mean(sample, x, n, i, sum) {
	n = split(sample, x, " ")
	for (i = 1; i <= n; i++)
		sum += x[i]
	return n ? sum / n : 0
}

# The sample's standard deviation (n - 1), 0 for one number.
function sd(sample, x, n, i, m, sum) {
	n = split(sample, x, " ")
	m = mean(sample)
	for (i = 1; i <= n; i++)
		sum += (x[i] - m) ^ 2
	return n > 1 ? sqrt(sum / (n - 1)) : 0
}

function count(sample, x) {
	return split(sample, x, " ")
}

# "204.3 ± 12.1", or the number alone where there is one.
function mean_sd(sample, digits, text) {
	if (count(sample) == 0)
		return "–"
	text = sprintf("%.*f", digits, mean(sample))
	return count(sample) > 1 ? text sprintf(" ± %.*f", digits, sd(sample)) : text
}

# The differences of two samples, item by item.
function differences(a, b, x, y, n, i, text) {
	n = split(a, x, " ")
	split(b, y, " ")
	for (i = 1; i <= n; i++)
		text = text " " (x[i] - y[i])
	return text
}

# Two SDs as one: the root of the mean of their squares.
function pooled_sd(a, b) {
	return sqrt((sd(a) ^ 2 + sd(b) ^ 2) / 2)
}

# ln of the gamma function for x > 0: Stirling's series, after the recurrence took x past 8.
function lgamma(x, shift) {
	for (; x < 8; x++)
		shift += log(x)
	return (x - .5) * log(x) - x + .9189385332046727 + 1 / (12 * x) - 1 / (360 * x ^ 3) + \
		1 / (1260 * x ^ 5) - shift
}

# The continued fraction of the incomplete beta function (Lentz's way; Abramowitz and Stegun
# 26.5.8).
function beta_fraction(a, b, x, c, d, f, m, k, num, i) {
	f = c = 1
	d = 0
	for (i = 0; i < 300; i++) {
		m = int(i / 2)
		if (i == 0)
			num = 1
		else if (i % 2 == 0)
			num = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
		else
			num = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
		d = 1 + num * d
		d = 1 / (d == 0 ? 1e-30 : d)
		c = 1 + num / c
		c = c == 0 ? 1e-30 : c
		f *= c * d
		if (c * d - 1 < 1e-12 && 1 - c * d < 1e-12)
			break
	}
	return f - 1
}

# The regularised incomplete beta function, 0 <= x <= 1.
function beta_i(a, b, x, front) {
	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1
	if (x > (a + 1) / (a + b + 2))
		return 1 - beta_i(b, a, 1 - x)
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
	return front * beta_fraction(a, b, x)
}

# Welch's test of two means. Sets T, DF and P (two-sided); returns 0 where it cannot be made.
function welch(a, b, u, v) {
	if (count(a) < 2 || count(b) < 2)
		return 0
	u = sd(a) ^ 2 / count(a)
	v = sd(b) ^ 2 / count(b)
	if (u + v == 0)
		return 0
	T = (mean(a) - mean(b)) / sqrt(u + v)
	DF = (u + v) ^ 2 / (u ^ 2 / (count(a) - 1) + v ^ 2 / (count(b) - 1))
	P = beta_i(DF / 2, .5, DF / (DF + T ^ 2))
	return 1
}

function welch_text(a, b) {
	return welch(a, b) ? sprintf("t = %.2f, %.1f degrees of freedom, p = %s", T, DF, p_text(P)) : \
		"too few runs for a test"
}

function p_text(p) {
	return p < .001 ? sprintf("%.0e", p) : sprintf("%.3f", p)
}

# Whether distilling helped, by a test of the errors of the student alone against those of the distilled.
function verdict(words, alone, distilled, gain) {
	gain = mean(alone) - mean(distilled)
	printf "%s: distilling changes the mean from %.1f to %.1f errors", words, mean(alone), mean(distilled)
	if (!welch(alone, distilled))
		print ", from too few runs for a test."
	else if (P < .05)
		printf ", a %s that is beyond the noise (%s).\n", (gain > 0 ? "gain" : "loss"), welch_text(alone, distilled)
	else
		printf ": no reliable %s (%s).\n", (gain > 0 ? "gain" : "loss"), welch_text(alone, distilled)
}

# Errors of so many items (10,000 where nothing is said) as a percentage right.
function accuracy(errors, items, x, n, i, text) {
	n = split(errors, x, " ")
	for (i = 1; i <= n; i++)
		text = text " " (100 - 100 * x[i] / (items ? items : 10000))
	return text
}

# What is read now: folder/NAME.tsv
function table_name(name) {
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.tsv$/, "", name)
	return name
}

# Tables of runs (a line of names, then a line a seed). Call it for each line of input as
# read_runs(KEY): afterwards sample[KEY, NAME] holds the numbers of column NAME,
# names[KEY] the names, lines[KEY, 1 ...] the rows as Markdown, rows[KEY] how many there are.
function read_runs(key, i, text) {
	if (FNR == 1) {
		names[key] = $0
		sub(/^[^ \t]+[ \t]*/, "", names[key])
		for (i = 2; i <= NF; i++)
			column[i] = $i
		return
	}
	for (i = 1; i <= NF; i++) {
		text = text (i > 1 ? " | " : "") $i
		sample[key, column[i]] = sample[key, column[i]] (i > 1 ? " " $i : "")
	}
	lines[key, ++rows[key]] = "| " text " |"
}

# The rows as a Markdown table.
function print_runs(key, first, n, i, name, head, rule) {
	n = split(names[key], name, /[ \t]+/)
	head = "| " first " |"
	rule = "|--:|"
	for (i = 1; i <= n; i++) {
		head = head " " name[i] " |"
		rule = rule "--:|"
	}
	print head
	print rule
	for (i = 1; i <= rows[key]; i++)
		print lines[key, i]
}
