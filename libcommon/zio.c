/* SPDX-License-Identifier: ISC */
#include "zio.h"

#include "bytes.h"
#include "err.h"
#include "size.h"

#include <zstd.h>
#include <zstd_errors.h>

/* What `zstd -d` takes without being asked: 128 MiB. Our own frames are at most 1 MiB. */
#define WINDOW_LOG_MAX 27
#define WINDOW_LOG 20

struct zio_packer *zio_packer_new(int level, struct err *e)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();

	if (c == NULL) {
		err_set(e, "zstd: out of memory");
		return NULL;
	}
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, WINDOW_LOG);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	return (struct zio_packer *)c;
}

void zio_packer_free(struct zio_packer *p)
{
	ZSTD_freeCCtx((ZSTD_CCtx *)p);
}

size_t zio_bound(size_t n)
{
	return ZSTD_compressBound(n);
}

int zio_pack(struct zio_packer *p, const void *in, size_t n, void *out, size_t *packed,
	struct err *e)
{
	*packed = ZSTD_compress2((ZSTD_CCtx *)p, out, zio_bound(n), in, n);
	if (ZSTD_isError(*packed))
		return err_set(e, "zstd: %s", ZSTD_getErrorName(*packed));
	return 0;
}

/* A window over the memory limit is refused like every other declared size. */
static int window_log(void)
{
	int log = 10;

	while (log < WINDOW_LOG_MAX && (uint64_t)2 << log <= size_limit())
		log++;
	return log;
}

struct zio_unpacker *zio_unpacker_new(struct err *e)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();

	if (d == NULL) {
		err_set(e, "zstd: out of memory");
		return NULL;
	}
	ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, window_log());
	return (struct zio_unpacker *)d;
}

void zio_unpacker_free(struct zio_unpacker *u)
{
	ZSTD_freeDCtx((ZSTD_DCtx *)u);
}

/* The layout is that of RFC 8878, section 3.1.1.1; the functions that tell it are not stable
 * API. */
int zio_header(const uint8_t *frame, size_t n, struct zio_header *h, struct err *e)
{
	unsigned long long size = ZSTD_getFrameContentSize(frame, n);

	if (n < 5 || bytes_le32(frame) != ZIO_MAGIC || size == ZSTD_CONTENTSIZE_ERROR)
		return err_set(e, "damaged: no zstd frame where one should begin");
	if (frame[4] & 0x10)
		return err_set(e, "damaged: the unused bit of a frame header is set");
	h->has_checksum = (frame[4] & 4) != 0;
	h->has_size = size != ZSTD_CONTENTSIZE_UNKNOWN;
	h->size = h->has_size ? size : 0;
	return 0;
}

/* What a good file may do to a small machine is no damage. */
static int refuse(size_t code, struct err *e)
{
	char most[SIZE_TEXT];

	if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
		return err_set(e, "zstd: out of memory");
	if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
		return err_set(e, "a zstd frame needs a window of more than %s",
			size_text((uint64_t)1 << window_log(), most));
	return err_set(e, "damaged: zstd: %s", ZSTD_getErrorName(code));
}

int zio_unpack(struct zio_unpacker *u, const uint8_t *in, size_t n, void *out, size_t size,
	struct err *e)
{
	size_t end = ZSTD_findFrameCompressedSize(in, n), got;

	if (ZSTD_isError(end))
		return refuse(end, e);
	if (end != n)
		return err_set(e, "damaged: a frame ends after %zu bytes of %zu", end, n);
	got = ZSTD_decompressDCtx((ZSTD_DCtx *)u, out, size, in, n);
	if (ZSTD_isError(got))
		return refuse(got, e);
	if (got != size)
		return err_set(e, "damaged: a frame holds %zu bytes where %zu are declared",
			got, size);
	return 0;
}

int zio_step(struct zio_unpacker *u, struct zio_step *s, struct err *e)
{
	ZSTD_inBuffer in = {s->in, s->n, s->at};
	ZSTD_outBuffer out = {s->out, s->room, s->got};
	size_t left = ZSTD_decompressStream((ZSTD_DCtx *)u, &out, &in);

	s->at = in.pos;
	s->got = out.pos;
	if (ZSTD_isError(left))
		return refuse(left, e);
	return left == 0;
}
