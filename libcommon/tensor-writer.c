/* SPDX-License-Identifier: ISC */
/* tensor_file_save: frames are compressed in parallel, a batch at a time, and written in order.
 */
#include "bytes.h"
#include "err.h"
#include "outfile.h"
#include "size.h"
#include "tensor-file-frames.h"
#include "tensor-file-header.h"
#include "tensor-file.h"
#include "workers.h"
#include "zio.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_PER_WORKER 4

/* One frame of a batch: private to whoever packs it. */
struct packed {
	uint8_t *bytes;
	size_t n;
	struct err err;
	int failed;
};

struct writer {
	struct outfile *out;
	const struct tensor **order;
	size_t *start; /* [tensors + 1] where each tensor of the order begins in the data */
	size_t tensors;
	size_t *end; /* [ends] where each frame ends in the data */
	size_t ends;
	struct frame_list frames;
	struct workers *workers;
	int threads;
	size_t first; /* frame of the batch */
	size_t batch;
	struct packed *packed;	    /* [batch] */
	struct zio_packer **packer; /* [threads] */
	uint8_t **gather;	    /* [threads][FRAMES_MAX_BYTES] */
};

static uint64_t begin_of(const void *list, size_t i)
{
	return ((const size_t *)list)[i];
}

/* The bytes [begin, end) of the data: in place where one tensor has them all. */
static const void *bytes_of(const struct writer *w, size_t begin, size_t end, uint8_t *gather)
{
	size_t i = frames_search(w->start, w->tensors, begin_of, begin);
	uint8_t *to = gather;

	if (w->start[i + 1] >= end)
		return (const char *)w->order[i]->data + (begin - w->start[i]);
	for (; begin < end; i++) {
		size_t stop = w->start[i + 1] < end ? w->start[i + 1] : end;

		if (stop > begin)
			memcpy(to, (const char *)w->order[i]->data + (begin - w->start[i]),
				stop - begin);
		to += stop - begin;
		begin = stop;
	}
	return gather;
}

static void pack_frame(void *job, size_t part, int worker)
{
	struct writer *w = job;
	size_t frame = w->first + part, begin = frame == 0 ? 0 : w->end[frame - 1];
	const void *bytes = bytes_of(w, begin, w->end[frame], w->gather[worker]);
	struct packed *p = &w->packed[part];

	p->failed = zio_pack(
		w->packer[worker], bytes, w->end[frame] - begin, p->bytes, &p->n, &p->err);
}

/* Writes a frame and notes it; its last four bytes are the content's checksum. */
static int put_frame(
	struct writer *w, const uint8_t *bytes, size_t n, size_t size, struct err *e)
{
	struct frame f = {.packed = n, .size = size, .has_sum = 1};

	f.sum = bytes_le32(bytes + n - ZIO_CHECKSUM);
	if (frames_append(&w->frames, f, e))
		return -1;
	return outfile_write(w->out, bytes, n, e);
}

static int put_header(struct writer *w, const uint8_t *header, size_t n, struct err *e)
{
	uint8_t *bytes = size_alloc(zio_bound(n), 1, "the packed header", e);
	size_t packed;
	int failed = bytes == NULL || zio_pack(w->packer[0], header, n, bytes, &packed, e) ||
		     put_frame(w, bytes, packed, n, e);

	free(bytes);
	return failed ? -1 : 0;
}

static int put_batch(struct writer *w, size_t parts, struct err *e)
{
	if (w->workers != NULL)
		workers_run(w->workers, pack_frame, w, parts);
	else
		for (size_t i = 0; i < parts; i++)
			pack_frame(w, i, 0);
	for (size_t i = 0; i < parts; i++) {
		size_t frame = w->first + i, begin = frame == 0 ? 0 : w->end[frame - 1];

		if (w->packed[i].failed) {
			*e = w->packed[i].err;
			return -1;
		}
		if (put_frame(w, w->packed[i].bytes, w->packed[i].n, w->end[frame] - begin, e))
			return -1;
	}
	return 0;
}

static int put_frames(struct writer *w, struct err *e)
{
	for (w->first = 0; w->first < w->ends; w->first += w->batch) {
		size_t left = w->ends - w->first;

		if (put_batch(w, left < w->batch ? left : w->batch, e))
			return -1;
	}
	return 0;
}

