/* SPDX-License-Identifier: ISC */
#include "tensor-file-stream.h"

#include "bytes.h"
#include "err.h"
#include "size.h"
#include "zio.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER ((size_t)256 << 10)
#define SKIPPABLE_HEADER 8

enum place { BETWEEN_FRAMES, IN_FRAME };

struct tensor_stream {
	int fd;
	int compressed;
	int has_table;
	int at_eof;
	uint64_t consumed; /* bytes of the file */
	uint8_t tail[4];   /* the last of them: of a frame its checksum, of a table its magic */
	enum place place;
	struct frame frame; /* the one that is being read */
	struct frame_list frames;
	struct zio_unpacker *unpacker;
	size_t at, end; /* what of the buffer is not consumed */
	uint8_t buffer[];
};

/* Bytes that were read, or 0 at the end of the file. */
static int read_some(struct tensor_stream *s, void *to, size_t room, size_t *got, struct err *e)
{
	ssize_t n;

	do
		n = read(s->fd, to, room > SSIZE_MAX ? SSIZE_MAX : room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(e, "cannot read");
	if (n == 0)
		s->at_eof = 1;
	*got = (size_t)n;
	return 0;
}

/* Brings at least `need` bytes to the buffer, fewer only at the end of the file. */
static int fill(struct tensor_stream *s, size_t need, struct err *e)
{
	size_t got = 0;

	if (s->end - s->at >= need)
		return 0;
	memmove(s->buffer, s->buffer + s->at, s->end - s->at);
	s->end -= s->at;
	s->at = 0;
	while (s->end < need && !s->at_eof) {
		if (read_some(s, s->buffer + s->end, BUFFER - s->end, &got, e))
			return -1;
		s->end += got;
	}
	return 0;
}

static void consume(struct tensor_stream *s, size_t n)
{
	const uint8_t *p = s->buffer + s->at;

	for (size_t i = n > 4 ? n - 4 : 0; i < n; i++) {
		memmove(s->tail, s->tail + 1, 3);
		s->tail[3] = p[i];
	}
	s->at += n;
	s->consumed += n;
}

static int truncated(const struct tensor_stream *s, const char *where, struct err *e)
{
	return err_set(e, "truncated: ends after %" PRIu64 " bytes, %s",
		s->consumed + (s->end - s->at), where);
}

/* The table's bytes come with the rest of the file, so a short file cannot ask for much. */
static int read_table(struct tensor_stream *s, size_t n, struct err *e)
{
	struct frame_list table;
	uint8_t *bytes;
	int failed = -1;

	if (n > FRAMES_FOOTER + 12 * s->frames.frames)
		return err_set(e, "damaged: a seek table of %zu bytes for %zu frames", n,
			s->frames.frames);
	bytes = size_alloc(n, 1, "the seek table", e);
	if (bytes == NULL)
		return -1;
	for (size_t got = 0; got < n;) {
		size_t part = 0;

		if (fill(s, 1, e))
			goto out;
		part = s->end - s->at < n - got ? s->end - s->at : n - got;
		if (part == 0) {
			truncated(s, "in the seek table", e);
			goto out;
		}
		memcpy(bytes + got, s->buffer + s->at, part);
		consume(s, part);
		got += part;
	}
	if (frames_parse_table(&table, bytes, n, e))
		goto out;
	failed = frames_compare(&table, &s->frames, e);
	frames_release(&table);
	s->has_table = 1;
out:
	free(bytes);
	return failed;
}

static int skip_bytes(struct tensor_stream *s, size_t n, struct err *e)
{
	while (n > 0) {
		size_t part = 0;

		if (fill(s, 1, e))
			return -1;
		part = s->end - s->at < n ? s->end - s->at : n;
		if (part == 0)
			return truncated(s, "in a skippable frame", e);
		consume(s, part);
		n -= part;
	}
	return 0;
}

/* A table in a frame of another kind is a damaged one: nobody else ends so. */
static int skip_frame(struct tensor_stream *s, struct err *e)
{
	struct frame f = {.skippable = 1};
	uint32_t magic, n;

	if (fill(s, SKIPPABLE_HEADER, e))
		return -1;
	if (s->end - s->at < SKIPPABLE_HEADER)
		return truncated(s, "in a skippable frame", e);
	magic = bytes_le32(s->buffer + s->at);
	n = bytes_le32(s->buffer + s->at + 4);
	consume(s, SKIPPABLE_HEADER);
	if (magic == FRAMES_TABLE_MAGIC)
		return read_table(s, n, e);
	if (skip_bytes(s, n, e))
		return -1;
	if (n >= FRAMES_FOOTER && bytes_le32(s->tail) == FRAMES_FOOTER_MAGIC)
		return err_set(e, "damaged: a seek table in a frame of the wrong kind");
	f.packed = SKIPPABLE_HEADER + (uint64_t)n;
	return frames_append(&s->frames, f, e);
}

static int begin_frame(struct tensor_stream *s, struct err *e)
{
	struct zio_header h;
	size_t left;

	if (fill(s, ZIO_HEADER, e))
		return -1;
	left = s->end - s->at;
	if (zio_header(s->buffer + s->at, left, &h, e)) {
		if (left < 4 ||
			(left < ZIO_HEADER && bytes_le32(s->buffer + s->at) == ZIO_MAGIC))
			return truncated(s, "in the header of a frame", e);
		return -1;
	}
	s->frame = (struct frame){.packed_at = s->consumed, .has_sum = h.has_checksum};
	s->place = IN_FRAME;
	return 0;
}

/* To the next frame with content: 1, or 0 at the end of the file. */
static int find_frame(struct tensor_stream *s, struct err *e)
{
	while (s->place == BETWEEN_FRAMES) {
		if (fill(s, 4, e))
			return -1;
		if (s->end == s->at)
			return 0;
		if (s->end - s->at >= 4 &&
			(bytes_le32(s->buffer + s->at) & ZIO_SKIPPABLE_MASK) == ZIO_SKIPPABLE) {
			if (skip_frame(s, e))
				return -1;
		} else if (begin_frame(s, e)) {
			return -1;
		}
	}
	return 1;
}

static int end_frame(struct tensor_stream *s, struct err *e)
{
	s->frame.packed = s->consumed - s->frame.packed_at;
	s->frame.sum = s->frame.has_sum ? bytes_le32(s->tail) : 0;
	s->place = BETWEEN_FRAMES;
	return frames_append(&s->frames, s->frame, e);
}

/* What the frame gives for the input at hand: up to `room` bytes. */
static int unpack_some(
	struct tensor_stream *s, void *out, size_t room, size_t *got, struct err *e)
{
	struct zio_step step = {.out = out, .room = room};
	int ended;

	if (fill(s, 1, e))
		return -1;
	step.in = s->buffer + s->at;
	step.n = s->end - s->at;
	ended = zio_step(s->unpacker, &step, e);
	if (ended < 0)
		return -1;
	consume(s, step.at);
	*got = step.got;
	s->frame.size += step.got;
	if (ended)
		return end_frame(s, e);
	if (step.n == 0 && step.got == 0)
		return truncated(s, "in a frame", e);
	return 0;
}

/* Up to n bytes of content; 0 bytes at its end. */
static int unpack(struct tensor_stream *s, uint8_t *out, size_t n, size_t *got, struct err *e)
{
	*got = 0;
	while (*got < n) {
		int found = find_frame(s, e);
		size_t part = 0;

		if (found < 0)
			return -1;
		if (!found)
			return 0;
		if (unpack_some(s, out + *got, n - *got, &part, e))
			return -1;
		*got += part;
	}
	return 0;
}

/* Plain bytes go past the buffer once it is empty. */
static int copy(struct tensor_stream *s, uint8_t *out, size_t n, size_t *got, struct err *e)
{
	*got = s->end - s->at < n ? s->end - s->at : n;
	memcpy(out, s->buffer + s->at, *got);
	s->at += *got;
	while (*got < n && !s->at_eof) {
		size_t part = 0;

		if (read_some(s, out + *got, n - *got, &part, e))
			return -1;
		*got += part;
	}
	s->consumed += *got;
	return 0;
}

int tensor_stream_read(struct tensor_stream *s, void *out, size_t n, struct err *e)
{
	size_t got = 0;

	if (s->compressed ? unpack(s, out, n, &got, e) : copy(s, out, n, &got, e))
		return -1;
	if (got < n)
		return truncated(s, "before its content does", e);
	return 0;
}

int tensor_stream_end(struct tensor_stream *s, struct err *e)
{
	uint8_t extra;
	size_t got = 0;

	if (!s->compressed) {
		if (copy(s, &extra, 1, &got, e))
			return -1;
		return got == 0 ? 0 : err_set(e, "extra bytes after the tensors");
	}
	while (s->place == IN_FRAME) {
		if (unpack_some(s, &extra, 1, &got, e))
			return -1;
		if (got > 0)
			return err_set(e, "extra bytes after the tensors");
	}
	switch (find_frame(s, e)) {
	case 0:
		return 0;
	case 1:
		return err_set(e, "extra frames after the tensors");
	default:
		return -1;
	}
}

/* No plain file begins like a frame: its header would be longer than is allowed. */
static int look(struct tensor_stream *s, struct err *e)
{
	uint32_t magic;

	if (fill(s, 4, e))
		return -1;
	if (s->end == 0)
		return err_set(e, "is empty");
	if (s->end < 4)
		return truncated(s, "in its first number", e);
	magic = bytes_le32(s->buffer);
	s->compressed = magic == ZIO_MAGIC || (magic & ZIO_SKIPPABLE_MASK) == ZIO_SKIPPABLE;
	if (!s->compressed)
		return 0;
	s->unpacker = zio_unpacker_new(e);
	return s->unpacker != NULL ? 0 : -1;
}

struct tensor_stream *tensor_stream_open(int fd, struct err *e)
{
	struct tensor_stream *s = malloc(sizeof *s + BUFFER);

	if (s == NULL) {
		err_set(e, "out of memory");
		return NULL;
	}
	memset(s, 0, sizeof *s);
	s->fd = fd;
	if (look(s, e)) {
		tensor_stream_close(s);
		return NULL;
	}
	return s;
}

void tensor_stream_close(struct tensor_stream *s)
{
	if (s == NULL)
		return;
	zio_unpacker_free(s->unpacker);
	frames_release(&s->frames);
	free(s);
}

int tensor_stream_compressed(const struct tensor_stream *s)
{
	return s->compressed;
}

int tensor_stream_has_table(const struct tensor_stream *s)
{
	return s->has_table;
}

uint64_t tensor_stream_packed(const struct tensor_stream *s)
{
	return s->consumed;
}

const struct frame_list *tensor_stream_frames(const struct tensor_stream *s)
{
	return &s->frames;
}
