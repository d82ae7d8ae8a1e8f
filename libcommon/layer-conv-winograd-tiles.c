/* SPDX-License-Identifier: ISC */
/*
 * Winograd's tiles on their way in and out, and back: CONV_TILE_LANES channels side by side in
 * the lanes of a vector, for which planes are transposed, some rows at a time.
 */
#include "layer-conv-winograd-points-back.h"
#include "sgemm.h"
#include "size.h"

#include <string.h>

#define LANES CONV_TILE_LANES
#define TAPS 9

/* --- the weights --- */

/* [channel][tap], of units side by side; 0 of those that are not there. */
INLINE void take_taps(const struct conv_taps *w, size_t channels, size_t units,
	float taps[CONV_TILE_CHANNELS * TAPS * LANES])
{
	if (units < LANES)
		memset(taps, 0, CONV_TILE_CHANNELS * TAPS * LANES * sizeof *taps);
	if (w->channel == TAPS)
		sgemm_transpose(w->weight, w->unit, units, channels * TAPS, taps, LANES);
	for (size_t i = 0; w->channel != TAPS && i < channels; i++)
		sgemm_transpose(w->weight + i * w->channel, w->unit, units, TAPS,
			taps + i * TAPS * LANES, LANES);
}

/* Of one channel and LANES units, to each pair of points, `step` values apart. */
INLINE void make_weights(int form, conv_doubles taps[3][3], float *to, size_t step)
{
	const size_t points = conv_tile[form].points;
	conv_doubles down[CONV_TILE_POINTS][3], column[3], made[CONV_TILE_POINTS];

	for (size_t x = 0; x < 3; x++) {
		for (size_t y = 0; y < 3; y++)
			column[y] = taps[y][x];
		transform_weights(form, column, made);
		for (size_t y = 0; y < points; y++)
			down[y][x] = made[y];
	}
	for (size_t y = 0; y < points; y++) {
		transform_weights(form, down[y], made);
		for (size_t x = 0; x < points; x++, to += step)
			*(vector_stored *)to = __builtin_convertvector(made[x], vector_floats);
	}
}

INLINE void weights(
	int form, const struct conv_taps *w, size_t channels, size_t units, float *to)
{
	float side[CONV_TILE_CHANNELS * TAPS * LANES];
	conv_doubles taps[3][3];

	take_taps(w, channels, units, side);
	for (size_t i = 0; i < channels; i++, to += LANES) {
		for (size_t k = 0; k < TAPS; k++) {
			size_t tap = w->mirrored ? TAPS - 1 - k : k;

			taps[k / 3][k % 3] = __builtin_convertvector(
				*(const vector_stored *)(side + (i * TAPS + tap) * LANES),
				conv_doubles);
		}
		make_weights(form, taps, to, CONV_TILE_VALUES);
	}
}

/* --- tiles --- */

/* Values of LANES channels for each place of a square: in rows, or as the elements lie. */
struct square {
	float *at;
	size_t row, column;
	const struct conv_elements *elements; /* or NULL */
};

INLINE vector_stored *place(const struct square *s, size_t side, size_t y, size_t x)
{
	float *at = s->at;

	if (s->elements != NULL)
		at += s->elements->element[y * side + x];
	else
		at += y * s->row + x * s->column;
	return (vector_stored *)at;
}

INLINE struct square in_rows(float *at, size_t columns)
{
	return (struct square){at, columns * LANES, LANES, NULL};
}

INLINE struct square as_elements(const struct conv_elements *e, size_t tile, size_t channel)
{
	return (struct square){.at = e->at + tile * e->row + channel, .elements = e};
}

enum transform { VALUES, PRODUCTS, GRADIENTS, SUMS, BACK };

INLINE void transform(int form, enum transform how, const vector_floats v[], vector_floats to[])
{
	switch (how) {
	case VALUES:
		transform_values(form, v, to);
		break;
	case PRODUCTS:
		transform_products(form, v, to);
		break;
	case GRADIENTS:
		transform_gradients(form, v, to);
		break;
	case SUMS:
		transform_sums(form, v, to);
		break;
	case BACK:
		transform_back(form, v, to);
		break;
	}
}

/* A tile by a transform along its columns, then its rows, from a square of in x in places to
 * one of out x out, where `more` is added to it, unless that is NULL. */
INLINE void transform_tile(int form, enum transform how, size_t in, struct square from,
	size_t out, struct square to, const vector_floats *more)
{
	vector_floats v[CONV_TILE_ELEMENTS], made[CONV_TILE_ELEMENTS],
		down[CONV_TILE_ELEMENTS][CONV_TILE_ELEMENTS];

	for (size_t x = 0; x < in; x++) {
		for (size_t y = 0; y < in; y++)
			v[y] = *place(&from, in, y, x);
		transform(form, how, v, made);
		for (size_t y = 0; y < out; y++)
			down[y][x] = made[y];
	}
	for (size_t y = 0; y < out; y++) {
		transform(form, how, down[y], made);
		for (size_t x = 0; x < out; x++)
			*place(&to, out, y, x) = more != NULL ? made[x] + *more : made[x];
	}
}

