/* SPDX-License-Identifier: ISC */
#include "window.h"

#include "err.h"
#include "vector.h"

#include <math.h>
#include <string.h>

#define MAX_SIDE 32768 /* a plane's values are counted in 32 bits */

int window_option(const struct layer *l, const char *name, size_t otherwise, size_t low,
	size_t *value, struct err *e)
{
	const double *v = layer_option(&l->spec, name);

	*value = otherwise;
	if (v == NULL)
		return 0;
	if (*v < (double)low || *v > WINDOW_MAX_STRIDE || *v != floor(*v))
		return err_set(e, "%s/%s%g: expected a whole number from %zu to %d",
			l->kind->name, name, *v, low, WINDOW_MAX_STRIDE);
	*value = (size_t)*v;
	return 0;
}

/* How many windows go along a side, with `pad` values on both of its ends. */
static size_t windows(size_t in, size_t kernel, size_t stride, size_t pad, int ceiling)
{
	size_t room = in + 2 * pad - kernel, n = room / stride + 1;

	/* as in PyTorch, no window starts in the padding at the end */
	if (ceiling && room % stride != 0 && n * stride < in + pad)
		n++;
	return n;
}

static int check(const struct layer *l, size_t pad, struct err *e)
{
	const int *k = l->spec.kernel;
	const char *name = l->kind->name;

	if (k[0] * k[1] > WINDOW_MAX_VALUES)
		return err_set(e, "%s%dx%d: the window has over %d values", name, k[0], k[1],
			WINDOW_MAX_VALUES);
	if (layer_option(&l->spec, "same") != NULL &&
		(layer_option(&l->spec, "p") != NULL ||
			layer_option(&l->spec, "valid") != NULL ||
			layer_option(&l->spec, "ceil") != NULL))
		return err_set(e, "%s/same leaves p, valid and ceil no say", name);
	if (layer_option(&l->spec, "p") != NULL && layer_option(&l->spec, "valid") != NULL)
		return err_set(e, "%s: p and valid exclude each other", name);
	if (layer_option(&l->spec, "same") == NULL &&
		(l->in.height + 2 * pad < (size_t)k[0] || l->in.width + 2 * pad < (size_t)k[1]))
		return err_set(e, "%s%dx%d does not fit into %zux%zu values", name, k[0], k[1],
			l->in.height + 2 * pad, l->in.width + 2 * pad);
	return 0;
}

int window_setup(struct layer *l, int pool, struct err *e)
{
	size_t in[2] = {l->in.height, l->in.width}, out[2], pad;
	int ceiling = layer_option(&l->spec, "ceil") != NULL;

	if (window_option(l, "p", 0, 0, &pad, e) || check(l, pad, e))
		return -1;
	for (int i = 0; i < 2; i++) {
		size_t kernel = (size_t)l->spec.kernel[i], *stride = &l->stride[i];

		if (window_option(l, "s", pool ? kernel : 1, 1, stride, e))
			return -1;
		out[i] = layer_option(&l->spec, "same") != NULL
				 ? (in[i] + *stride - 1) / *stride
				 : windows(in[i], kernel, *stride, pad, ceiling);
	}
	l->out.height = out[0];
	l->out.width = out[1];
	if (l->in.height + 2 * pad > MAX_SIDE || l->in.width + 2 * pad > MAX_SIDE)
		return err_set(e, "%s of %zux%zu values is too large", l->kind->name,
			l->in.height, l->in.width);
	return 0;
}

/* Keras's and ONNX's way (SAME_UPPER): of an odd number of values more go to the end. */
static size_t same_before(size_t in, size_t out, size_t kernel, size_t stride)
{
	size_t needed = (out - 1) * stride + kernel;

	return needed > in ? (needed - in) / 2 : 0;
}

static uint32_t offset_of(const struct window *w, size_t ky, size_t kx)
{
	const size_t *s = w->stride;
	size_t phase = ky % s[0] * s[1] + kx % s[1];

	return (uint32_t)(phase * w->grid[0] * w->grid[1] + ky / s[0] * w->grid[1] + kx / s[1]);
}

void window_of(const struct layer *l, struct window *w)
{
	const double *pad = layer_option(&l->spec, "p");

	w->in[0] = l->in.height;
	w->in[1] = l->in.width;
	w->out[0] = l->out.height;
	w->out[1] = l->out.width;
	for (int i = 0; i < 2; i++) {
		size_t s = w->stride[i] = l->stride[i];

		w->kernel[i] = (size_t)l->spec.kernel[i];
		w->before[i] = layer_option(&l->spec, "same") != NULL
				       ? same_before(w->in[i], w->out[i], w->kernel[i], s)
			       : pad != NULL ? (size_t)*pad
					     : 0;
	}
	window_lay_out(w);
}

