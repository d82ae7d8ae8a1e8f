/* SPDX-License-Identifier: ISC */
#include "batcher.h"

#include "err.h"
#include "rng.h"
#include "size.h"

#include <stdlib.h>

#define CACHE_LINE 64
/* In bytes. Of a longer picture the hardware sees soon enough where it goes on. */
#define MOST_AHEAD 1024

int batcher_init(struct batcher *b, struct err *e)
{
	size_t values = shape_values(&b->data->shape), inputs, targets;
	size_t classes = b->soft != NULL ? b->soft->classes : 0;

	b->order = NULL;
	b->input = b->target = NULL;
	b->label = NULL;
	scaler_init(&b->scaler, &b->preprocess);
	if (size_mul(b->batch, values, &inputs) || size_mul(b->batch, classes, &targets))
		return err_set(e, "batches of %zu items are too large", b->batch);
	b->order = size_alloc(b->items, sizeof *b->order, "the order of the items", e);
	b->input = size_alloc(inputs, sizeof *b->input, "the batch", e);
	b->target = size_alloc(targets, sizeof *b->target, "the batch", e);
	b->label = size_alloc(b->batch, sizeof *b->label, "the batch", e);
	if (b->order == NULL || b->input == NULL || b->target == NULL || b->label == NULL) {
		batcher_release(b);
		return -1;
	}
	return 0;
}

void batcher_release(struct batcher *b)
{
	free(b->order);
	free(b->input);
	free(b->target);
	free(b->label);
	b->order = NULL;
	b->input = b->target = NULL;
	b->label = NULL;
}

void batcher_start(struct batcher *b, uint32_t epoch, size_t position)
{
	struct rng r = {b->seed, RNG_SHUFFLE, epoch, 0};

	for (size_t i = 0; i < b->items; i++)
		b->order[i] = b->item != NULL ? b->item[i] : (uint32_t)i;
	if (b->shuffle)
		rng_shuffle(&r, b->order, b->items);
	b->epoch = epoch;
	b->position = position;
}

/* Targets with views come with the shifts that they were made with; else the student's own. */
static struct shift shift_of(const struct batcher *b, uint32_t item, size_t view)
{
	if (b->soft != NULL && augment_any(&b->soft->augment))
		return augment_view(
			b->soft->view_seed, (uint32_t)view, item, &b->soft->augment);
	return augment_shift(b->seed, b->epoch, item, &b->augment);
}

/* The label and the target of a row. */
static void fill_wanted(struct batcher *b, size_t row, uint32_t item, size_t view)
{
	float *target;

	if (b->data->labels != NULL)
		b->label[row] = b->data->labels[item];
	if (b->soft == NULL)
		return;
	target = b->target + row * b->soft->classes;
	if (b->targets == BATCH_PROBABILITIES)
		soft_targets_probabilities(b->soft, view, item, b->temperature, target);
	else
		soft_targets_row(b->soft, view, item, target);
}

static void fill(struct batcher *b, size_t row)
{
	uint32_t item = b->order[b->start + row];
	size_t view = b->soft != NULL ? b->epoch % b->soft->views : 0;

	augment_item(b->data, &b->scaler, item, shift_of(b, item, view),
		b->input + row * shape_values(&b->data->shape));
	fill_wanted(b, row, item, view);
}

/* Nothing but the order tells where the next item's pixels are. */
static void fetch(const struct batcher *b, size_t row)
{
	size_t pixels = shape_values(&b->data->shape);
	const uint8_t *image = b->data->images;

	if (image == NULL)
		return;
	image += b->order[b->start + row] * pixels;
	for (size_t i = 0; i < size_min(pixels, MOST_AHEAD); i += CACHE_LINE)
		__builtin_prefetch(image + i);
}

void batcher_fill(struct batcher *b, size_t from, size_t to)
{
	for (size_t row = from; row < to; row++) {
		if (row + 1 < to)
			fetch(b, row + 1);
		fill(b, row);
	}
}

int batcher_next(struct batcher *b, struct batch *batch)
{
	size_t left = b->items - b->position;

	if (left == 0)
		return 0;
	b->start = b->position;
	*batch = (struct batch){
		.n = left < b->batch ? left : b->batch,
		.item = b->order + b->start,
		.input = b->input,
		.label = b->data->labels != NULL ? b->label : NULL,
		.target = b->soft != NULL ? b->target : NULL,
		.epoch = b->epoch,
	};
	b->position += batch->n;
	return 1;
}

int batcher_knows(const struct batcher *b)
{
	return b->soft == NULL || !augment_any(&b->soft->augment);
}

struct batch batcher_item(struct batcher *b, uint32_t item)
{
	fill_wanted(b, 0, item, 0);
	return (struct batch){.n = 1,
		.label = b->data->labels != NULL ? b->label : NULL,
		.target = b->soft != NULL ? b->target : NULL};
}
