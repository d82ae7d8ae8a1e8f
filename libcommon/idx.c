/* SPDX-License-Identifier: ISC */
#include "idx.h"

#include "bytes.h"
#include "err.h"
#include "infile.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <zlib.h>

#define CHUNK 65536
#define GZIP 16		   /* added to zlib's window bits: gzip's wrapper and nothing else */
#define DEFLATE_RATIO 1032 /* no deflate stream unpacks to more times its length */

/* A file as a stream of unpacked bytes. */
struct source {
	struct infile file;
	int packed;	   /* gzip: z is in use */
	int between;	   /* at the end of a gzip member */
	size_t have, next; /* in[next .. have) is not used yet */
	z_stream z;
	struct fingerprint_state *sum;
	uint8_t in[CHUNK];
};

/* Refills the input when it is used up: 1, 0 at the end of the file, -1 on an error. */
static int fill(struct source *s, struct err *e)
{
	if (s->next < s->have)
		return 1;
	s->next = 0;
	if (infile_read(&s->file, s->in, sizeof s->in, &s->have, e))
		return -1;
	return s->have > 0;
}

static int source_open(struct source *s, const char *path, struct err *e)
{
	if (infile_open(&s->file, path, e) || fill(s, e) < 0)
		return -1;
	s->sum = fingerprint_new();
	if (s->sum == NULL)
		return err_set(e, "out of memory");
	if (s->have < 2 || s->in[0] != 0x1f || s->in[1] != 0x8b)
		return 0;
	if (inflateInit2(&s->z, MAX_WBITS + GZIP) != Z_OK)
		return err_set(e, "zlib does not start: out of memory");
	s->packed = 1;
	return 0;
}

static void source_close(struct source *s)
{
	if (s->packed)
		inflateEnd(&s->z);
	if (s->sum != NULL)
		fingerprint_finish(s->sum);
	infile_close(&s->file);
}

/* How much a regular file can hold at most, so that a lie in its header costs nothing. */
static uint64_t most_bytes(const struct source *s)
{
	if (!s->packed || s->file.bytes > UINT64_MAX / DEFLATE_RATIO)
		return s->file.bytes;
	return s->file.bytes * DEFLATE_RATIO;
}

/* Unpacks some bytes, at least one unless the file ends: their number or -1. */
static ssize_t unpack(struct source *s, uint8_t *to, size_t n, struct err *e)
{
	uInt space = n < CHUNK ? (uInt)n : CHUNK;
	int status = Z_OK;

	s->z.avail_out = space;
	s->z.next_out = to;
	while (s->z.avail_out == space) {
		int more = fill(s, e);

		if (more < 0)
			return -1;
		if (more == 0 && s->between)
			return 0;
		if (more == 0)
			return err_set(e, "gzip data is cut short");
		if (s->between && inflateReset(&s->z) != Z_OK)
			return err_set(e, "zlib cannot go on");
		s->between = 0;
		s->z.next_in = s->in + s->next;
		s->z.avail_in = (uInt)(s->have - s->next);
		status = inflate(&s->z, Z_NO_FLUSH);
		s->next = s->have - s->z.avail_in;
		s->between = status == Z_STREAM_END;
		if (status == Z_MEM_ERROR)
			return err_set(e, "unpacking gzip data: out of memory");
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return err_set(e, "gzip data is corrupt: %s",
				s->z.msg ? s->z.msg : "it needs a dictionary");
	}
	return (ssize_t)(space - s->z.avail_out);
}

static ssize_t copy(struct source *s, uint8_t *to, size_t n, struct err *e)
{
	int more = fill(s, e);
	size_t have = s->have - s->next;

	if (more <= 0)
		return more;
	n = n < have ? n : have;
	memcpy(to, s->in + s->next, n);
	s->next += n;
	return (ssize_t)n;
}

