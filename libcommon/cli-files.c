/* SPDX-License-Identifier: ISC */
#include "cli-files.h"

#include "die.h"
#include "options-file.h"
#include "path.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_standard(const struct cli_file *f)
{
	return strcmp(f->path, "-") == 0;
}

static int status_of(const struct cli_file *f, struct stat *s)
{
	if (is_standard(f))
		return fstat(f->use == CLI_INPUT ? STDIN_FILENO : STDOUT_FILENO, s);
	return stat(f->path, s);
}

/* Under any names, also where it is still to be made. */
static int is_same(const struct cli_file *a, const struct cli_file *b)
{
	struct stat is_a, is_b;

	if (a->path == NULL || b->path == NULL)
		return 0;
	if (status_of(a, &is_a) || status_of(b, &is_b))
		return !is_standard(a) && !is_standard(b) && path_same(a->path, b->path);
	return is_a.st_dev == is_b.st_dev && is_a.st_ino == is_b.st_ino &&
	       (S_ISREG(is_a.st_mode) || S_ISFIFO(is_a.st_mode));
}

static int may_share(enum cli_use a, enum cli_use b)
{
	return a == CLI_INPUT ? b != CLI_RECORD : b == CLI_INPUT && a != CLI_RECORD;
}

static void check_pair(const struct cli_file *a, const struct cli_file *b)
{
	if (!may_share(a->use, b->use) && is_same(a, b))
		die_usage("%s and %s are the same file, \"%s\"", a->name, b->name, b->path);
}

void cli_files_check(const struct cli_file file[], size_t n)
{
	struct cli_file options = {"the file of options", NULL, CLI_INPUT};

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			check_pair(&file[k], &file[i]);
		for (size_t k = 0; (options.path = options_file_path(k)) != NULL; k++)
			check_pair(&options, &file[i]);
	}
}
