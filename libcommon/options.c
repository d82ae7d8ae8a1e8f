/* SPDX-License-Identifier: ISC */
#include "options.h"

#include "cli-output.h"
#include "die.h"
#include "err.h"
#include "number.h"
#include "options-file.h"
#include "size.h"
#include "tensor-file.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ROWS 128
#define HELP_COLUMN 30

static bool quiet, help, version;
static uint64_t max_memory;
static const void *given[MAX_ROWS]; /* where options that were given have stored */

/* What every tool has, behind its own table. */
static const struct option_row common[] = {OPTION_GROUP("common options"),
	OPTION_BYTES(0, "max-memory", "SIZE", &max_memory,
		"refuse data that needs more, such as 500M or 8G [3/4 of the machine's]"),
	OPTION_FLAG('q', "quiet", &quiet, "no progress and no summary on stderr"),
	OPTION_FLAG('h', "help", &help, "print this help"),
	OPTION_FLAG(0, "version", &version, "print the version"), OPTION_END};

struct flat {
	const struct option_row *row[MAX_ROWS];
	struct option option[MAX_ROWS];
	char letters[2 * MAX_ROWS + 2];
	int n;
};

bool options_given(const void *to)
{
	for (int i = 0; i < MAX_ROWS && given[i] != NULL; i++)
		if (given[i] == to)
			return true;
	return false;
}

bool options_quiet(void)
{
	return quiet;
}

static void flatten(struct flat *f, const struct option_row *rows)
{
	for (; rows->type != OPTION_TYPE_END; rows++) {
		size_t used = strlen(f->letters);

		if (rows->type == OPTION_TYPE_GROUP)
			continue;
		if (f->n + 1 >= MAX_ROWS)
			die("the table of options is too long");
		f->row[f->n] = rows;
		f->option[f->n] = (struct option){rows->name,
			rows->type == OPTION_TYPE_FLAG ? no_argument : required_argument, NULL,
			256 + f->n};
		f->n++;
		if (rows->letter == 0)
			continue;
		f->letters[used] = rows->letter;
		if (rows->type != OPTION_TYPE_FLAG)
			f->letters[used + 1] = ':';
	}
}

static void print_row(const struct option_row *row)
{
	char letter[4] = "", left[128];
	int n;

	if (row->type == OPTION_TYPE_GROUP) {
		printf("\n%s:\n", row->name);
		return;
	}
	if (row->letter)
		snprintf(letter, sizeof letter, "-%c,", row->letter);
	n = snprintf(left, sizeof left, "  %-3s --%s%s%s", letter, row->name,
		row->value ? " " : "", row->value ? row->value : "");
	if (n >= HELP_COLUMN)
		printf("%s\n%*s%s\n", left, HELP_COLUMN, "", row->help);
	else
		printf("%-*s%s\n", HELP_COLUMN, left, row->help);
}

_Noreturn static void end_printing(void)
{
	struct err e;

	if (cli_output_flush(&e))
		die_err(&e);
	exit(0);
}

_Noreturn static void print_help(const struct tool *tool)
{
	printf("usage: %s %s\n\n%s\n", tool->name, tool->synopsis, tool->summary);
	if (tool->rows->type != OPTION_TYPE_GROUP && tool->rows->type != OPTION_TYPE_END)
		printf("\noptions:\n");
	for (const struct option_row *row = tool->rows; row->type != OPTION_TYPE_END; row++)
		print_row(row);
	for (const struct option_row *row = common; row->type != OPTION_TYPE_END; row++)
		print_row(row);
	end_printing();
}

static double real_value(const struct option_row *row, const char *text)
{
	double v;
	const char *end = number_read(text, &v);

	if (end == NULL || *end != '\0')
		die_usage("--%s: \"%s\" is not a number", row->name, text);
	if (v < row->min || v > row->max)
		die_usage("--%s: %s is not between %g and %g", row->name, text, row->min,
			row->max);
	return v;
}

static int int_value(const struct option_row *row, const char *text)
{
	double v = real_value(row, text);

	if (v != floor(v))
		die_usage("--%s: %s is not a whole number", row->name, text);
	return (int)v;
}

static uint64_t seed_value(const struct option_row *row, const char *text)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
		die_usage(
			"--%s: \"%s\" is not a whole number from 0 to 2^64-1", row->name, text);
	return v;
}

