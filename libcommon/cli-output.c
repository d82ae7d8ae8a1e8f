/* SPDX-License-Identifier: ISC */
#include "cli-output.h"

#include "bytes.h"
#include "die.h"
#include "err.h"
#include "outfile.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A named pipe that were opened and closed again would end its reader. */
static int is_special(const char *path)
{
	struct stat s;

	if (strcmp(path, "-") == 0)
		return !isatty(STDOUT_FILENO);
	return stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

void cli_output_check(const char *path)
{
	struct outfile probe;
	struct err e;

	if (is_special(path))
		return;
	if (outfile_open(&probe, path, &e))
		die_err(&e);
	outfile_abort(&probe);
}

void cli_output_text(const char *text)
{
	while (*text != '\0') {
		size_t n = bytes_shown((const uint8_t *)text);

		fwrite(n == 0 ? "?" : text, 1, n == 0 ? 1 : n, stdout);
		text += n == 0 ? 1 : n;
	}
}

int cli_output_flush(struct err *e)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	err_errno(e, "cannot write");
	return err_in(e, "standard output");
}
