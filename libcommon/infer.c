/* SPDX-License-Identifier: ISC */
#include "infer.h"

#include "err.h"
#include "net.h"
#include "size.h"
#include "workers.h"

#include <stdlib.h>
#include <string.h>

/* Items that one part of the gathering handles. */
#define PART 32

/* One batch being gathered. */
struct gather {
	const struct infer *in;
	const uint32_t *item; /* [n] */
	size_t n, values;
	float *input; /* [n][values] */
};

size_t infer_items(const struct infer *in)
{
	return in->item != NULL ? in->items : in->data->items;
}

static void gather_part(void *job, size_t part, int worker)
{
	const struct gather *g = job;
	const struct infer *in = g->in;
	size_t end = (part + 1) * PART < g->n ? (part + 1) * PART : g->n;

	(void)worker;
	for (size_t i = part * PART; i < end; i++) {
		struct shift s = {0, 0};

		if (in->jitter > 0)
			s = augment_shift(in->view_seed, in->view, g->item[i], in->jitter);
		augment_item(in->data, in->preprocess, g->item[i], s, g->input + i * g->values);
	}
}

static void set_items(const struct infer *in, size_t first, size_t n, uint32_t *item)
{
	for (size_t i = 0; i < n; i++)
		item[i] = in->item != NULL ? in->item[first + i] : (uint32_t)(first + i);
}

static int run(const struct infer *in, size_t batch, uint32_t *item, float *input,
	infer_take *take, void *arg, struct err *e)
{
	size_t items = infer_items(in), n;

	for (size_t first = 0; first < items; first += n) {
		struct gather g = {.in = in, .item = item, .input = input};
		struct batch b = {.item = item, .input = input};

		if (in->stop != NULL && *in->stop)
			return err_set(e, "interrupted");
		n = items - first < batch ? items - first : batch;
		set_items(in, first, n, item);
		g.n = b.n = n;
		g.values = shape_values(&in->data->shape);
		workers_run(in->net->workers, gather_part, &g, (n + PART - 1) / PART);
		if (take(arg, net_forward(in->net, &b, 0, 0), first, n, e))
			return -1;
		if (in->progress != NULL)
			in->progress(in->progress_arg, first + n);
	}
	return 0;
}

/* How many items at a time; 0 with text on failure. */
static size_t ready(const struct infer *in, struct err *e)
{
	size_t batch = in->batch > 0 ? in->batch : INFER_BATCH;

	if (batch > infer_items(in))
		batch = infer_items(in) > 0 ? infer_items(in) : 1;
	if (in->net->batch == 0 && net_prepare(in->net, batch, 0, e))
		return 0;
	return batch < in->net->batch ? batch : in->net->batch;
}

int infer_run(const struct infer *in, infer_take *take, void *arg, struct err *e)
{
	size_t values = shape_values(&in->data->shape), batch = ready(in, e), count;
	uint32_t *item = NULL;
	float *input = NULL;
	int bad = -1;

	if (batch == 0)
		return -1;
	if (values != shape_values(&in->net->in))
		return err_set(e, "the net takes %zu values where an item has %zu",
			shape_values(&in->net->in), values);
	if (size_mul(batch, values, &count))
		return err_set(e, "a batch of %zu items does not fit the address space", batch);
	input = size_alloc(count, sizeof *input, "a batch of inputs", e);
	item = size_alloc(batch, sizeof *item, "a batch of numbers", e);
	if (input != NULL && item != NULL)
		bad = run(in, batch, item, input, take, arg, e);
	free(input);
	free(item);
	return bad;
}

struct copy {
	float *to;
	size_t classes;
};

static int copy_block(void *arg, const float *logits, size_t first, size_t n, struct err *e)
{
	const struct copy *c = arg;

	(void)e;
	memcpy(c->to + first * c->classes, logits, n * c->classes * sizeof *logits);
	return 0;
}

int infer_logits(const struct infer *in, float *logits, struct err *e)
{
	struct copy c = {logits, in->net->classes};

	return infer_run(in, copy_block, &c, e);
}