void window_lay_out(struct window *w)
{
	for (int i = 0; i < 2; i++)
		w->grid[i] = w->out[i] - 1 + (w->kernel[i] - 1) / w->stride[i] + 1;
	w->plane = w->stride[0] * w->stride[1] * w->grid[0] * w->grid[1];
	w->run = (w->out[0] - 1) * w->grid[1] + w->out[1];
	for (size_t y = 0; y < w->kernel[0]; y++)
		for (size_t x = 0; x < w->kernel[1]; x++)
			w->offset[y * w->kernel[1] + x] = offset_of(w, y, x);
}

/*
 * Along one side, the values of one phase are at phase + stride * q - before for q in [0,
 * grid). Those with q in [from, to) are of the plane, the first of them its value `first`.
 */
struct span {
	uint32_t from, to, first;
};

static struct span phase_span(const struct window *w, int side, size_t phase)
{
	size_t s = w->stride[side], before = w->before[side], in = w->in[side],
	       grid = w->grid[side];
	size_t skip = before > phase ? (before - phase + s - 1) / s : 0;
	size_t at = phase + skip * s - before;
	size_t count = at < in ? (in - at + s - 1) / s : 0, from = skip < grid ? skip : grid;

	return (struct span){.from = (uint32_t)from,
		.to = (uint32_t)(count < grid - from ? from + count : grid),
		.first = (uint32_t)at};
}

/*
 * Rows are short, so they are copied by whole vectors: up to ROOM values too many are read and
 * written. What comes behind a row is written after it; where there is nothing to be read
 * behind it, it is copied value by value.
 */
#define ROOM VECTOR_LANES

static inline size_t whole_vectors(size_t n)
{
	return (n + ROOM - 1) / ROOM * ROOM;
}

static inline void fill_with(float *to, size_t n, float value)
{
	for (size_t i = 0; i < n; i += ROOM)
		*(vector_stored *)(to + i) = (vector_floats){0} + value;
}

