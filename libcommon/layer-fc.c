/* SPDX-License-Identifier: ISC */
/* Fully connected: out = in . weight^T + bias, weight [out,in] as in nn.Linear. */
#include "err.h"
#include "layer-init.h"
#include "layer.h"
#include "sgemm.h"
#include "size.h"
#include "vector.h"

#include <string.h>

extern const struct layer_kind layer_fc;

/* Inference multiplies by the same weights again and again: they are packed, but for the few
 * units that the product packs in no time. */
#define PACKED_UNITS 192
/* Units of a part, at most: rows of any tile go into it. Smaller parts are full tiles, too. */
#define UNIT_STEP 24
#define TILE_UNITS 8

/*
 * Inputs so far apart share few places in a cache. The gradient of each part reads all of the
 * batch's: it reads a copy in which they are some lines of the cache further apart.
 */
#define FAR_INPUTS 2048
#define COPY_SLACK 16

static size_t copy_bytes(size_t in)
{
	return in % FAR_INPUTS == 0 ? (in + COPY_SLACK) * sizeof(float) : 0;
}

/* An even number of parts, where that can be had: two workers then have as much to do. */
static size_t unit_step(size_t units)
{
	size_t parts = (units - 1) / UNIT_STEP + 1, step;

	if (parts == 1)
		return UNIT_STEP;
	step = (units - 1) / (parts + parts % 2) + 1;
	return (step + TILE_UNITS - 1) / TILE_UNITS * TILE_UNITS;
}

static int setup(struct layer *l, struct err *e)
{
	size_t in = shape_values(&l->in), out = (size_t)l->spec.number;

	l->out = (struct shape){out, 1, 1};
	l->param[0] = (struct layer_param){.name = "weight", .rank = 2, .shape = {out, in}};
	l->param[1] =
		(struct layer_param){.name = "bias", .rank = 1, .shape = {out}, .count = out};
	l->params = 2;
	if (size_mul(out, in, &l->param[0].count))
		return err_set(e, "fc:%zu of %zu inputs is too large", out, in);
	l->macs = l->param[0].count;
	l->units = out;
	l->unit_step = unit_step(out);
	l->scratch = copy_bytes(in);
	if (out >= PACKED_UNITS)
		l->packed[LAYER_INFERENCE] = sgemm_panel_values(out, in);
	if (l->packed[LAYER_INFERENCE] == SIZE_MAX)
		return err_set(e, "fc:%zu of %zu inputs is too large", out, in);
	return 0;
}

/* A sum that is 0 has a sign that may hang on what else was in its tile, see sgemm.h: not so
 * the sum with 0. */
VECTOR_CLONES static void add_bias(const float *bias, size_t width, size_t n, float *out)
{
	for (size_t row = 0; row < n; row++)
		for (size_t i = 0; i < width; i++)
			out[row * width + i] = out[row * width + i] + 0.0f + bias[i];
}

/* The product's b, weight^T. */
static struct sgemm weights(const struct layer *l, const float *param)
{
	size_t in = shape_values(&l->in);

	return (struct sgemm){.n = l->units,
		.k = in,
		.b = param + l->param[0].at,
		.ldb = in,
		.transpose_b = 1};
}

/* The panels that begin with units [from, to). */
static void pack(
	const struct layer *l, const float *param, float *packed, size_t from, size_t to)
{
	size_t width = sgemm_panel_width();
	struct sgemm g = weights(l, param);

	from = (from + width - 1) / width * width;
	to = size_min((to + width - 1) / width * width, l->units);
	if (from < to)
		sgemm_pack(&g, from, to, 0, g.k, packed + l->packed_at[LAYER_INFERENCE]);
}

/* The batch's inputs for the gradient, where they are not read as they lie. */
static void copy_inputs(const struct layer *l, const struct layer_pass *p)
{
	size_t in = shape_values(&l->in);

	for (size_t i = 0; i < p->n; i++)
		memcpy(p->scratch + i * l->scratch, p->in + i * in, in * sizeof *p->in);
}

/* in . weight^T */
static void forward(const struct layer *l, const struct layer_pass *p)
{
	struct sgemm g = weights(l, p->param);

	g.m = p->n;
	g.a = p->in;
	g.lda = g.k;
	g.c = p->out;
	g.ldc = g.n;
	g.panels = layer_packed(l, p);
	g.margins = l->source->layer < 0;
	sgemm_run(&g);
	add_bias(p->param + l->param[1].at, g.n, p->n, p->out);
	if (l->scratch > 0 && p->scratch != NULL)
		copy_inputs(l, p);
}

/* dout . weight */
static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t in = shape_values(&l->in), out = shape_values(&l->out);
	struct sgemm g = {.m = p->n,
		.n = in,
		.k = out,
		.a = p->dout,
		.lda = out,
		.b = p->param + l->param[0].at,
		.ldb = in,
		.c = p->din,
		.ldc = in};

	sgemm_run(&g);
}

/* The sums of n columns, rows in order. */
VECTOR_CLONES static void sum_columns(
	const float *from, size_t rows, size_t stride, size_t n, float *restrict sum)
{
	memset(sum, 0, n * sizeof *sum);
	for (size_t row = 0; row < rows; row++)
		for (size_t i = 0; i < n; i++)
			sum[i] += from[row * stride + i];
}

/* dout^T . in */
static void gradient(const struct layer *l, const struct layer_pass *p, size_t from, size_t to,
	float *const grad[])
{
	size_t in = shape_values(&l->in), out = shape_values(&l->out);
	struct sgemm g = {.m = to - from,
		.n = in,
		.k = p->n,
		.a = p->dout + from,
		.lda = out,
		.transpose_a = 1,
		.b = p->in,
		.ldb = in,
		.c = grad[0],
		.ldc = in};

	if (l->scratch > 0) {
		g.b = (const float *)(const void *)p->scratch;
		g.ldb = l->scratch / sizeof *g.b;
	}
	sgemm_run(&g);
	sum_columns(p->dout + from, p->n, out, to - from, grad[1]);
}

const struct layer_kind layer_fc = {
	.name = "fc",
	.number = LAYER_COUNT,
	.options = "",
	.setup = setup,
	.init = layer_init_weights,
	.forward = forward,
	.backward = backward,
	.gradient = gradient,
	.pack = {[LAYER_INFERENCE] = pack},
};
