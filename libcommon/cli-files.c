/* SPDX-License-Identifier: ISC */
#include "cli-files.h"

#include "die.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int status_of(const struct cli_file *f, struct stat *s)
{
	if (strcmp(f->path, "-") == 0)
		return fstat(f->use == CLI_INPUT ? STDIN_FILENO : STDOUT_FILENO, s);
	return stat(f->path, s);
}

/* Under any name; files that are not there yet, under the same one. */
static int is_same(const struct cli_file *a, const struct cli_file *b)
{
	struct stat is_a, is_b;

	if (a->path == NULL || b->path == NULL)
		return 0;
	if (status_of(a, &is_a) || status_of(b, &is_b))
		return strcmp(a->path, b->path) == 0;
	return is_a.st_dev == is_b.st_dev && is_a.st_ino == is_b.st_ino &&
	       (S_ISREG(is_a.st_mode) || S_ISFIFO(is_a.st_mode));
}

static int may_share(enum cli_use a, enum cli_use b)
{
	return a == CLI_INPUT ? b != CLI_RECORD : b == CLI_INPUT && a != CLI_RECORD;
}

void cli_files_check(const struct cli_file file[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (!may_share(file[k].use, file[i].use) && is_same(&file[k], &file[i]))
				die_usage("%s and %s are the same file, \"%s\"", file[k].name,
					file[i].name, file[i].path);
}