static uint64_t bytes_value(const struct option_row *row, const char *text)
{
	static const char suffixes[] = "KMGT";
	double v;
	const char *end = number_read(text, &v), *found;

	found = end != NULL && *end != '\0' ? strchr(suffixes, *end) : NULL;
	if (found != NULL) {
		v *= (double)((uint64_t)1 << 10 * (found - suffixes + 1));
		end++;
	}
	if (end == NULL || *end != '\0' || !(v >= 1 && v < 0x1p63))
		die_usage(
			"--%s: \"%s\" is not a size such as 4096, 500M or 8G", row->name, text);
	return (uint64_t)v;
}

static int choice_value(const struct option_row *row, const char *text)
{
	const char *word = row->value;

	for (int i = 0;; i++) {
		size_t n = strcspn(word, "|");

		if (strlen(text) == n && strncmp(word, text, n) == 0)
			return i;
		if (word[n] == '\0')
			break;
		word += n + 1;
	}
	die_usage("--%s: \"%s\" is none of %s", row->name, text, row->value);
}

static void store(const struct option_row *row, const char *text)
{
	switch (row->type) {
	case OPTION_TYPE_FLAG:
		*(bool *)row->to = true;
		break;
	case OPTION_TYPE_TEXT:
		*(const char **)row->to = text;
		break;
	case OPTION_TYPE_INT:
		*(int *)row->to = int_value(row, text);
		break;
	case OPTION_TYPE_SEED:
		*(uint64_t *)row->to = seed_value(row, text);
		break;
	case OPTION_TYPE_BYTES:
		*(uint64_t *)row->to = bytes_value(row, text);
		break;
	case OPTION_TYPE_REAL:
		*(double *)row->to = real_value(row, text);
		break;
	case OPTION_TYPE_CHOICE:
		*(int *)row->to = choice_value(row, text);
		break;
	default:
		break;
	}
}

static void note(const void *to)
{
	int i = 0;

	while (given[i] != NULL && given[i] != to)
		i++;
	given[i] = to;
}

static const struct option_row *row_of(const struct flat *f, int c)
{
	if (c >= 256)
		return f->row[c - 256];
	for (int i = 0; i < f->n; i++)
		if (f->row[i]->letter == c)
			return f->row[i];
	return NULL;
}

_Noreturn static void bad_option(int c, char **argv)
{
	char letter[3] = {'-', (char)optopt, '\0'};
	const char *name = optopt > 0 && optopt < 256 ? letter : argv[optind - 1];

	if (c == ':')
		die_usage("%s needs a value", name);
	if (optopt >= 256)
		die_usage("%s takes no value", argv[optind - 1]);
	die_usage("%s is no option", name);
}

static void check_operands(const struct tool *tool, int n)
{
	if (n < tool->min_operands)
		die_usage("an operand is missing; usage: %s %s", tool->name, tool->synopsis);
	if (tool->max_operands >= 0 && n > tool->max_operands)
		die_usage("too many operands; usage: %s %s", tool->name, tool->synopsis);
}

const char *options_word(const char *words, int i, char text[OPTION_WORD])
{
	for (; i > 0; i--)
		words += strcspn(words, "|") + 1;
	snprintf(text, OPTION_WORD, "%.*s", (int)strcspn(words, "|"), words);
	return text;
}

void options_one_stdin(const char *const path[], int n, const char *other)
{
	int inputs = other != NULL && strcmp(other, "-") == 0;

	for (int i = 0; i < n; i++)
		inputs += path[i] != NULL && strcmp(path[i], "-") == 0;
	if (inputs > 1)
		die_usage("only one input can be standard input");
}

static void warn_of_file(const char *path, const char *text)
{
	warn("\"%s\": %s", path, text);
}

/* The first file opened where a standard one is closed would get what is meant for that: a
 * stand-in refuses it. */
static void fill_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

char **options_parse(const struct tool *tool, int argc, char **argv, int *n)
{
	struct flat f = {.letters = ":", .n = 0};
	int c;

	fill_standard_files();
	die_name(tool->name);
	die_setup_signals();
	tensor_file_on_warning(warn_of_file);
	argv = options_file_expand(&argc, argv);
	flatten(&f, tool->rows);
	flatten(&f, common);
	opterr = 0;
	while ((c = getopt_long(argc, argv, f.letters, f.option, NULL)) != -1) {
		const struct option_row *row = c == '?' || c == ':' ? NULL : row_of(&f, c);

		if (row == NULL)
			bad_option(c, argv);
		store(row, optarg);
		note(row->to);
		if (help)
			print_help(tool);
		if (version) {
			printf("%s %s\n", tool->name, POTSTILL_VERSION);
			end_printing();
		}
	}
	if (max_memory > 0)
		size_set_limit(max_memory);
	*n = argc - optind;
	check_operands(tool, *n);
	return argv + optind;
}
