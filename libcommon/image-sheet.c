/* SPDX-License-Identifier: ISC */
#include "image-sheet.h"

#include "err.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

#define GAP_GRAY 128

/* The length of a side with n cells of `pixels`; sides are small, so that nothing overflows. */
static int measure(size_t n, size_t pixels, const struct image_sheet *s, size_t *side)
{
	if (n > IMAGE_MAX_SIDE || pixels > IMAGE_MAX_SIDE || s->scale > IMAGE_MAX_SIDE ||
		s->gap > IMAGE_MAX_SIDE)
		return -1;
	*side = n * (pixels * s->scale + s->gap) + s->gap;
	return *side > IMAGE_MAX_SIDE ? -1 : 0;
}

/* From planes to pixels, each of them scale x scale. */
static void put_tile(struct image *i, const struct image_sheet *s, const struct image_tiles *t,
	size_t cell, const uint8_t *planes)
{
	size_t step = t->width * s->scale + s->gap, row = i->width * i->channels;
	size_t left = cell % s->columns * step + s->gap, area = t->height * t->width;
	size_t top = cell / s->columns * (t->height * s->scale + s->gap) + s->gap;

	for (size_t y = 0; y < t->height * s->scale; y++) {
		uint8_t *to = i->pixels + (top + y) * row + left * i->channels;
		const uint8_t *from = planes + y / s->scale * t->width;

		for (size_t x = 0; x < t->width * s->scale; x++)
			for (size_t c = 0; c < i->channels; c++)
				*to++ = from[c * area + x / s->scale];
	}
}

int image_sheet_draw(struct image *i, const struct image_sheet *s, const struct image_tiles *t,
	struct err *e)
{
	uint8_t *planes = NULL;

	*i = (struct image){.channels = t->channels};
	if (measure(s->columns, t->width, s, &i->width) ||
		measure(s->rows, t->height, s, &i->height))
		return err_set(e,
			"%zu x %zu pictures of %zu x %zu pixels, %zu times as large, make a "
			"sheet with sides over %d pixels",
			s->columns, s->rows, t->width, t->height, s->scale, IMAGE_MAX_SIDE);
	i->room = i->width * i->height * i->channels;
	i->pixels = size_alloc(i->room, 1, "the sheet", e);
	if (i->pixels != NULL)
		planes = size_alloc(
			t->channels * t->height * t->width, 1, "a picture of the sheet", e);
	if (planes == NULL) {
		image_release(i);
		return -1;
	}
	memset(i->pixels, GAP_GRAY, i->room);
	for (size_t k = 0; k < t->n; k++) {
		size_t cell = s->cell == NULL ? k : s->cell[k];

		if (cell == IMAGE_SHEET_NOWHERE)
			continue;
		t->draw(t->job, t->first + k, planes);
		put_tile(i, s, t, cell, planes);
	}
	free(planes);
	return 0;
}