static int put_table(struct writer *w, struct err *e)
{
	uint8_t *bytes;
	size_t n;
	int failed;

	if (frames_format_table(&w->frames, &bytes, &n, e))
		return -1;
	failed = outfile_write(w->out, bytes, n, e);
	free(bytes);
	return failed;
}

static int make_room(struct writer *w, int level, struct err *e)
{
	w->threads = w->workers == NULL ? 1 : workers_count(w->workers);
	w->batch = (size_t)w->threads * BATCH_PER_WORKER;
	if (w->batch > w->ends)
		w->batch = w->ends;
	w->packed = size_alloc(w->batch, sizeof *w->packed, "the batch", e);
	w->packer = size_alloc((size_t)w->threads, sizeof *w->packer, "the batch", e);
	w->gather = size_alloc((size_t)w->threads, sizeof *w->gather, "the batch", e);
	if (w->packed == NULL || w->packer == NULL || w->gather == NULL)
		return -1;
	for (int i = 0; i < w->threads; i++) {
		w->packer[i] = zio_packer_new(level, e);
		w->gather[i] = size_alloc(FRAMES_MAX_BYTES, 1, "a frame", e);
		if (w->packer[i] == NULL || w->gather[i] == NULL)
			return -1;
	}
	for (size_t i = 0; i < w->batch; i++) {
		w->packed[i].bytes =
			size_alloc(zio_bound(FRAMES_MAX_BYTES), 1, "a packed frame", e);
		if (w->packed[i].bytes == NULL)
			return -1;
	}
	return 0;
}

static void release_room(struct writer *w)
{
	for (int i = 0; i < w->threads && w->packer != NULL && w->gather != NULL; i++) {
		zio_packer_free(w->packer[i]);
		free(w->gather[i]);
	}
	for (size_t i = 0; i < w->batch && w->packed != NULL; i++)
		free(w->packed[i].bytes);
	free(w->packed);
	free(w->packer);
	free(w->gather);
	frames_release(&w->frames);
	free(w->end);
}

static int write_packed(
	struct writer *w, const uint8_t *header, size_t n, int level, struct err *e)
{
	if (frames_plan(w->start, w->tensors, &w->end, &w->ends, e) || make_room(w, level, e))
		return -1;
	return put_header(w, header, n, e) || put_frames(w, e) || put_table(w, e) ? -1 : 0;
}

static int write_plain(struct writer *w, const uint8_t *header, size_t n, struct err *e)
{
	if (outfile_write(w->out, header, n, e))
		return -1;
	for (size_t i = 0; i < w->tensors; i++)
		if (outfile_write(w->out, w->order[i]->data, w->order[i]->size, e))
			return -1;
	return 0;
}

static int is_plain(const char *path)
{
	static const char end[] = ".safetensors";
	size_t n = strlen(path);

	return n >= sizeof end - 1 && strcmp(path + n - (sizeof end - 1), end) == 0;
}

static int write_file(struct writer *w, const char *path, const uint8_t *header, size_t n,
	int level, struct err *e)
{
	int failed;

	if (outfile_open(w->out, path, e))
		return -1;
	failed = is_plain(path) ? write_plain(w, header, n, e)
				: write_packed(w, header, n, level, e);
	if (failed)
		outfile_abort(w->out);
	return failed;
}

int tensor_file_write(const struct tensor_set *s, struct outfile *o, const char *path,
	int level, struct workers *workers, struct err *e)
{
	struct writer w = {.out = o, .workers = workers, .tensors = s->tensors};
	uint8_t *header = NULL;
	size_t n;
	int failed = -1;

	w.order = size_alloc(s->tensors, sizeof *w.order, "the list of tensors", e);
	w.start = size_alloc(s->tensors + 1, sizeof *w.start, "the list of tensors", e);
	if (w.order == NULL || w.start == NULL)
		goto out;
	if (tensor_header_format(s, w.order, &header, &n, e)) {
		err_in(e, path);
		goto out;
	}
	for (size_t i = 0; i < s->tensors; i++)
		w.start[i + 1] = w.start[i] + w.order[i]->size;
	failed = write_file(&w, path, header, n, level, e);
out:
	release_room(&w);
	free(header);
	free(w.order);
	free(w.start);
	return failed;
}

int tensor_file_save(const struct tensor_set *s, const char *path, int level, struct workers *w,
	struct err *e)
{
	struct outfile o;

	return tensor_file_write(s, &o, path, level, w, e) ? -1 : outfile_commit(&o, e);
}
