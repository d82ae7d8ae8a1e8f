/* SPDX-License-Identifier: ISC */
#include "tensor-reader.h"

#include "bytes.h"
#include "err.h"
#include "size.h"
#include "tensor-file-header.h"
#include "tensor-file-stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STEP ((size_t)1 << 20)

static tensor_file_warn *on_warning;

/* --- the header --- */

static int check_length(const struct tensor_source *s, uint64_t n, struct err *e)
{
	uint64_t size;

	if (n == 0)
		return err_set(e, "not a tensor file: its header has no bytes");
	if (n > TENSOR_HEADER_MAX)
		return err_set(e,
			"not a tensor file: a header of %" PRIu64
			" bytes, at most %d are allowed",
			n, TENSOR_HEADER_MAX);
	if (tensor_source_size(s, &size) && n > size - 8)
		return err_set(e,
			"truncated: a header of %" PRIu64 " bytes in a file of %" PRIu64, n,
			size);
	return 0;
}

/* In steps that double: a stream may declare more than it has. */
static char *read_json(struct tensor_source *s, size_t n, struct err *e)
{
	char *json = NULL;

	for (size_t got = 0; got < n;) {
		size_t step = got < STEP ? STEP : got, part = n - got < step ? n - got : step;
		char *more = realloc(json, got + part);

		if (more == NULL)
			err_set(e, "out of memory");
		else
			json = more;
		if (more == NULL || tensor_source_read(s, 8 + got, json + got, part, e)) {
			free(json);
			return NULL;
		}
		got += part;
	}
	return json;
}

static int check_size(const struct tensor_reader *r, struct err *e)
{
	uint64_t size, declared = r->base + r->set.bytes;

	if (!tensor_source_size(&r->source, &size) || size == declared)
		return 0;
	if (size < declared)
		return err_set(e,
			"truncated: holds %" PRIu64 " bytes of the %" PRIu64
			" that its header declares",
			size, declared);
	return err_set(e, "extra bytes after the tensors: %" PRIu64, size - declared);
}

static int read_header(struct tensor_reader *r, struct err *e)
{
	uint8_t length[8];
	char *json;
	uint64_t n, size;
	int failed;

	if (tensor_source_size(&r->source, &size) && size < sizeof length)
		return err_set(e, "truncated: ends in its first number");
	if (tensor_source_read(&r->source, 0, length, sizeof length, e))
		return -1;
	n = bytes_le64(length);
	if (check_length(&r->source, n, e))
		return -1;
	json = read_json(&r->source, (size_t)n, e);
	if (json == NULL)
		return -1;
	r->base = sizeof length + (size_t)n;
	failed = tensor_header_parse(&r->set, json, (size_t)n, e);
	free(json);
	if (!failed && r->set.bytes > SIZE_MAX / 2 - r->base)
		return err_set(e, "the tensors do not fit the address space");
	return failed ? -1 : check_size(r, e);
}

void tensor_file_on_warning(tensor_file_warn *f)
{
	on_warning = f;
}

int tensor_reader_start(struct tensor_reader *r, const char *path, struct err *e)
{
	*r = (struct tensor_reader){.path = path};
	if (tensor_source_open(&r->source, path, e))
		return err_in(e, path);
	if (read_header(r, e)) {
		tensor_reader_stop(r);
		return err_in(e, path);
	}
	if (r->set.warning != NULL && on_warning != NULL)
		on_warning(path, r->set.warning);
	return 0;
}

void tensor_reader_stop(struct tensor_reader *r)
{
	tensor_source_close(&r->source);
	tensor_set_release(&r->set);
}

/* --- the interface --- */

struct tensor_reader *tensor_reader_open(const char *path, struct err *e)
{
	size_t n = strlen(path) + 1;
	struct tensor_reader *r = malloc(sizeof *r + n);

	if (r == NULL) {
		err_set(e, "\"%s\": out of memory", path);
		return NULL;
	}
	if (tensor_reader_start(r, memcpy(r + 1, path, n), e)) {
		free(r);
		return NULL;
	}
	return r;
}

void tensor_reader_close(struct tensor_reader *r)
{
	if (r == NULL)
		return;
	tensor_reader_stop(r);
	free(r);
}

const struct tensor_set *tensor_reader_header(const struct tensor_reader *r)
{
	return &r->set;
}

int tensor_reader_bytes(struct tensor_reader *r, const struct tensor *t, size_t from,
	void *bytes, size_t n, struct err *e)
{
	if (from > t->size || n > t->size - from)
		return err_set(e, "\"%s\": tensor \"%.200s\" has no bytes %zu to %zu", r->path,
			t->name, from, from + n);
	if (tensor_source_read(&r->source, r->base + t->begin + from, bytes, n, e))
		return err_in(e, r->path);
	return 0;
}

int tensor_reader_rows(struct tensor_reader *r, const struct tensor *t, size_t from, size_t to,
	void *rows, struct err *e)
{
	size_t row;

	if (t->rank == 0 || from > to || to > t->shape[0])
		return err_set(e, "\"%s\": tensor \"%.200s\" has no rows %zu to %zu", r->path,
			t->name, from, to);
	row = t->shape[0] == 0 ? 0 : t->size / t->shape[0];
	return tensor_reader_bytes(r, t, from * row, rows, (to - from) * row, e);
}

static int scan_tensor(struct tensor_reader *r, const struct tensor *t, uint8_t *bytes,
	tensor_visit *visit, void *job, struct err *e)
{
	for (size_t from = 0; from < t->size; from += STEP) {
		size_t n = t->size - from < STEP ? t->size - from : STEP;

		if (tensor_source_read(&r->source, r->base + t->begin + from, bytes, n, e))
			return -1;
		if (visit != NULL)
			visit(job, t, from, bytes, n);
	}
	return 0;
}

int tensor_reader_scan(struct tensor_reader *r, tensor_visit *visit, void *job, struct err *e)
{
	uint8_t *bytes = size_alloc(STEP, 1, "a part of a tensor", e);
	int failed = -1;

	if (bytes == NULL)
		return err_in(e, r->path);
	if (!r->source.plain && r->source.stream == NULL &&
		tensor_source_in_order(&r->source, e))
		goto out;
	for (size_t i = 0; i < r->set.tensors; i++)
		if (scan_tensor(r, &r->set.tensor[i], bytes, visit, job, e))
			goto out;
	/* Where no tensor has any bytes, nothing brought the stream past the header. */
	if (tensor_source_read(&r->source, r->base + r->set.bytes, bytes, 0, e))
		goto out;
	failed = tensor_source_end(&r->source, &r->set, r->base, e);
out:
	free(bytes);
	return failed ? err_in(e, r->path) : 0;
}

struct tensor_file_shape tensor_reader_shape(const struct tensor_reader *r)
{
	const struct tensor_source *s = &r->source;
	struct tensor_file_shape shape = {
		.packed = s->packed, .unpacked = r->base + r->set.bytes};
	const struct frame_list *frames = &s->frames;

	shape.seekable = frames->frames > 0;
	if (s->stream != NULL && !s->regular)
		shape.packed = tensor_stream_packed(s->stream);
	if (s->stream != NULL && tensor_stream_compressed(s->stream)) {
		frames = tensor_stream_frames(s->stream);
		shape.seekable |= tensor_stream_has_table(s->stream);
	}
	for (size_t i = 0; i < frames->frames; i++)
		shape.frames += !frames->frame[i].skippable;
	return shape;
}