/* --- the values --- */

/* One row of what a strip sees, `columns` values of up to LANES channels, [columns][LANES]. */
INLINE void take_row(const struct window *w, const struct conv_strip *s, size_t row,
	size_t columns, const float *planes, size_t channels, float *to)
{
	size_t y = s->y * w->stride[0] + row - w->before[0]; /* what lies before 0 wraps */
	size_t x = s->x * w->stride[1];
	size_t left = w->before[1] > x ? size_min(w->before[1] - x, columns) : 0, n = 0;

	x += left - w->before[1];
	if (y < w->in[0] && x < w->in[1])
		n = size_min(columns - left, w->in[1] - x);
	else
		left = 0;
	memset(to, 0, left * LANES * sizeof *to);
	if (n > 0)
		sgemm_transpose(planes + y * w->in[1] + x, w->in[0] * w->in[1], channels, n,
			to + left * LANES, LANES);
	memset(to + (left + n) * LANES, 0, (columns - left - n) * LANES * sizeof *to);
}

INLINE void values(int form, const struct window *w, const struct conv_strip *s,
	const float *planes, size_t channels, float *room, const struct conv_elements *to,
	size_t tile)
{
	const struct conv_tile *t = &conv_tile[form];
	size_t columns = conv_tile_seen(t, s->n), rows = conv_tile_seen(t, 1);

	for (size_t i = 0; i < channels; i += LANES) {
		for (size_t y = 0; y < rows; y++)
			take_row(w, s, y, columns, planes + i * w->in[0] * w->in[1],
				size_min(channels - i, LANES), room + y * columns * LANES);
		for (size_t k = 0; k < s->n; k++)
			transform_tile(form, VALUES, rows,
				in_rows(room + k * t->out * t->stride * LANES, columns),
				t->elements, as_elements(to, tile + k, i), NULL);
	}
}

/* --- the outputs --- */

/* Rows of outputs to n planes: whole rows of planes in one go. */
INLINE void put_rows(const float *room, size_t rows, size_t columns, size_t width, size_t n,
	float *to, size_t row, size_t plane)
{
	if (width == row && width == columns) {
		width *= rows;
		rows = 1;
	}
	for (size_t y = 0; y < rows; y++)
		sgemm_transpose(
			room + y * columns * LANES, LANES, width, n, to + y * row, plane);
}

INLINE void outputs(int form, const struct window *w, const struct conv_strip *s,
	const struct conv_elements *from, size_t tile, size_t units, const float *bias,
	float *room, float *planes)
{
	size_t out = conv_tile[form].out, columns = out * s->n, pixels = w->out[0] * w->out[1];
	size_t rows = size_min(out, w->out[0] - s->y),
	       width = size_min(columns, w->out[1] - s->x);
	float *to = planes + s->y * w->out[1] + s->x;

	for (size_t i = 0; i < units; i += LANES) {
		size_t n = size_min(units - i, LANES);
		vector_floats added = {0};

		if (bias != NULL)
			memcpy(&added, bias + i, n * sizeof *bias);
		for (size_t k = 0; k < s->n; k++)
			transform_tile(form, PRODUCTS, conv_tile[form].elements,
				as_elements(from, tile + k, i), out,
				in_rows(room + k * out * LANES, columns), &added);
		put_rows(room, rows, columns, width, n, to + i * pixels, w->out[1], pixels);
	}
}

/* --- gradients by the outputs --- */

INLINE void gradients(int form, const struct window *w, const struct conv_strip *s,
	const float *planes, size_t units, float *room, const struct conv_elements *to,
	size_t tile)
{
	size_t outs = conv_tile[form].out, columns = outs * s->n,
	       pixels = w->out[0] * w->out[1];
	size_t rows = size_min(outs, w->out[0] - s->y),
	       width = size_min(columns, w->out[1] - s->x);

	if (rows < outs || width < columns)
		memset(room, 0, outs * columns * LANES * sizeof *room);
	planes += s->y * w->out[1] + s->x;
	for (size_t i = 0; i < units; i += LANES) {
		for (size_t y = 0; y < rows; y++)
			sgemm_transpose(planes + i * pixels + y * w->out[1], pixels,
				size_min(units - i, LANES), width, room + y * columns * LANES,
				LANES);
		for (size_t k = 0; k < s->n; k++)
			transform_tile(form, GRADIENTS, outs,
				in_rows(room + k * outs * LANES, columns),
				conv_tile[form].elements, as_elements(to, tile + k, i), NULL);
	}
}

/* --- gradients by the weights --- */

INLINE void sums(int form, float *from, size_t step, size_t channels, float *to)
{
	const size_t points = conv_tile[form].points;
	float taps[TAPS * LANES];

	transform_tile(form, SUMS, points, (struct square){from, points * step, step, NULL}, 3,
		in_rows(taps, 3), NULL);
	sgemm_transpose(taps, LANES, TAPS, channels, to, TAPS);
}

