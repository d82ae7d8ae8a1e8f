/* SPDX-License-Identifier: ISC */
#include "tensor-file-unpack.h"

#include "bytes.h"
#include "err.h"
#include "zio.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

int unpack_read_at(int fd, uint64_t at, void *out, size_t n, struct err *e)
{
	char *p = out;

	while (n > 0) {
		ssize_t got = pread(fd, p, n > SSIZE_MAX ? SSIZE_MAX : n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(e, "cannot read");
		if (got == 0)
			return err_set(e, "truncated: ends after %" PRIu64 " bytes", at);
		p += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

void frame_room_release(struct frame_room *room)
{
	zio_unpacker_free(room->unpacker);
	free(room->packed);
	*room = (struct frame_room){0};
}

static int make_room(struct frame_room *room, size_t bytes, struct err *e)
{
	if (room->unpacker == NULL && (room->unpacker = zio_unpacker_new(e)) == NULL)
		return -1;
	if (room->bytes >= bytes)
		return 0;
	free(room->packed);
	room->bytes = 0;
	room->packed = malloc(bytes);
	if (room->packed == NULL)
		return err_set(e, "out of memory");
	room->bytes = bytes;
	return 0;
}

static int check_header(const uint8_t *bytes, size_t n, const struct frame *f, struct err *e)
{
	struct zio_header h;

	if (zio_header(bytes, n, &h, e))
		return -1;
	if (h.has_size && h.size != f->size)
		return err_set(e,
			"damaged: a frame declares %" PRIu64 " bytes, the seek table %" PRIu64,
			h.size, f->size);
	if (h.has_checksum && f->has_sum && bytes_le32(bytes + n - ZIO_CHECKSUM) != f->sum)
		return err_set(
			e, "damaged: the checksums of a frame and of the seek table differ");
	return 0;
}

int frame_unpack(
	struct frame_room *room, int fd, const struct frame *f, void *out, struct err *e)
{
	size_t n = (size_t)f->packed;

	if (make_room(room, n, e) || unpack_read_at(fd, f->packed_at, room->packed, n, e))
		return -1;
	if ((bytes_le32(room->packed) & ZIO_SKIPPABLE_MASK) == ZIO_SKIPPABLE)
		return f->size == 0 && bytes_le32(room->packed + 4) == n - 8
			       ? 0
			       : err_set(e, "damaged: a skippable frame of the wrong size");
	if (check_header(room->packed, n, f, e))
		return -1;
	return zio_unpack(room->unpacker, room->packed, n, out, (size_t)f->size, e);
}