/* Reads up to n bytes, fewer only at the end of the file: their number in *got. */
static int source_read(struct source *s, uint8_t *to, size_t n, size_t *got, struct err *e)
{
	*got = 0;
	while (*got < n) {
		ssize_t more = s->packed ? unpack(s, to + *got, n - *got, e)
					 : copy(s, to + *got, n - *got, e);

		if (more < 0)
			return -1;
		if (more == 0)
			break;
		*got += (size_t)more;
	}
	fingerprint_add(s->sum, to, *got);
	return 0;
}

static size_t type_size(enum idx_type t)
{
	return t == IDX_I16 ? 2 : t == IDX_I32 ? 4 : 1;
}

static int read_type(struct idx *x, struct source *s, struct err *e)
{
	uint8_t head[4];
	size_t got;

	if (source_read(s, head, sizeof head, &got, e))
		return -1;
	if (got < sizeof head || head[0] != 0 || head[1] != 0)
		return err_set(e, "is no IDX file");
	if (head[2] == 0x0d || head[2] == 0x0e)
		return err_set(
			e, "holds floating-point numbers, which are not supported in IDX");
	if (head[2] != IDX_U8 && head[2] != IDX_I8 && head[2] != IDX_I16 && head[2] != IDX_I32)
		return err_set(e, "has the unknown IDX type 0x%02x", head[2]);
	if (head[3] < 1 || head[3] > IDX_MAX_RANK)
		return err_set(e, "has rank %d; 1 to %d are supported", head[3], IDX_MAX_RANK);
	x->type = (enum idx_type)head[2];
	x->rank = head[3];
	return 0;
}

static int read_shape(struct idx *x, struct source *s, struct err *e)
{
	uint8_t dimension[4];
	size_t got, bytes;

	x->values = 1;
	for (int i = 0; i < x->rank; i++) {
		if (source_read(s, dimension, sizeof dimension, &got, e))
			return -1;
		if (got < sizeof dimension)
			return err_set(e, "is cut short within its header");
		x->shape[i] = bytes_be32(dimension);
		if (x->shape[i] == 0)
			return err_set(e, "dimension %d is 0", i + 1);
		if (size_mul(x->values, x->shape[i], &x->values))
			return err_set(e, "declares more values than there are addresses");
	}
	if (size_mul(x->values, type_size(x->type), &bytes))
		return err_set(e, "declares more values than there are addresses");
	if (bytes > most_bytes(s))
		return err_set(e, "is cut short: it declares %zu bytes of values", bytes);
	return 0;
}

static int read_values(struct idx *x, struct source *s, struct err *e)
{
	size_t size = type_size(x->type), n = x->values * size, got;
	uint8_t extra;

	x->bytes = size_alloc(x->values, size, "values", e);
	if (x->bytes == NULL || source_read(s, x->bytes, n, &got, e))
		return -1;
	if (got < n)
		return err_set(e, "is cut short: %zu of %zu bytes of values", got, n);
	if (source_read(s, &extra, 1, &got, e))
		return -1;
	if (got > 0)
		return err_set(e, "goes on behind its %zu bytes of values", n);
	x->fingerprint = fingerprint_finish(s->sum);
	s->sum = NULL;
	return 0;
}

int idx_load(struct idx *x, const char *path, struct err *e)
{
	struct source *s = size_alloc(1, sizeof *s, "a buffer", e);
	int bad = -1;

	*x = (struct idx){0};
	if (s == NULL)
		return err_in(e, path);
	if (source_open(s, path, e) || read_type(x, s, e) || read_shape(x, s, e) ||
		read_values(x, s, e)) {
		idx_release(x);
		err_in(e, path);
	} else {
		bad = 0;
	}
	source_close(s);
	free(s);
	return bad;
}

void idx_release(struct idx *x)
{
	free(x->bytes);
	*x = (struct idx){0};
}

int32_t idx_value(const struct idx *x, size_t i)
{
	const uint8_t *p = x->bytes + i * type_size(x->type);

	switch (x->type) {
	case IDX_U8:
		return *p;
	case IDX_I8:
		return (int8_t)*p;
	case IDX_I16:
		return (int16_t)(p[0] << 8 | p[1]);
	case IDX_I32:
		return (int32_t)bytes_be32(p);
	}
	return 0;
}