/* --- gradients by the values --- */

/* Adds a row of what a tile sees, [columns][LANES], to n planes. */
INLINE void add_row(
	const float *row, size_t columns, size_t n, float *room, float *to, size_t plane)
{
	sgemm_transpose(row, LANES, columns, n, room, columns);
	for (size_t i = 0; i < n; i++)
		for (size_t x = 0; x < columns; x++)
			to[i * plane + x] += room[i * columns + x];
}

/* Tile by tile: neighbours see the same values, and sums must not depend on the strips. */
INLINE void add_tile(const struct window *w, const float *made, size_t seen, size_t y, size_t x,
	size_t n, float *planes)
{
	size_t end = w->in[1] + w->before[1]; /* of the plane; a tile may see padding alone */
	size_t left = w->before[1] > x ? w->before[1] - x : 0;
	size_t right = end > x ? size_min(seen, end - x) : 0;
	float room[CONV_TILE_SEEN * LANES];

	for (size_t row = 0; row < seen; row++) {
		size_t at = y + row - w->before[0]; /* what lies before 0 wraps */

		if (at < w->in[0] && left < right)
			add_row(made + (row * seen + left) * LANES, right - left, n, room,
				planes + at * w->in[1] + x + left - w->before[1],
				w->in[0] * w->in[1]);
	}
}

INLINE void back(int form, const struct window *w, const struct conv_strip *s,
	const struct conv_elements *from, size_t tile, size_t channels, float *room,
	float *planes)
{
	const struct conv_tile *t = &conv_tile[form];
	const size_t seen = conv_tile_seen(t, 1);

	for (size_t i = 0; i < channels; i += LANES)
		for (size_t k = 0; k < s->n; k++) {
			transform_tile(form, BACK, t->elements, as_elements(from, tile + k, i),
				seen, in_rows(room, seen), NULL);
			add_tile(w, room, seen, s->y * t->stride,
				(s->x + k * t->out) * t->stride, size_min(channels - i, LANES),
				planes + i * w->in[0] * w->in[1]);
		}
}

/* --- the forms --- */

/* A form's functions, compiled for it. */
#define FORM(name, form) \
	VECTOR_CLONES static void weights_##name( \
		const struct conv_taps *w, size_t channels, size_t units, float to[]) \
	{ \
		weights(form, w, channels, units, to); \
	} \
	VECTOR_CLONES static void values_##name(const struct window *w, \
		const struct conv_strip *s, const float *planes, size_t channels, float *room, \
		const struct conv_elements *to, size_t tile) \
	{ \
		values(form, w, s, planes, channels, room, to, tile); \
	} \
	VECTOR_CLONES static void outputs_##name(const struct window *w, \
		const struct conv_strip *s, const struct conv_elements *from, size_t tile, \
		size_t units, const float *bias, float *room, float *planes) \
	{ \
		outputs(form, w, s, from, tile, units, bias, room, planes); \
	} \
	VECTOR_CLONES static void gradients_##name(const struct window *w, \
		const struct conv_strip *s, const float *planes, size_t units, float *room, \
		const struct conv_elements *to, size_t tile) \
	{ \
		gradients(form, w, s, planes, units, room, to, tile); \
	} \
	VECTOR_CLONES static void sums_##name( \
		float *from, size_t step, size_t channels, float *to) \
	{ \
		sums(form, from, step, channels, to); \
	}

/* What those of stride 2 have besides. */
#define FORM_STRIDE_2(name, form) \
	FORM(name, form) \
	VECTOR_CLONES static void back_##name(const struct window *w, \
		const struct conv_strip *s, const struct conv_elements *from, size_t tile, \
		size_t channels, const float *bias, float *room, float *planes) \
	{ \
		(void)bias; \
		back(form, w, s, from, tile, channels, room, planes); \
	}

FORM(2, CONV_TILE_2)
FORM(4, CONV_TILE_4)
FORM_STRIDE_2(4_stride_2, CONV_TILE_4_STRIDE_2)
FORM_STRIDE_2(7_stride_2, CONV_TILE_7_STRIDE_2)

#define FUNCTIONS(name) \
	weights_##name, values_##name, outputs_##name, gradients_##name, sums_##name

const struct conv_tile conv_tile[CONV_TILES] = {
	[CONV_TILE_2] = {1, 2, 4, 4, {0, 1, 2, 3}, FUNCTIONS(2), NULL},
	[CONV_TILE_4] = {1, 4, 6, 6, {0, 1, 2, 3, 4, 5}, FUNCTIONS(4), NULL},
	[CONV_TILE_4_STRIDE_2] = {2, 4, 9, 6, {0, 1, 2, 3, 4, 5, 5, 5, 5},
		FUNCTIONS(4_stride_2), back_4_stride_2},
	[CONV_TILE_7_STRIDE_2] = {2, 7, 16, 6, {0, 1, 2, 3, 4, 0, 1, 2, 3, 5, 5, 5, 5, 5, 5, 5},
		FUNCTIONS(7_stride_2), back_7_stride_2},
};
