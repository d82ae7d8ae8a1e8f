/* SPDX-License-Identifier: ISC */
/* A scratch file for unit tests, removed when the program ends. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch_path[256];

static inline void scratch_remove(void)
{
	unlink(scratch_path);
}

/* The name of the scratch file, which no other process has. Its ending can be given once. */
static inline const char *scratch_name(const char *ending)
{
	const char *folder = getenv("TMPDIR");

	if (scratch_path[0] == '\0') {
		snprintf(scratch_path, sizeof scratch_path, "%.150s/potstill-unit.%ld%s",
			folder == NULL ? "/tmp" : folder, (long)getpid(), ending);
		atexit(scratch_remove);
	}
	return scratch_path;
}

/* Writes n bytes to the scratch file and returns its name. */
static inline const char *scratch_write(const void *bytes, size_t n)
{
	FILE *f = fopen(scratch_name(""), "wb");

	if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
		abort();
	return scratch_path;
}

#endif
