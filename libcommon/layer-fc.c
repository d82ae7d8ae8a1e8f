/* SPDX-License-Identifier: ISC */
/* Fully connected: out = in . weight^T + bias, weight [out,in] as in nn.Linear. */
#include "err.h"
#include "gemm.h"
#include "layer.h"
#include "rng.h"
#include "size.h"
#include "vector.h"
#include "workers.h"

#include <math.h>
#include <string.h>

#define BIAS_ROWS 32

extern const struct layer_kind layer_fc;

static int setup(struct layer *l, struct err *e)
{
	size_t in = shape_values(&l->in), out = (size_t)l->spec.number;

	l->out = (struct shape){out, 1, 1};
	l->param[0] = (struct layer_param){"weight", 2, {out, in}, 0, 0};
	l->param[1] = (struct layer_param){"bias", 1, {out}, out, 0};
	l->params = 2;
	if (size_mul(out, in, &l->param[0].count))
		return err_set(e, "fc:%zu of %zu inputs is too large", out, in);
	l->macs = l->param[0].count;
	return 0;
}

static void fill_uniform(float *to, size_t n, double bound, const struct rng *r)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (float)((2 * rng_unit(r, (uint32_t)i) - 1) * bound);
}

/* Box and Muller's transform: each pair of uniforms gives one value here, which is enough. */
static void fill_normal(float *to, size_t n, double sd, const struct rng *r)
{
	for (size_t i = 0; i < n; i++) {
		double u = 1 - rng_unit(r, (uint32_t)(2 * i)),
		       angle = 6.283185307179586 * rng_unit(r, (uint32_t)(2 * i + 1));

		to[i] = (float)(sd * sqrt(-2 * log(u)) * cos(angle));
	}
}

static void init(const struct layer *l, enum initializer how, uint64_t seed, float *param)
{
	const struct layer_param *weight = &l->param[0], *bias = &l->param[1];
	double in = (double)weight->shape[1], out = (double)weight->shape[0];
	struct rng r = {seed, RNG_INIT + (uint32_t)l->position, 0, 0}, of_bias = r;

	of_bias.index = 1;
	memset(param + bias->at, 0, bias->count * sizeof *param);
	switch (how) {
	case INITIALIZER_GLOROT:
		fill_uniform(param + weight->at, weight->count, sqrt(6 / (in + out)), &r);
		break;
	case INITIALIZER_HE:
		fill_normal(param + weight->at, weight->count, sqrt(2 / in), &r);
		break;
	case INITIALIZER_TORCH:
		fill_uniform(param + weight->at, weight->count, 1 / sqrt(in), &r);
		fill_uniform(param + bias->at, bias->count, 1 / sqrt(in), &of_bias);
		break;
	}
}

struct bias_job {
	float *out;
	const float *bias;
	size_t n, width;
};

VECTOR_CLONES static void add_bias(void *job, size_t part, int worker)
{
	const struct bias_job *b = job;
	size_t end = (part + 1) * BIAS_ROWS < b->n ? (part + 1) * BIAS_ROWS : b->n;

	(void)worker;
	for (size_t row = part * BIAS_ROWS; row < end; row++) {
		float *out = b->out + row * b->width;

		for (size_t i = 0; i < b->width; i++)
			out[i] += b->bias[i];
	}
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t in = shape_values(&l->in), out = shape_values(&l->out);
	struct gemm g = {.m = p->n,
		.n = out,
		.k = in,
		.a = p->in,
		.lda = in,
		.b = p->param + l->param[0].at,
		.ldb = in,
		.transpose_b = 1,
		.c = p->out,
		.ldc = out};
	struct bias_job bias = {p->out, p->param + l->param[1].at, p->n, out};

	gemm_run(p->workers, &g);
	workers_run(p->workers, add_bias, &bias, (p->n + BIAS_ROWS - 1) / BIAS_ROWS);
}

/* Rows are added in order, so the sum is the same for any number of threads. */
VECTOR_CLONES static void bias_gradient(const struct layer_pass *p, size_t width, float *grad)
{
	memset(grad, 0, width * sizeof *grad);
	for (size_t row = 0; row < p->n; row++)
		for (size_t i = 0; i < width; i++)
			grad[i] += p->dout[row * width + i];
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t in = shape_values(&l->in), out = shape_values(&l->out);
	struct gemm weight = {.m = out,
		.n = in,
		.k = p->n,
		.a = p->dout,
		.lda = out,
		.transpose_a = 1,
		.b = p->in,
		.ldb = in,
		.c = p->grad + l->param[0].at,
		.ldc = in};
	struct gemm input = {.m = p->n,
		.n = in,
		.k = out,
		.a = p->dout,
		.lda = out,
		.b = p->param + l->param[0].at,
		.ldb = in,
		.c = p->din,
		.ldc = in};

	gemm_run(p->workers, &weight);
	bias_gradient(p, out, p->grad + l->param[1].at);
	if (p->din != NULL)
		gemm_run(p->workers, &input);
}

const struct layer_kind layer_fc = {
	.name = "fc",
	.number = LAYER_COUNT,
	.options = "",
	.setup = setup,
	.init = init,
	.forward = forward,
	.backward = backward,
};
