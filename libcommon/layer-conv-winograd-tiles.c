/* SPDX-License-Identifier: ISC */
/*
 * Winograd's tiles on their way in and out: CONV_TILE_LANES channels side by side in the lanes
 * of a vector, for which planes are transposed, some rows at a time.
 */
#include "layer-conv-winograd.h"

#include "sgemm.h"
#include "size.h"
#include "vector.h"

#include <string.h>

#define LANES CONV_TILE_LANES
#define MOST_OUT 4
#define MOST_SEEN (MOST_OUT + 2)
/* Compiled for the CPU of the clone that it is in, and for a `tile` that is known there. */
#define INLINE static inline __attribute__((always_inline))

#define BLOCK_ROWS 8
#define BLOCK_COLUMNS 4

typedef float four __attribute__((vector_size(16)));
typedef float four_stored __attribute__((vector_size(16), aligned(4)));
typedef float eight __attribute__((vector_size(32)));
typedef float eight_stored __attribute__((vector_size(32), aligned(4)));

/* The points of tiles of 4 but for 0 and infinity are NEAR, -NEAR, FAR and -FAR. */
#define NEAR (5.0 / 8)
#define FAR (3.0 / 2)
#define NEAR2 (NEAR * NEAR)
#define FAR2 (FAR * FAR)
#define SUM ((float)(NEAR2 + FAR2))
#define PRODUCT ((float)(NEAR2 * FAR2))

/* --- planes, transposed --- */

/* Four values of a row, and of the one four rows behind it. */
INLINE void two_rows(const float *from, size_t ld, eight *to)
{
	four upper = *(const four_stored *)from, lower = *(const four_stored *)(from + 4 * ld);

	*to = __builtin_shufflevector(upper, lower, 0, 1, 2, 3, 4, 5, 6, 7);
}

/* to[column][row] = from[row][column] for BLOCK_ROWS rows and BLOCK_COLUMNS columns. */
INLINE void transpose_block(const float *from, size_t ld, float *to, size_t width)
{
	eight a, b, c, d, ab, cd;

	two_rows(from, ld, &a);
	two_rows(from + ld, ld, &b);
	two_rows(from + 2 * ld, ld, &c);
	two_rows(from + 3 * ld, ld, &d);
	ab = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
	cd = __builtin_shufflevector(c, d, 0, 8, 1, 9, 4, 12, 5, 13);
	*(eight_stored *)to = __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13);
	*(eight_stored *)(to + width) =
		__builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
	ab = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
	cd = __builtin_shufflevector(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
	*(eight_stored *)(to + 2 * width) =
		__builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13);
	*(eight_stored *)(to + 3 * width) =
		__builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
}

/* sgemm_transpose; the last blocks overlap those before them. */
INLINE void transpose(
	const float *from, size_t ld, size_t rows, size_t columns, float *to, size_t width)
{
	if (rows < BLOCK_ROWS || columns < BLOCK_COLUMNS) {
		sgemm_transpose(from, ld, rows, columns, to, width);
		return;
	}
	for (size_t y = 0; y < rows; y += BLOCK_ROWS)
		for (size_t x = 0; x < columns; x += BLOCK_COLUMNS) {
			size_t row = size_min(y, rows - BLOCK_ROWS),
			       column = size_min(x, columns - BLOCK_COLUMNS);

			transpose_block(
				from + row * ld + column, ld, to + column * width + row, width);
		}
}

/* --- the weights --- */

/* Three values as a polynomial at x. */
static double at_point(const double w[3], double x)
{
	return w[0] + x * (w[1] + x * w[2]);
}

/* G w */
static void transform_weights(size_t tile, const double w[3], double to[MOST_SEEN])
{
	const double near = 2 * NEAR2 * (NEAR2 - FAR2), far = 2 * FAR2 * (FAR2 - NEAR2);

	to[0] = w[0];
	to[tile + 1] = w[2];
	if (tile == 2) {
		to[1] = at_point(w, 1) / 2;
		to[2] = at_point(w, -1) / 2;
		return;
	}
	to[0] /= NEAR2 * FAR2;
	to[1] = at_point(w, NEAR) / near;
	to[2] = at_point(w, -NEAR) / near;
	to[3] = at_point(w, FAR) / far;
	to[4] = at_point(w, -FAR) / far;
}

