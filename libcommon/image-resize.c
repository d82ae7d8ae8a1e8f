/* SPDX-License-Identifier: ISC */
#include "image-resize.h"

#include "err.h"
#include "size.h"
#include "vector.h"

#include <math.h>
#include <stdlib.h>

/* --- the weights of one axis --- */

static double overlap(double a, double b, double c, double d)
{
	return fmax(0, fmin(b, d) - fmax(a, c));
}

/* How much source pixel k counts for target pixel t, before the sum is made 1. */
static double raw_weight(const struct image_axis *a, size_t t, size_t k)
{
	double scale = (double)a->from / (double)a->to, at = (double)k;

	if (a->filter == IMAGE_AREA && scale > 1)
		return overlap(at, at + 1, (double)t * scale, (double)(t + 1) * scale);
	return fmax(0, 1 - fabs(at + 0.5 - ((double)t + 0.5) * scale) / fmax(scale, 1));
}

static void find_weights(struct image_axis *a, size_t t)
{
	double scale = (double)a->from / (double)a->to, support = fmax(scale, 1), sum = 0;
	double middle = ((double)t + 0.5) * scale;
	size_t first = (size_t)fmax(0, floor(middle - support));
	size_t end = (size_t)fmin((double)a->from, ceil(middle + support));
	float *weight = a->weight + t * a->most;

	while (raw_weight(a, t, first) <= 0)
		first++;
	while (raw_weight(a, t, end - 1) <= 0)
		end--;
	a->first[t] = first;
	a->count[t] = end - first;
	for (size_t k = first; k < end; k++)
		sum += raw_weight(a, t, k);
	for (size_t k = first; k < end; k++)
		weight[k - first] = (float)(raw_weight(a, t, k) / sum);
}

static void release_axis(struct image_axis *a)
{
	free(a->first);
	free(a->count);
	free(a->weight);
	*a = (struct image_axis){0};
}

/* Pictures of one size after another need no new weights. */
static int set_axis(
	struct image_axis *a, size_t from, size_t to, enum image_filter filter, struct err *e)
{
	if (a->from == from && a->to == to && a->filter == filter)
		return 0;
	release_axis(a);
	a->most = 2 * (from / to + 1) + 3;
	a->first = size_alloc(to, sizeof *a->first, "weights", e);
	a->count = size_alloc(to, sizeof *a->count, "weights", e);
	a->weight = size_alloc(to, a->most * sizeof *a->weight, "weights", e);
	if (a->first == NULL || a->count == NULL || a->weight == NULL) {
		release_axis(a);
		return -1;
	}
	a->from = from;
	a->to = to;
	a->filter = filter;
	for (size_t t = 0; t < to; t++)
		find_weights(a, t);
	return 0;
}

/* --- pixels --- */

VECTOR_CLONES static void add_row(float *sum, const uint8_t *from, size_t n, float weight)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += weight * (float)from[i];
}

/* One channel of a row of the result. */
static void put_row(const struct image_axis *a, const float *row, size_t channels, uint8_t *to)
{
	for (size_t t = 0; t < a->to; t++) {
		const float *weight = a->weight + t * a->most;
		const float *from = row + a->first[t] * channels;
		float sum = 0;

		for (size_t k = 0; k < a->count[t]; k++)
			sum += weight[k] * from[k * channels];
		to[t] = (uint8_t)(sum + 0.5f); /* a mean of bytes: within them */
	}
}

static void copy_planes(const struct image *i, uint8_t *planes)
{
	size_t pixels = i->width * i->height;

	for (size_t c = 0; c < i->channels; c++)
		for (size_t p = 0; p < pixels; p++)
			planes[c * pixels + p] = i->pixels[p * i->channels + c];
}

/* The part of the picture that has the target's aspect ratio, to the nearest pixel. */
static void find_crop(const struct image *i, const struct image_fit *f, size_t *width,
	size_t *height, size_t *left, size_t *top)
{
	double wide = (double)i->height * (double)f->width / (double)f->height;
	double high = (double)i->width * (double)f->height / (double)f->width;

	*width = i->width;
	*height = i->height;
	if (f->crop && wide < (double)i->width)
		*width = (size_t)fmax(1, floor(wide + 0.5));
	else if (f->crop && high < (double)i->height)
		*height = (size_t)fmax(1, floor(high + 0.5));
	*left = (i->width - *width) / 2;
	*top = (i->height - *height) / 2;
}

static void resize(const struct image_resizer *r, const struct image *i, const uint8_t *corner,
	uint8_t *planes)
{
	size_t stride = i->width * i->channels, used = r->along.from * i->channels;
	size_t width = r->along.to, height = r->down.to;

	for (size_t y = 0; y < height; y++) {
		const uint8_t *from = corner + r->down.first[y] * stride;

		for (size_t x = 0; x < used; x++)
			r->row[x] = 0;
		for (size_t k = 0; k < r->down.count[y]; k++)
			add_row(r->row, from + k * stride, used,
				r->down.weight[y * r->down.most + k]);
		for (size_t c = 0; c < i->channels; c++)
			put_row(&r->along, r->row + c, i->channels,
				planes + (c * height + y) * width);
	}
}

int image_resize(struct image_resizer *r, const struct image *i, const struct image_fit *f,
	uint8_t *planes, struct err *e)
{
	size_t width, height, left, top;

	if (i->width == f->width && i->height == f->height) {
		copy_planes(i, planes);
		return 0;
	}
	find_crop(i, f, &width, &height, &left, &top);
	if (set_axis(&r->down, height, f->height, f->filter, e) ||
		set_axis(&r->along, width, f->width, f->filter, e))
		return -1;
	if (r->room < width * i->channels) {
		free(r->row);
		r->room = 0;
		r->row = size_alloc(width * i->channels, sizeof *r->row, "a row", e);
		if (r->row == NULL)
			return -1;
		r->room = width * i->channels;
	}
	resize(r, i, i->pixels + (top * i->width + left) * i->channels, planes);
	return 0;
}

void image_resizer_release(struct image_resizer *r)
{
	release_axis(&r->down);
	release_axis(&r->along);
	free(r->row);
	*r = (struct image_resizer){0};
}
