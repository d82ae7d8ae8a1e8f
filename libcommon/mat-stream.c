/* SPDX-License-Identifier: ISC */
#include "mat-stream.h"

#include "err.h"
#include "infile.h"
#include "size.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK 65536

struct mat_stream {
	const struct infile *f;
	uint64_t begin, at, end; /* in the file; `at` is the next byte */
	uint64_t first;		 /* where in[0] is from */
	size_t have;
	int packed, started; /* zlib: for this part, at all */
	int ended;	     /* zlib has seen the end and found the check sum right */
	z_stream z;
	uint8_t in[CHUNK], out[CHUNK];
};

struct mat_stream *mat_stream_new(const struct infile *f, struct err *e)
{
	struct mat_stream *s = size_alloc(1, sizeof *s, "a buffer", e);

	if (s != NULL)
		s->f = f;
	return s;
}

void mat_stream_free(struct mat_stream *s)
{
	if (s != NULL && s->started)
		inflateEnd(&s->z);
	free(s);
}

int mat_stream_begin(struct mat_stream *s, uint64_t at, uint64_t end, int packed, struct err *e)
{
	s->begin = at;
	s->at = packed ? at + MAT_TAG : at;
	s->end = end;
	s->packed = packed;
	s->ended = 0;
	if (!packed)
		return 0;
	if ((s->started ? inflateReset(&s->z) : inflateInit(&s->z)) != Z_OK)
		return err_set(e, "zlib does not start: out of memory");
	s->started = 1;
	return 0;
}

/* The bytes of the part that are in memory, from the next one on: their number, 0 at the end of
 * the part, -1. */
static ssize_t look(struct mat_stream *s, const uint8_t **bytes, struct err *e)
{
	uint64_t left = s->end - s->at;
	size_t used;

	*bytes = s->in;
	if (left == 0)
		return 0;
	if (s->at < s->first || s->at - s->first >= s->have) {
		ssize_t got = pread(s->f->fd, s->in, CHUNK, (off_t)s->at);

		if (got < 0)
			return err_errno(e, "cannot be read");
		if (got == 0)
			return err_set(e, "is cut short");
		s->first = s->at;
		s->have = (size_t)got;
	}
	used = (size_t)(s->at - s->first);
	*bytes = s->in + used;
	return (ssize_t)(s->have - used < left ? s->have - used : left);
}

static int broken(const struct mat_stream *s, const char *why, struct err *e)
{
	return err_set(e, "damaged: the array at byte %" PRIu64 " cannot be unpacked: %s",
		s->begin, why);
}

/* Unpacks up to n bytes; fewer only where the data ends there. Their number or -1. */
static ssize_t unpack(struct mat_stream *s, uint8_t *to, size_t n, struct err *e)
{
	s->z.next_out = to;
	s->z.avail_out = (uInt)n;
	while (s->z.avail_out > 0 && !s->ended) {
		const uint8_t *bytes;
		ssize_t have = look(s, &bytes, e);
		int status;

		if (have < 0)
			return -1;
		if (have == 0)
			return broken(s, "it is cut short", e);
		s->z.next_in = (uint8_t *)bytes;
		s->z.avail_in = (uInt)have;
		status = inflate(&s->z, Z_NO_FLUSH);
		s->at += (uint64_t)have - s->z.avail_in;
		s->ended = status == Z_STREAM_END;
		if (status == Z_MEM_ERROR)
			return err_set(e,
				"unpacking the array at byte %" PRIu64 ": out of memory",
				s->begin);
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return broken(s, s->z.msg ? s->z.msg : "it needs a dictionary", e);
	}
	return (ssize_t)(n - s->z.avail_out);
}

static int copy(struct mat_stream *s, uint8_t *to, size_t n, struct err *e)
{
	while (n > 0) {
		const uint8_t *bytes;
		ssize_t have = look(s, &bytes, e);
		size_t some;

		if (have < 0)
			return -1;
		if (have == 0)
			return err_set(e, "is cut short");
		some = size_min((size_t)have, n);
		memcpy(to, bytes, some);
		to += some;
		n -= some;
		s->at += some;
	}
	return 0;
}

int mat_stream_read(struct mat_stream *s, void *to, size_t n, struct err *e)
{
	ssize_t got;

	if (!s->packed)
		return copy(s, to, n, e);
	got = unpack(s, to, n, e);
	if (got < 0)
		return -1;
	return (size_t)got == n ? 0 : broken(s, "it ends before the array does", e);
}

int mat_stream_skip(struct mat_stream *s, uint64_t n, struct err *e)
{
	if (!s->packed) {
		s->at += n;
		return 0;
	}
	while (n > 0) {
		size_t some = n < CHUNK ? (size_t)n : CHUNK;

		if (mat_stream_read(s, s->out, some, e))
			return -1;
		n -= some;
	}
	return 0;
}

int mat_stream_finish(struct mat_stream *s, struct err *e)
{
	ssize_t more = s->packed ? unpack(s, s->out, 1, e) : 0;

	if (more < 0)
		return -1;
	if (more > 0 || s->at != s->end)
		return err_set(e,
			"damaged: there is something behind the array at byte %" PRIu64,
			s->begin);
	return 0;
}
