/* SPDX-License-Identifier: ISC */
#include "infer.h"

#include "err.h"
#include "net.h"
#include "size.h"

#include <stdlib.h>

/* One batch on its way. */
struct job {
	const struct infer *in;
	struct scaler scaler;
	uint32_t *item; /* [n] */
	float *input;	/* [n][values] */
};

size_t infer_items(const struct infer *in)
{
	return in->item != NULL ? in->items : in->data->items;
}

static void gather(void *job, size_t from, size_t to)
{
	const struct job *j = job;
	const struct infer *in = j->in;
	size_t values = shape_values(&in->data->shape);

	for (size_t i = from; i < to; i++) {
		struct shift s =
			augment_view(in->view_seed, in->view, j->item[i], &in->augment);

		augment_item(in->data, &j->scaler, j->item[i], s, j->input + i * values);
	}
}

static void set_items(const struct infer *in, size_t first, size_t n, uint32_t *item)
{
	for (size_t i = 0; i < n; i++)
		item[i] = in->item != NULL ? in->item[first + i] : (uint32_t)(first + i);
}

static int run(struct job *j, size_t batch, infer_take *take, void *arg, struct err *e)
{
	const struct infer *in = j->in;
	struct net *net = in->net;
	size_t items = infer_items(in), n;
	struct net_visitor v = {.enter = gather, .arg = j};

	net_pack(net);
	for (size_t first = 0; first < items; first += n) {
		struct batch b = {.item = j->item, .input = j->input};

		if (in->stop != NULL && *in->stop)
			return err_set(e, "interrupted");
		b.n = n = items - first < batch ? items - first : batch;
		set_items(in, first, n, j->item);
		net_start(net, &b, 0, 0);
		net_forward(net, &v);
		if (take(arg, net->logits, first, n, e))
			return -1;
		if (in->progress != NULL)
			in->progress(in->progress_arg, first + n);
	}
	return 0;
}

/* How many items at a time; 0 with text on failure. */
static size_t ready(const struct infer *in, struct err *e)
{
	size_t batch = in->batch, values = shape_values(&in->data->shape);

	if (batch == 0)
		batch = size_min(INFER_BATCH, INFER_VALUES / values + 1);
	if (batch > infer_items(in))
		batch = infer_items(in) > 0 ? infer_items(in) : 1;
	if (in->net->batch == 0 && net_prepare(in->net, batch, 0, e))
		return 0;
	return batch < in->net->batch ? batch : in->net->batch;
}

int infer_run(const struct infer *in, infer_take *take, void *arg, struct err *e)
{
	size_t values = shape_values(&in->data->shape), batch = ready(in, e), count;
	struct job j = {.in = in};
	int bad = -1;

	if (batch == 0)
		return -1;
	if (values != shape_values(&in->net->in))
		return err_set(e, "the net takes %zu values where an item has %zu",
			shape_values(&in->net->in), values);
	if (size_mul(batch, values, &count))
		return err_set(e, "a batch of %zu items does not fit the address space", batch);
	scaler_init(&j.scaler, in->preprocess);
	j.input = size_alloc(count, sizeof *j.input, "a batch of inputs", e);
	j.item = size_alloc(batch, sizeof *j.item, "a batch of numbers", e);
	if (j.input != NULL && j.item != NULL)
		bad = run(&j, batch, take, arg, e);
	free(j.input);
	free(j.item);
	return bad;
}