static inline void take_every(
	const float *from, size_t stride, size_t n, const float *end, float *to)
{
	if ((size_t)(end - from) < whole_vectors(n) * stride || stride > 2)
		for (size_t i = 0; i < n; i++)
			to[i] = from[stride * i];
	else if (stride == 1)
		for (size_t i = 0; i < n; i += ROOM)
			*(vector_stored *)(to + i) = *(const vector_stored *)(from + i);
	else
		for (size_t i = 0; i < n; i += ROOM) {
			vector_floats low = *(const vector_stored *)(from + 2 * i),
				      high = *(const vector_stored *)(from + 2 * i + ROOM);

			*(vector_stored *)(to + i) = __builtin_shufflevector(low, high, 0, 2, 4,
				6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
		}
}

/* Which values of a plane are of each phase, down and across. */
struct spans {
	struct span side[2][WINDOW_MAX_STRIDE];
};

static void spans_of(const struct window *w, struct spans *s)
{
	for (int side = 0; side < 2; side++)
		for (size_t phase = 0; phase < w->stride[side]; phase++)
			s->side[side][phase] = phase_span(w, side, phase);
}

static inline void spread_phase(const struct window *w, const struct span *y,
	const struct span *x, const float *plane, const float *end, float fill, float *to)
{
	size_t width = w->grid[1], n = x->to - x->from;
	const float *from = plane + y->first * w->in[1] + x->first;

	fill_with(to, y->from * width + x->from, fill);
	if (n == width && w->stride[0] == 1 && n == w->in[1])
		take_every(from, 1, (y->to - y->from) * n, end, to + y->from * width);
	else
		for (size_t q = y->from; q < y->to; q++, from += w->stride[0] * w->in[1]) {
			take_every(from, w->stride[1], n, end, to + q * width + x->from);
			fill_with(to + q * width + x->to, width - n, fill);
		}
	fill_with(to + y->to * width, (w->grid[0] - y->to) * width, fill);
}

VECTOR_CLONES static void spread(const struct window *w, const struct spans *s,
	const float *plane, size_t planes, float fill, float *to)
{
	size_t values = w->in[0] * w->in[1], phase = w->grid[0] * w->grid[1];
	const float *end = plane + planes * values;

	for (size_t i = 0; i < planes; i++, plane += values)
		for (size_t y = 0; y < w->stride[0]; y++)
			for (size_t x = 0; x < w->stride[1]; x++, to += phase)
				spread_phase(w, &s->side[0][y], &s->side[1][x], plane, end,
					fill, to);
}

size_t window_planes(const struct window *w, size_t all)
{
	size_t planes = WINDOW_L1_VALUES / w->plane + 1;

	return planes < all ? planes : all;
}

void window_spread(
	const struct window *w, const float *plane, size_t planes, float fill, float *to)
{
	struct spans s;

	spans_of(w, &s);
	spread(w, &s, plane, planes, fill, to);
}

/* Where a row's values are: value i is at at[i % stride] + i / stride of its phase's row. */
struct sources {
	size_t at[WINDOW_MAX_STRIDE];
};

static void sources_of(const struct window *w, struct sources *s)
{
	size_t phase = w->grid[0] * w->grid[1], stride = w->stride[1];

	for (size_t i = 0; i < stride; i++) {
		size_t at = i + w->before[1];

		s->at[i] = at % stride * phase + at / stride;
	}
}

static inline void collect_row(const struct sources *s, size_t stride, const float *from,
	size_t n, const float *end, float *to)
{
	if ((size_t)(end - to) < n + 2 * ROOM || stride > 2)
		for (size_t k = 0; k < stride; k++)
			for (size_t i = k, q = s->at[k]; i < n; i += stride, q++)
				to[i] = from[q];
	else if (stride == 1)
		for (size_t i = 0; i < n; i += ROOM)
			*(vector_stored *)(to + i) =
				*(const vector_stored *)(from + s->at[0] + i);
	else
		for (size_t i = 0; i < n; i += 2 * ROOM) {
			vector_floats even = *(const vector_stored *)(from + s->at[0] + i / 2),
				      odd = *(const vector_stored *)(from + s->at[1] + i / 2);

			vector_interleave(&even, &odd, to + i);
		}
}

static inline void collect_plane(const struct window *w, const struct sources *s,
	const float *from, size_t rows, size_t columns, const float *end, float *plane)
{
	size_t step = w->stride[1] * w->grid[0] * w->grid[1];
	size_t phase = w->before[0] % w->stride[0], q = w->before[0] / w->stride[0];

	for (size_t y = 0; y < w->in[0]; y++, plane += w->in[1]) {
		size_t seen = y < rows ? columns : 0;

		collect_row(s, w->stride[1], from + phase * step + q * w->grid[1], seen, end,
			plane);
		for (size_t k = seen; k < w->in[1]; k++)
			plane[k] = 0;
		phase = phase + 1 < w->stride[0] ? phase + 1 : 0;
		q += phase == 0;
	}
}

/* How many values along a side, from the first on, the grid has. */
static size_t in_grid(const struct window *w, int side)
{
	size_t n = w->grid[side] * w->stride[side] - w->before[side];

	return n < w->in[side] ? n : w->in[side];
}

VECTOR_CLONES static void collect(const struct window *w, const struct sources *s,
	const float *from, size_t planes, float *plane)
{
	size_t rows = in_grid(w, 0), columns = in_grid(w, 1), values = w->in[0] * w->in[1];
	const float *end = plane + planes * values;

	for (size_t i = 0; i < planes; i++, from += w->plane, plane += values)
		collect_plane(w, s, from, rows, columns, end, plane);
}

void window_collect(const struct window *w, const float *from, size_t planes, float *plane)
{
	struct sources s = {{0}};

	sources_of(w, &s);
	collect(w, &s, from, planes, plane);
}

/* Rows of `width` values from each other's memory, `from_step` and `to_step` apart. */
VECTOR_CLONES static void copy_rows(const float *from, size_t from_step, size_t rows,
	size_t width, float *to, size_t to_step)
{
	for (size_t y = 0; y < rows; y++, from += from_step, to += to_step)
		for (size_t x = 0; x < width; x++)
			to[x] = from[x];
}

void window_pad(const struct window *w, const float *out, float *padded)
{
	size_t reach = window_reach(w), values = w->grid[0] * w->grid[1];

	memset(padded, 0, (reach + values) * sizeof *padded);
	copy_rows(out, w->out[1], w->out[0], w->out[1], padded + reach, w->grid[1]);
}

void window_from_run(const struct window *w, const float *run, float *out)
{
	copy_rows(run, w->grid[1], w->out[0], w->out[1], out, w->out[1]);
}
