/* SPDX-License-Identifier: ISC */
#include "tensor-picture.h"

#include "err.h"
#include "size.h"
#include "tensor-stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double value_at(const struct tensor *t, size_t i)
{
	return tensor_value(
		t->dtype, (const uint8_t *)t->data + i * tensor_dtype_size(t->dtype));
}

/* Of values [from, from + n). Infinite ones have the ends' colours. */
static struct image_range find_range(const struct tensor *t, size_t from, size_t n)
{
	struct image_range r = {INFINITY, -INFINITY};
	double most;

	if (t->dtype == TENSOR_U8)
		return (struct image_range){0, 255};
	for (size_t i = from; i < from + n; i++) {
		double v = value_at(t, i);

		if (!isfinite(v))
			continue;
		r.low = fmin(r.low, v);
		r.high = fmax(r.high, v);
	}
	if (!(r.low <= r.high))
		return (struct image_range){0, 0};
	most = fmax(-r.low, r.high);
	return r.low < 0 ? (struct image_range){-most, most} : r;
}

/* Rank 4, and rank 2 with a shape for its rows. */
static void set_pictures(struct tensor_picture *p, const size_t shape[3], size_t from)
{
	p->samples = shape[0] == 3 ? 3 : 1;
	p->per_row = shape[0] / p->samples;
	p->height = shape[1];
	p->width = shape[2];
	p->values = p->samples * p->height * p->width;
	p->first = from * p->per_row * p->values;
}

static int check_rows(const struct tensor_picture *p, struct err *e)
{
	size_t values;

	if (p->tensor->rank == 4 &&
		memcmp(p->shape, p->tensor->shape + 1, sizeof p->shape) == 0)
		return 0;
	if (p->tensor->rank == 2 && !size_mul(p->shape[0], p->shape[1], &values) &&
		!size_mul(values, p->shape[2], &values) && values == p->tensor->shape[1])
		return 0;
	return err_set(e, "the rows of tensor \"%.200s\" are no pictures of %zux%zux%zu",
		p->tensor->name, p->shape[0], p->shape[1], p->shape[2]);
}

static void set_heat_map(struct tensor_picture *p, size_t from, size_t to)
{
	p->width = p->tensor->rank == 1 ? to - from : p->tensor->shape[1];
	p->height = p->tensor->rank == 1 ? 1 : to - from;
	p->first = p->tensor->rank == 1 ? from : from * p->width;
	p->values = p->height * p->width;
	p->rows = p->per_row = p->samples = 1;
}

int tensor_picture_init(struct tensor_picture *p, size_t from, size_t to, struct err *e)
{
	const struct tensor *t = p->tensor;

	if (t->rank != 1 && t->rank != 2 && t->rank != 4)
		return err_set(e, "tensor \"%.200s\" has rank %d; 1, 2 and 4 can be shown",
			t->name, t->rank);
	if (from >= to || t->size == 0)
		return err_set(e, "tensor \"%.200s\": there is nothing to show", t->name);
	p->rows = to - from;
	if (p->shape[0] != 0 && check_rows(p, e))
		return -1;
	if (t->rank == 4)
		set_pictures(p, t->shape + 1, from);
	else if (p->shape[0] != 0)
		set_pictures(p, p->shape, from);
	else
		set_heat_map(p, from, to);
	p->range = find_range(t, p->first, p->rows * p->per_row * p->values);
	return 0;
}

static void draw(const void *job, size_t tile, uint8_t *planes)
{
	const struct tensor_picture *p = job;
	size_t at = p->first + tile * p->values, area = p->height * p->width;
	size_t channels = image_colors_channels(p->colors);
	struct image_range r = p->range;
	uint8_t color[3];

	if (p->own_range)
		r = find_range(p->tensor, at, p->values);
	for (size_t i = 0; i < p->values; i++) {
		double v = value_at(p->tensor, at + i);

		if (p->samples == 3) {
			image_color(IMAGE_GRAY, &r, v, &planes[i]);
			continue;
		}
		image_color(p->colors, &r, v, color);
		for (size_t c = 0; c < channels; c++)
			planes[c * area + i] = color[c];
	}
}

struct image_tiles tensor_picture_tiles(const struct tensor_picture *p)
{
	size_t channels = p->samples == 3 ? 3 : image_colors_channels(p->colors);

	return (struct image_tiles){
		0, p->rows * p->per_row, channels, p->height, p->width, draw, p};
}

/* Whether a comes before b, number by number: "2.weight" before "10.weight". */
static bool is_before(const char *a, const char *b)
{
	char *end_a, *end_b;

	for (;; a = end_a + 1, b = end_b + 1) {
		unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

		if (end_a == a || end_b == b || x != y)
			return end_a != a && end_b != b ? x < y : strcmp(a, b) < 0;
		if (*end_a != '.' || *end_b != '.')
			return *end_a < *end_b;
	}
}

static bool is_weight(const struct tensor *t)
{
	size_t n = strlen(t->name), end = strlen(".weight");

	return t->name[0] >= '0' && t->name[0] <= '9' && n > end &&
	       strcmp(t->name + n - end, ".weight") == 0 && (t->rank == 2 || t->rank == 4);
}

const struct tensor *tensor_picture_first(const struct tensor_set *s, struct err *e)
{
	const struct tensor *first = NULL;

	for (size_t i = 0; i < s->tensors; i++)
		if (is_weight(&s->tensor[i]) &&
			(first == NULL || is_before(s->tensor[i].name, first->name)))
			first = &s->tensor[i];
	if (first == NULL)
		err_set(e, "has no layer with weights");
	return first;
}
