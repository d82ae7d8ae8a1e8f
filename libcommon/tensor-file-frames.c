/* SPDX-License-Identifier: ISC */
#include "tensor-file-frames.h"

#include "bytes.h"
#include "err.h"
#include "size.h"

#include <stdlib.h>

#define HAS_SUMS 0x80

size_t frames_search(const void *list, size_t n, frames_begin *begin, uint64_t at)
{
	size_t low = 0, high = n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (begin(list, middle) <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void frames_release(struct frame_list *l)
{
	free(l->frame);
	*l = (struct frame_list){0};
}

int frames_append(struct frame_list *l, struct frame frame, struct err *e)
{
	const struct frame *last = l->frames == 0 ? NULL : &l->frame[l->frames - 1];

	frame.packed_at = last == NULL ? 0 : last->packed_at + last->packed;
	frame.at = last == NULL ? 0 : last->at + last->size;
	if ((l->frames & (l->frames - 1)) == 0) {
		size_t room = l->frames == 0 ? 1 : 2 * l->frames;
		struct frame *list = realloc(l->frame, room * sizeof *list);

		if (list == NULL)
			return err_set(e, "out of memory");
		l->frame = list;
	}
	l->frame[l->frames++] = frame;
	return 0;
}

/* One pass of the plan: counts the frames, or writes their ends where there is a list. */
static size_t plan(const size_t *start, size_t tensors, size_t *end)
{
	size_t ends = 0, at = 0, begin = 0;

	for (size_t i = 0; i < tensors; i++) {
		size_t tensor_end = start[i + 1];

		if (tensor_end - at >= FRAMES_OWN_BYTES && at > begin) {
			if (end != NULL)
				end[ends] = at;
			ends++;
			begin = at;
		}
		while (tensor_end - begin > FRAMES_MAX_BYTES) {
			begin += FRAMES_MAX_BYTES;
			if (end != NULL)
				end[ends] = begin;
			ends++;
		}
		at = tensor_end;
	}
	if (at > begin) {
		if (end != NULL)
			end[ends] = at;
		ends++;
	}
	return ends;
}

int frames_plan(const size_t *start, size_t tensors, size_t **end, size_t *ends, struct err *e)
{
	*ends = plan(start, tensors, NULL);
	*end = size_alloc(*ends, sizeof **end, "the list of frames", e);
	if (*end == NULL)
		return -1;
	plan(start, tensors, *end);
	return 0;
}

int frames_format_table(const struct frame_list *l, uint8_t **bytes, size_t *n, struct err *e)
{
	uint8_t *p;

	*n = 8 + 12 * l->frames + FRAMES_FOOTER;
	*bytes = p = malloc(*n);
	if (p == NULL)
		return err_set(e, "out of memory");
	bytes_put_le32(p, FRAMES_TABLE_MAGIC);
	bytes_put_le32(p + 4, (uint32_t)(*n - 8));
	p += 8;
	for (size_t i = 0; i < l->frames; i++, p += 12) {
		bytes_put_le32(p, (uint32_t)l->frame[i].packed);
		bytes_put_le32(p + 4, (uint32_t)l->frame[i].size);
		bytes_put_le32(p + 8, l->frame[i].sum);
	}
	bytes_put_le32(p, (uint32_t)l->frames);
	p[4] = HAS_SUMS;
	bytes_put_le32(p + 5, FRAMES_FOOTER_MAGIC);
	return 0;
}

int frames_parse_table(struct frame_list *l, const uint8_t *bytes, size_t n, struct err *e)
{
	const uint8_t *footer;
	size_t frames, entry;

	*l = (struct frame_list){0};
	footer = n < FRAMES_FOOTER ? NULL : bytes + n - FRAMES_FOOTER;
	if (footer == NULL || bytes_le32(footer + 5) != FRAMES_FOOTER_MAGIC)
		return err_set(e, "damaged: the seek table has no end mark");
	if ((footer[4] & ~HAS_SUMS) != 0)
		return err_set(e, "damaged: reserved bits of the seek table are set");
	frames = bytes_le32(footer);
	entry = footer[4] & HAS_SUMS ? 12 : 8;
	if ((n - FRAMES_FOOTER) / entry != frames || (n - FRAMES_FOOTER) % entry != 0)
		return err_set(
			e, "damaged: a seek table of %zu bytes for %zu frames", n, frames);
	for (const uint8_t *p = bytes; p < footer; p += entry) {
		struct frame f = {.packed = bytes_le32(p), .size = bytes_le32(p + 4)};

		if (f.packed < FRAMES_SMALLEST) {
			frames_release(l);
			return err_set(e, "damaged: a seek table lists a frame of %u bytes",
				(unsigned)f.packed);
		}
		f.has_sum = entry == 12;
		f.sum = f.has_sum ? bytes_le32(p + 8) : 0;
		if (frames_append(l, f, e)) {
			frames_release(l);
			return -1;
		}
	}
	return 0;
}

int frames_compare(const struct frame_list *table, const struct frame_list *seen, struct err *e)
{
	for (size_t i = 0; i < seen->frames; i++) {
		const struct frame *s = &seen->frame[i], *t = &table->frame[i];

		if (i >= table->frames && s->skippable)
			continue;
		if (i >= table->frames)
			return err_set(e, "damaged: the seek table lists %zu frames only",
				table->frames);
		if (t->packed != s->packed || t->size != s->size ||
			(t->has_sum && s->has_sum && t->sum != s->sum))
			return err_set(e, "damaged: the seek table and frame %zu disagree", i);
	}
	if (table->frames > seen->frames)
		return err_set(e, "damaged: the seek table lists %zu frames of %zu",
			table->frames, seen->frames);
	return 0;
}
