/* SPDX-License-Identifier: ISC */
/* tensor_file_load: frames of a seekable file are unpacked in parallel, all else in order. */
#include "err.h"
#include "size.h"
#include "tensor-reader.h"
#include "workers.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

/* What one worker has for itself. */
struct loader_room {
	struct frame_room frame;
	uint8_t *bytes; /* for frames that hold parts of several tensors */
	size_t failed;	/* 1 + the first of its frames that failed */
	struct err err;
};

struct loader {
	struct tensor_reader reader;
	struct loader_room *room;
	int rooms;
};

static size_t aligned(size_t n)
{
	return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Pages that the file turns out not to have are never touched: nothing is cleared here. */
static int make_arena(struct tensor_set *s, struct err *e)
{
	size_t n = ALIGNMENT;
	char *p;

	for (size_t i = 0; i < s->tensors; i++)
		if (size_add(n, aligned(s->tensor[i].size), &n))
			return err_set(e, "the tensors do not fit the address space");
	if (size_check(n, "the tensors", e))
		return -1;
	s->arena = p = aligned_alloc(ALIGNMENT, n);
	if (p == NULL)
		return err_set(e, "out of memory for %zu bytes of tensors", s->bytes);
	for (size_t i = 0; i < s->tensors; i++) {
		s->tensor[i].data = p;
		p += aligned(s->tensor[i].size);
	}
	return 0;
}

static uint64_t begin_of(const void *list, size_t i)
{
	return ((const struct tensor *)list)[i].begin;
}

/* The tensor that holds the byte at a place. */
static size_t tensor_at(const struct tensor_set *s, size_t at)
{
	return frames_search(s->tensor, s->tensors, begin_of, at);
}

/* Copies the bytes [at, at + n) of the data to the tensors that they belong to. */
static void scatter(const struct tensor_set *s, const uint8_t *bytes, size_t at, size_t n)
{
	for (size_t i = tensor_at(s, at); n > 0; i++) {
		const struct tensor *t = &s->tensor[i];
		size_t skip = at - t->begin, left = t->size - skip, part = left < n ? left : n;

		memcpy((char *)t->data + skip, bytes, part);
		bytes += part;
		at += part;
		n -= part;
	}
}

static int load_frame(
	struct loader *l, const struct frame *f, struct loader_room *room, struct err *e)
{
	const struct tensor_set *s = &l->reader.set;
	size_t base = l->reader.base, size = (size_t)f->size;
	size_t skip = f->at >= base ? 0 : base - f->at < size ? (size_t)(base - f->at) : size;
	size_t at = (size_t)f->at + skip - base;

	if (skip == 0 && size > 0) {
		const struct tensor *t = &s->tensor[tensor_at(s, at)];

		if (at + size <= t->begin + t->size)
			return frame_unpack(&room->frame, l->reader.source.fd, f,
				(char *)t->data + (at - t->begin), e);
	}
	if (frame_unpack(&room->frame, l->reader.source.fd, f, room->bytes, e))
		return -1;
	scatter(s, room->bytes + skip, at, size - skip);
	return 0;
}

static void load_part(void *job, size_t frame, int worker)
{
	struct loader *l = job;
	struct loader_room *room = &l->room[worker];
	struct err e;

	if (load_frame(l, &l->reader.source.frames.frame[frame], room, &e) &&
		room->failed == 0) {
		room->failed = frame + 1;
		room->err = e;
	}
}

static int make_rooms(struct loader *l, struct workers *w, struct err *e)
{
	const struct frame_list *list = &l->reader.source.frames;
	uint64_t largest = 1;

	l->rooms = w == NULL ? 1 : workers_count(w);
	l->room = size_alloc((size_t)l->rooms, sizeof *l->room, "the workers' room", e);
	if (l->room == NULL)
		return -1;
	for (size_t i = 0; i < list->frames; i++)
		if (list->frame[i].size > largest)
			largest = list->frame[i].size;
	if (size_check(largest, "a frame", e))
		return -1;
	for (int i = 0; i < l->rooms; i++)
		if ((l->room[i].bytes = malloc((size_t)largest)) == NULL)
			return err_set(e, "out of memory");
	return 0;
}

static void release_rooms(struct loader *l)
{
	for (int i = 0; i < l->rooms && l->room != NULL; i++) {
		frame_room_release(&l->room[i].frame);
		free(l->room[i].bytes);
	}
	free(l->room);
}

/* Of all failures, that of the first frame is told, whoever met it. */
static int first_failure(const struct loader *l, struct err *e)
{
	const struct loader_room *first = NULL;

	for (int i = 0; i < l->rooms; i++)
		if (l->room[i].failed > 0 &&
			(first == NULL || l->room[i].failed < first->failed))
			first = &l->room[i];
	if (first == NULL)
		return 0;
	*e = first->err;
	return -1;
}

static int load_frames(struct loader *l, struct workers *w, struct err *e)
{
	const struct frame_list *list = &l->reader.source.frames;
	int failed = -1;

	if (make_rooms(l, w, e))
		goto out;
	if (w != NULL)
		workers_run(w, load_part, l, list->frames);
	else
		for (size_t i = 0; i < list->frames; i++)
			load_part(l, i, 0);
	failed = first_failure(l, e);
out:
	release_rooms(l);
	return failed;
}

static int load_in_order(struct tensor_reader *r, struct err *e)
{
	for (size_t i = 0; i < r->set.tensors; i++) {
		const struct tensor *t = &r->set.tensor[i];

		if (tensor_source_read(&r->source, r->base + t->begin, t->data, t->size, e))
			return -1;
	}
	return tensor_source_end(&r->source, &r->set, r->base, e);
}

int tensor_file_load(struct tensor_set *s, const char *path, struct workers *w, struct err *e)
{
	struct loader l = {.rooms = 0};
	int failed;

	tensor_set_init(s);
	if (tensor_reader_start(&l.reader, path, e))
		return -1;
	failed = make_arena(&l.reader.set, e);
	if (!failed)
		failed = l.reader.source.frames.frames > 0 ? load_frames(&l, w, e)
							   : load_in_order(&l.reader, e);
	if (failed) {
		err_in(e, path);
	} else {
		*s = l.reader.set;
		tensor_set_init(&l.reader.set);
	}
	tensor_reader_stop(&l.reader);
	return failed;
}
