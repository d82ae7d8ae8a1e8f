/* SPDX-License-Identifier: ISC */
#include "bytes.h"
#include "err.h"
#include "size.h"
#include "tensor-file-header.h"
#include "tensor-file-stream.h"
#include "tensor-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGNMENT 64
#define HEADER_STEP ((size_t)1 << 20)

static int read_header(struct tensor_set *s, struct tensor_stream *in, struct err *e)
{
	uint8_t length[8];
	char *json = NULL;
	size_t n, got = 0;
	int failed = -1;

	if (tensor_stream_read(in, length, 8, e))
		return -1;
	n = bytes_le64(length);
	if (n == 0 || n > TENSOR_HEADER_MAX)
		return err_set(e, "not a tensor file: a header of %zu bytes", n);
	while (got < n) {
		size_t part = n - got < HEADER_STEP ? n - got : HEADER_STEP;
		char *more = realloc(json, got + part);
		if (more == NULL) {
			err_set(e, "out of memory");
			goto out;
		}
		json = more;
		if (tensor_stream_read(in, json + got, part, e))
			goto out;
		got += part;
	}
	failed = tensor_header_parse(s, json, n, e);
out:
	free(json);
	return failed;
}

static int make_arena(struct tensor_set *s, struct err *e)
{
	size_t n = ALIGNMENT;
	char *p;

	for (size_t i = 0; i < s->tensors; i++)
		if (size_add(
			    n, (s->tensor[i].size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT, &n))
			return err_set(e, "the tensors do not fit the address space");
	if (size_check(n, "the tensors", e))
		return -1;
	s->arena = p = aligned_alloc(ALIGNMENT, n);
	if (p == NULL)
		return err_set(e, "out of memory");
	for (size_t i = 0; i < s->tensors; i++) {
		s->tensor[i].data = p;
		p += (s->tensor[i].size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	}
	return 0;
}

int tensor_file_load(struct tensor_set *s, const char *path, struct workers *w, struct err *e)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct tensor_stream *in = NULL;
	int failed = -1;

	(void)w;
	tensor_set_init(s);
	if (fd < 0)
		return err_errno(e, "\"%s\": cannot open", path);
	in = tensor_stream_open(fd, e);
	if (in == NULL || read_header(s, in, e) || make_arena(s, e))
		goto out;
	for (size_t i = 0; i < s->tensors; i++)
		if (tensor_stream_read(in, s->tensor[i].data, s->tensor[i].size, e))
			goto out;
	failed = tensor_stream_end(in, e);
out:
	if (failed) {
		err_in(e, path);
		tensor_set_release(s);
	}
	tensor_stream_close(in);
	if (fd != STDIN_FILENO)
		close(fd);
	return failed;
}