static void weights(size_t tile, const float *w, float *to, size_t step)
{
	double down[3][MOST_SEEN], row[3], across[MOST_SEEN];

	for (size_t x = 0; x < 3; x++) {
		for (size_t y = 0; y < 3; y++)
			row[y] = (double)w[3 * y + x];
		transform_weights(tile, row, down[x]);
	}
	for (size_t y = 0; y < tile + 2; y++) {
		for (size_t x = 0; x < 3; x++)
			row[x] = down[x][y];
		transform_weights(tile, row, across);
		for (size_t x = 0; x < tile + 2; x++, to += step)
			*to = (float)across[x];
	}
}

/* --- the values --- */

/* B^T v */
INLINE void transform_values(size_t tile, const vector_floats v[], vector_floats to[])
{
	vector_floats even, odd;

	if (tile == 2) {
		to[0] = v[0] - v[2];
		to[1] = v[1] + v[2];
		to[2] = v[2] - v[1];
		to[3] = v[3] - v[1];
		return;
	}
	to[0] = PRODUCT * v[0] - SUM * v[2] + v[4];
	even = v[4] - (float)FAR2 * v[2];
	odd = (float)NEAR * (v[3] - (float)FAR2 * v[1]);
	to[1] = even + odd;
	to[2] = even - odd;
	even = v[4] - (float)NEAR2 * v[2];
	odd = (float)FAR * (v[3] - (float)NEAR2 * v[1]);
	to[3] = even + odd;
	to[4] = even - odd;
	to[5] = PRODUCT * v[1] - SUM * v[3] + v[5];
}

/* Of LANES channels, what one tile sees, in rows of `columns`, to its row of the elements. */
INLINE void put_values(size_t tile, const float *seen, size_t columns,
	const struct conv_elements *to, float *at)
{
	vector_floats v[MOST_SEEN], down[MOST_SEEN][MOST_SEEN], across[MOST_SEEN];

	for (size_t x = 0; x < tile + 2; x++) {
		for (size_t y = 0; y < tile + 2; y++)
			v[y] = *(const vector_stored *)(seen + (y * columns + x) * LANES);
		transform_values(tile, v, across);
		for (size_t y = 0; y < tile + 2; y++)
			down[y][x] = across[y];
	}
	for (size_t y = 0; y < tile + 2; y++) {
		transform_values(tile, down[y], across);
		for (size_t x = 0; x < tile + 2; x++, at += to->step)
			*(vector_stored *)at = across[x];
	}
}

/* One row of what a strip sees, `columns` values of up to LANES channels, [columns][LANES]. */
INLINE void take_row(const struct window *w, const struct conv_strip *s, size_t row,
	size_t columns, const float *planes, size_t channels, float *to)
{
	size_t y = s->y + row - w->before[0]; /* what lies before 0 wraps */
	size_t left = w->before[1] > s->x ? size_min(w->before[1] - s->x, columns) : 0;
	size_t x = s->x + left - w->before[1], n = 0;

	if (y < w->in[0] && x < w->in[1])
		n = size_min(columns - left, w->in[1] - x);
	else
		left = 0;
	memset(to, 0, left * LANES * sizeof *to);
	if (n > 0)
		transpose(planes + y * w->in[1] + x, w->in[0] * w->in[1], channels, n,
			to + left * LANES, LANES);
	memset(to + (left + n) * LANES, 0, (columns - left - n) * LANES * sizeof *to);
}

INLINE void values(size_t tile, const struct window *w, const struct conv_strip *s,
	const float *planes, size_t channels, float *room, const struct conv_elements *to)
{
	size_t columns = tile * s->n + 2;

	for (size_t i = 0; i < channels; i += LANES) {
		for (size_t y = 0; y < tile + 2; y++)
			take_row(w, s, y, columns, planes + i * w->in[0] * w->in[1],
				size_min(channels - i, LANES), room + y * columns * LANES);
		for (size_t k = 0; k < s->n; k++)
			put_values(tile, room + k * tile * LANES, columns, to,
				to->at + k * to->row + i);
	}
}

