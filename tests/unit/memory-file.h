/* SPDX-License-Identifier: ISC */
/* Files and pipes that never touch a disk, for tests that write thousands of them. */
#ifndef MEMORY_FILE_H
#define MEMORY_FILE_H

#include "err.h"
#include "tensor-file.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name for a file of this process; the folder is in memory where there is such a one. */
static inline const char *memory_name(void)
{
	static char name[128];

	snprintf(name, sizeof name, "%s/potstill-unit.%ld",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
	return name;
}

/*
 * The bytes as a file, or as a pipe that holds them (at most 64 KiB) and ends. The
 * name is good until the next call.
 */
static inline const char *memory_put(const uint8_t *bytes, size_t n, int through_pipe)
{
	static char pipe_name[64];
	static int reader = -1;
	int fd[2];

	if (reader >= 0)
		close(reader);
	reader = -1;
	if (!through_pipe || n > 65536) {
		fd[1] = open(memory_name(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
		check(fd[1] >= 0 && write(fd[1], bytes, n) == (ssize_t)n,
			"cannot write a file");
		close(fd[1]);
		return memory_name();
	}
	check(pipe(fd) == 0 && write(fd[1], bytes, n) == (ssize_t)n, "cannot write a pipe");
	close(fd[1]);
	reader = fd[0];
	snprintf(pipe_name, sizeof pipe_name, "/dev/fd/%d", reader);
	return pipe_name;
}

/* What a set becomes on disk: n bytes for free(). */
static inline uint8_t *memory_save(const struct tensor_set *s, struct workers *w, size_t *n)
{
	struct err e;
	struct stat st = {.st_size = 0};
	uint8_t *bytes = NULL;
	int fd;

	check(tensor_file_save(s, memory_name(), TENSOR_LEVEL, w, &e) == 0, "%s", e.text);
	fd = open(memory_name(), O_RDONLY);
	check(fd >= 0 && fstat(fd, &st) == 0, "no file");
	*n = (size_t)st.st_size;
	bytes = calloc(*n + 1, 1);
	check(bytes != NULL && read(fd, bytes, *n) == (ssize_t)*n, "cannot read");
	close(fd);
	unlink(memory_name());
	return bytes;
}

#endif
