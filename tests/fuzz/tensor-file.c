/* SPDX-License-Identifier: ISC */
/*
 * Whatever bytes a tensor file has, reading it ends, in bounded memory, with the same
 * verdict from a file, from a pipe and from a scan. Run by libFuzzer (`make fuzz`), and on
 * tests/data by replay.c in `make check`.
 */
#define _GNU_SOURCE /* memfd_create */
#include "tensor-file.h"
#include "err.h"
#include "size.h"
#include "tensor-scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIPE_BYTES 65536
#define MEMORY ((uint64_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "tensor-file: %s\n", what);
	abort();
}

static void require_text(const struct err *e)
{
	require(e->text[0] != '\0', "an error without a text");
}

/* 1 and the fingerprint where the file is good. */
static int load(int fd, struct fingerprint *f)
{
	struct tensor_set s;
	struct err e = {""};
	char path[32];

	snprintf(path, sizeof path, "/dev/fd/%d", fd);
	if (tensor_file_load(&s, path, NULL, &e)) {
		require_text(&e);
		return 0;
	}
	require(tensor_set_fingerprint(&s, f, &e) == 0, "no fingerprint");
	tensor_set_release(&s);
	return 1;
}

static void read_rows(struct tensor_reader *r)
{
	const struct tensor_set *s = tensor_reader_header(r);
	struct err e;

	for (size_t i = s->tensors; i > 0; i--) {
		const struct tensor *t = &s->tensor[i - 1];
		size_t n = t->size < 4096 ? t->size : 4096;
		uint8_t bytes[4096];

		if (tensor_reader_bytes(r, t, t->size - n, bytes, n, &e))
			require_text(&e);
	}
}

static int scan(int fd, struct fingerprint *f)
{
	struct tensor_scan result;
	struct tensor_reader *r;
	struct err e = {""};
	char path[32];
	int good;

	snprintf(path, sizeof path, "/dev/fd/%d", fd);
	r = tensor_reader_open(path, &e);
	if (r == NULL) {
		require_text(&e);
		return 0;
	}
	read_rows(r);
	good = tensor_scan(&result, r, 1, &e) == 0;
	tensor_reader_close(r);
	if (!good) {
		require_text(&e);
		return 0;
	}
	*f = result.fingerprint;
	tensor_scan_release(&result);
	return 1;
}

static int memory_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("tensor-file", 0);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size,
		"cannot make a file in memory");
	return fd;
}

static int full_pipe(const uint8_t *data, size_t size)
{
	int fd[2];

	require(pipe(fd) == 0 && write(fd[1], data, size) == (ssize_t)size,
		"cannot fill a pipe");
	close(fd[1]);
	return fd[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fingerprint from_file, from_scan, from_pipe;
	int fd = memory_file(data, size), good;

	size_set_limit(MEMORY);
	good = load(fd, &from_file);
	require(scan(fd, &from_scan) == good, "file and scan disagree");
	require(!good || fingerprint_equal(from_file, from_scan),
		"file and scan read other bytes");
	close(fd);
	if (size > PIPE_BYTES)
		return 0;
	fd = full_pipe(data, size);
	require(load(fd, &from_pipe) == good, "file and pipe disagree");
	require(!good || fingerprint_equal(from_file, from_pipe),
		"file and pipe read other bytes");
	close(fd);
	return 0;
}
