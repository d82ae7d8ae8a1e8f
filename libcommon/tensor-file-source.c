/* SPDX-License-Identifier: ISC */
#include "tensor-file-source.h"

#include "bytes.h"
#include "err.h"
#include "size.h"
#include "tensor-file-stream.h"
#include "tensor-file-unpack.h"
#include "zio.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Other writers' frames may be larger than it is wise to unpack for a few rows. */
#define FRAME_MAX ((uint64_t)64 << 20)
#define SKIP_STEP ((size_t)64 << 10)

/* --- opening --- */

/* Only a table that fits the file exactly is of use; the stream finds out what is wrong with
 * others. */
static int table_fits(const struct tensor_source *s, uint64_t table)
{
	const struct frame *last;

	if (s->frames.frames == 0)
		return 0;
	for (size_t i = 0; i < s->frames.frames; i++)
		if (s->frames.frame[i].size > FRAME_MAX)
			return 0;
	last = &s->frames.frame[s->frames.frames - 1];
	return last->packed_at + last->packed + table == s->packed;
}

/* 0 also where there is no table that can be used. */
static int read_table(struct tensor_source *s, struct err *e)
{
	uint8_t footer[FRAMES_FOOTER], head[8], *bytes;
	struct err ignored;
	uint64_t n;

	if (s->packed < sizeof footer + sizeof head)
		return 0;
	if (unpack_read_at(s->fd, s->packed - sizeof footer, footer, sizeof footer, e))
		return -1;
	n = FRAMES_FOOTER + (uint64_t)bytes_le32(footer) * (footer[4] & 0x80 ? 12 : 8);
	if (bytes_le32(footer + 5) != FRAMES_FOOTER_MAGIC || n + sizeof head > s->packed)
		return 0;
	if (unpack_read_at(s->fd, s->packed - n - sizeof head, head, sizeof head, e))
		return -1;
	if (bytes_le32(head) != FRAMES_TABLE_MAGIC || bytes_le32(head + 4) != n)
		return 0;
	bytes = malloc((size_t)n);
	if (bytes == NULL)
		return err_set(e, "out of memory");
	if (unpack_read_at(s->fd, s->packed - n, bytes, (size_t)n, e)) {
		free(bytes);
		return -1;
	}
	if (frames_parse_table(&s->frames, bytes, (size_t)n, &ignored) ||
		!table_fits(s, n + sizeof head))
		frames_release(&s->frames);
	free(bytes);
	return 0;
}

static int open_regular(struct tensor_source *s, struct err *e)
{
	uint8_t first[4];
	uint32_t magic;

	if (s->packed < sizeof first)
		return err_set(
			e, s->packed == 0 ? "is empty" : "truncated: ends in its first number");
	if (unpack_read_at(s->fd, 0, first, sizeof first, e))
		return -1;
	magic = bytes_le32(first);
	s->plain = magic != ZIO_MAGIC && (magic & ZIO_SKIPPABLE_MASK) != ZIO_SKIPPABLE;
	if (s->plain)
		return 0;
	if (read_table(s, e))
		return -1;
	return s->frames.frames > 0 ? 0 : tensor_source_in_order(s, e);
}

int tensor_source_open(struct tensor_source *s, const char *path, struct err *e)
{
	int is_stdin = strcmp(path, "-") == 0, failed;
	struct stat st;

	*s = (struct tensor_source){.fd = STDIN_FILENO};
	if (!is_stdin)
		s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_errno(e, "cannot open");
	if (fstat(s->fd, &st)) {
		err_errno(e, "cannot read");
		tensor_source_close(s);
		return -1;
	}
	s->regular = !is_stdin && S_ISREG(st.st_mode);
	s->packed = s->regular ? (uint64_t)st.st_size : 0;
	failed = s->regular ? open_regular(s, e) : tensor_source_in_order(s, e);
	if (failed)
		tensor_source_close(s);
	return failed;
}

void tensor_source_close(struct tensor_source *s)
{
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
	tensor_stream_close(s->stream);
	s->stream = NULL;
	frames_release(&s->frames);
	frame_room_release(&s->room);
	free(s->cache);
	s->cache = NULL;
}

int tensor_source_size(const struct tensor_source *s, uint64_t *size)
{
	const struct frame *last;

	if (s->plain) {
		*size = s->packed;
		return 1;
	}
	if (s->frames.frames == 0)
		return 0;
	last = &s->frames.frame[s->frames.frames - 1];
	*size = last->at + last->size;
	return 1;
}

/* --- reading --- */