/* --- the outputs --- */

/* A^T v */
INLINE void transform_products(size_t tile, const vector_floats v[], vector_floats to[])
{
	vector_floats sum = v[1] + v[2], difference = v[1] - v[2], far_sum, far_difference;

	if (tile == 2) {
		to[0] = v[0] + sum;
		to[1] = difference + v[3];
		return;
	}
	far_sum = v[3] + v[4];
	far_difference = v[3] - v[4];
	to[0] = v[0] + sum + far_sum;
	to[1] = (float)NEAR * difference + (float)FAR * far_difference;
	to[2] = (float)NEAR2 * sum + (float)FAR2 * far_sum;
	to[3] = (float)(NEAR2 * NEAR) * difference + (float)(FAR2 * FAR) * far_difference +
		v[5];
}

/* One tile's outputs by LANES units into rows of `columns`. */
INLINE void make_outputs(size_t tile, const struct conv_elements *from, const float *at,
	const vector_floats *bias, size_t columns, float *made)
{
	vector_floats v[MOST_SEEN], down[MOST_OUT][MOST_SEEN], out[MOST_OUT];

	for (size_t x = 0; x < tile + 2; x++) {
		for (size_t y = 0; y < tile + 2; y++)
			v[y] = *(const vector_stored *)(at + (y * (tile + 2) + x) * from->step);
		transform_products(tile, v, out);
		for (size_t y = 0; y < tile; y++)
			down[y][x] = out[y];
	}
	for (size_t y = 0; y < tile; y++) {
		transform_products(tile, down[y], out);
		for (size_t x = 0; x < tile; x++)
			*(vector_stored *)(made + (y * columns + x) * LANES) = out[x] + *bias;
	}
}

INLINE void outputs(size_t tile, const struct window *w, const struct conv_strip *s,
	const struct conv_elements *from, size_t units, const float *bias, float *room,
	float *planes)
{
	size_t columns = tile * s->n, pixels = w->out[0] * w->out[1];
	size_t rows = size_min(tile, w->out[0] - s->y),
	       width = size_min(columns, w->out[1] - s->x);
	float *to = planes + s->y * w->out[1] + s->x;

	for (size_t i = 0; i < units; i += LANES) {
		size_t n = size_min(units - i, LANES);
		vector_floats added = {0};

		if (bias != NULL)
			memcpy(&added, bias + i, n * sizeof *bias);
		for (size_t k = 0; k < s->n; k++)
			make_outputs(tile, from, from->at + k * from->row + i, &added, columns,
				room + k * tile * LANES);
		for (size_t y = 0; y < rows; y++)
			transpose(room + y * columns * LANES, LANES, width, n,
				to + i * pixels + y * w->out[1], pixels);
	}
}

/* --- tiles of 2, tiles of 4 --- */

static void weights_2(const float *w, float *to, size_t step)
{
	weights(2, w, to, step);
}

static void weights_4(const float *w, float *to, size_t step)
{
	weights(4, w, to, step);
}

VECTOR_CLONES static void values_2(const struct window *w, const struct conv_strip *s,
	const float *planes, size_t channels, float *room, const struct conv_elements *to)
{
	values(2, w, s, planes, channels, room, to);
}

VECTOR_CLONES static void values_4(const struct window *w, const struct conv_strip *s,
	const float *planes, size_t channels, float *room, const struct conv_elements *to)
{
	values(4, w, s, planes, channels, room, to);
}

VECTOR_CLONES static void outputs_2(const struct window *w, const struct conv_strip *s,
	const struct conv_elements *from, size_t units, const float *bias, float *room,
	float *planes)
{
	outputs(2, w, s, from, units, bias, room, planes);
}

VECTOR_CLONES static void outputs_4(const struct window *w, const struct conv_strip *s,
	const struct conv_elements *from, size_t units, const float *bias, float *room,
	float *planes)
{
	outputs(4, w, s, from, units, bias, room, planes);
}

const struct conv_tile conv_tile[CONV_TILES] = {
	{2, 4, weights_2, values_2, outputs_2},
	{4, 6, weights_4, values_4, outputs_4},
};