int tensor_source_in_order(struct tensor_source *s, struct err *e)
{
	tensor_stream_close(s->stream);
	s->stream = NULL;
	s->at = 0;
	if (s->regular && lseek(s->fd, 0, SEEK_SET) != 0)
		return err_errno(e, "cannot go back to the beginning");
	s->stream = tensor_stream_open(s->fd, e);
	return s->stream != NULL ? 0 : -1;
}

static int read_stream(struct tensor_source *s, uint64_t at, void *out, size_t n, struct err *e)
{
	uint8_t skipped[SKIP_STEP];

	if (at < s->at && !s->regular)
		return err_set(e,
			"cannot go back in a pipe (from byte %" PRIu64 " to %" PRIu64 ")",
			s->at, at);
	if (at < s->at && tensor_source_in_order(s, e))
		return -1;
	while (s->at < at) {
		size_t part = at - s->at < SKIP_STEP ? (size_t)(at - s->at) : SKIP_STEP;

		if (tensor_stream_read(s->stream, skipped, part, e))
			return -1;
		s->at += part;
	}
	s->at += n;
	return tensor_stream_read(s->stream, out, n, e);
}

static uint64_t begin_of(const void *list, size_t i)
{
	return ((const struct frame *)list)[i].at;
}

static int cache_frame(struct tensor_source *s, const struct frame *f, struct err *e)
{
	if (s->cached == f)
		return 0;
	s->cached = NULL;
	if (s->cache_room < f->size) {
		free(s->cache);
		s->cache_room = 0;
		s->cache = NULL;
		if (size_check(f->size, "a frame", e))
			return -1;
		s->cache = malloc((size_t)f->size);
		if (s->cache == NULL)
			return err_set(e, "out of memory");
		s->cache_room = (size_t)f->size;
	}
	if (frame_unpack(&s->room, s->fd, f, s->cache, e))
		return -1;
	s->cached = f;
	return 0;
}

static int read_frames(
	struct tensor_source *s, uint64_t at, uint8_t *out, size_t n, struct err *e)
{
	uint64_t size = 0;

	if (!tensor_source_size(s, &size) || at > size || n > size - at)
		return err_set(e, "truncated: holds %" PRIu64 " bytes of content", size);
	while (n > 0) {
		const struct frame_list *l = &s->frames;
		const struct frame *f =
			&l->frame[frames_search(l->frame, l->frames, begin_of, at)];
		uint64_t skip = at - f->at, left = f->size - skip;
		size_t part = left < n ? (size_t)left : n;

		if (part == f->size && s->cached != f) {
			if (frame_unpack(&s->room, s->fd, f, out, e))
				return -1;
		} else {
			if (cache_frame(s, f, e))
				return -1;
			memcpy(out, s->cache + skip, part);
		}
		out += part;
		at += part;
		n -= part;
	}
	return 0;
}

int tensor_source_read(struct tensor_source *s, uint64_t at, void *out, size_t n, struct err *e)
{
	if (s->stream != NULL)
		return read_stream(s, at, out, n, e);
	if (s->plain)
		return unpack_read_at(s->fd, at, out, n, e);
	return read_frames(s, at, out, n, e);
}

/* --- the end --- */

/*
 * A file that was cut right before its seek table is a good zstd file with all its bytes. It
 * is known by the version in its metadata, and by frames that lie exactly as we lay them.
 */
static int check_table(
	const struct tensor_source *s, const struct tensor_set *set, size_t base, struct err *e)
{
	const struct frame_list *seen = tensor_stream_frames(s->stream);
	size_t *start, *end, ends, i = 0;
	int ours = 0;

	if (tensor_set_meta(set, "potstill.version") == NULL ||
		tensor_stream_has_table(s->stream))
		return 0;
	start = size_alloc(set->tensors + 1, sizeof *start, "the list of tensors", e);
	if (start == NULL)
		return -1;
	for (size_t t = 0; t < set->tensors; t++)
		start[t + 1] = start[t] + set->tensor[t].size;
	if (frames_plan(start, set->tensors, &end, &ends, e)) {
		free(start);
		return -1;
	}
	if (seen->frames == ends + 1 && seen->frame[0].size == base) {
		while (i < ends &&
			seen->frame[i + 1].at + seen->frame[i + 1].size == base + end[i])
			i++;
		ours = i == ends;
	}
	free(start);
	free(end);
	return ours ? err_set(e, "truncated: the seek table is missing") : 0;
}

int tensor_source_end(
	struct tensor_source *s, const struct tensor_set *set, size_t base, struct err *e)
{
	if (s->stream == NULL)
		return 0;
	if (tensor_stream_end(s->stream, e))
		return -1;
	return tensor_stream_compressed(s->stream) ? check_table(s, set, base, e) : 0;
}
