/* SPDX-License-Identifier: ISC */
/* Every item once an epoch, with its own label and its own target, in a reproducible order. */
#include "batcher.h"

#include "err.h"
#include "unit.h"

#include <math.h>
#include <string.h>

#define ITEMS 103
#define SIDE 6
#define VALUES (SIDE * SIDE)
#define CLASSES 5
#define VIEWS 3

/* A data set where everything tells which item it is: pixels, label and target. */
struct world {
	uint8_t image[ITEMS * VALUES];
	uint16_t label[ITEMS];
	float value[VIEWS * ITEMS * CLASSES];
	struct dataset data;
	struct soft_targets soft;
};

static int set_up(void **state)
{
	static struct world w;

	for (size_t i = 0; i < ITEMS * VALUES; i++)
		w.image[i] = (uint8_t)(1 + i / VALUES + i % VALUES);
	for (size_t i = 0; i < ITEMS; i++)
		w.label[i] = (uint16_t)(i * 7 % CLASSES);
	for (size_t i = 0; i < VIEWS * ITEMS * CLASSES; i++)
		w.value[i] = (float)i;
	w.data = (struct dataset){.items = ITEMS,
		.shape = {1, SIDE, SIDE},
		.images = w.image,
		.labels = w.label,
		.classes = CLASSES};
	w.soft = (struct soft_targets){.values = SOFT_LOGITS,
		.items = ITEMS,
		.classes = CLASSES,
		.views = 1,
		.dtype = TENSOR_F32,
		.stored = w.value};
	*state = &w;
	return 0;
}

static struct batcher make(struct world *w, size_t batch)
{
	return (struct batcher){.data = &w->data,
		.items = ITEMS,
		.preprocess = {0, 1},
		.batch = batch,
		.seed = 42,
		.shuffle = 1};
}

/* Runs an epoch from `position` on; writes the order and returns how many items came. */
static size_t epoch_order(struct batcher *b, uint32_t epoch, size_t position, uint32_t *order)
{
	struct batch batch;
	size_t n = 0, left = b->items - position;

	batcher_start(b, epoch, position);
	while (batcher_next(b, &batch)) {
		assert_int_equal(batch.n, left < b->batch ? left : b->batch);
		assert_int_equal(batch.epoch, epoch);
		memcpy(order + n, batch.item, batch.n * sizeof *order);
		n += batch.n;
		left -= batch.n;
	}
	assert_int_equal(left, 0);
	assert_int_equal(batcher_next(b, &batch), 0); /* the end is the end */
	return n;
}

static void every_item_once(void **state)
{
	static const size_t size[] = {1, 2, 16, 102, 103, 104, 1000};
	struct world *w = *state;
	uint32_t order[ITEMS];
	struct err e;

	for (size_t s = 0; s < sizeof size / sizeof size[0]; s++) {
		struct batcher b = make(w, size[s]);
		int seen[ITEMS] = {0}, in_place = 0;

		assert_int_equal(batcher_init(&b, &e), 0);
		assert_int_equal(epoch_order(&b, 0, 0, order), ITEMS);
		for (uint32_t i = 0; i < ITEMS; i++) {
			assert_true(order[i] < ITEMS);
			assert_int_equal(seen[order[i]]++, 0);
			in_place += order[i] == i;
		}
		assert_true(in_place < 10); /* shuffled indeed: one is expected in place */
		batcher_release(&b);
	}
}

/* Not of batch size, jitter, number of workers, or of what was done before. */
static void order_is_of_seed_and_epoch_alone(void **state)
{
	struct world *w = *state;
	struct batcher a = make(w, 16), b = make(w, 5);
	uint32_t one[ITEMS], two[ITEMS], other[ITEMS];
	struct err e;

	b.augment.jitter = 2;
	assert_int_equal(batcher_init(&a, &e), 0);
	assert_int_equal(batcher_init(&b, &e), 0);
	epoch_order(&a, 0, 0, other);
	epoch_order(&a, 3, 0, one);
	epoch_order(&b, 3, 0, two);
	assert_memory_equal(one, two, sizeof one);
	assert_memory_not_equal(one, other, sizeof one);
	b.seed = 43;
	epoch_order(&b, 3, 0, two);
	assert_memory_not_equal(one, two, sizeof one);
	batcher_release(&a);
	batcher_release(&b);
}

static void starts_anywhere(void **state)
{
	struct world *w = *state;
	struct batcher b = make(w, 8);
	uint32_t whole[ITEMS], rest[ITEMS];
	struct err e;

	assert_int_equal(batcher_init(&b, &e), 0);
	epoch_order(&b, 1, 0, whole);
	for (size_t position = 0; position <= ITEMS; position++) {
		assert_int_equal(epoch_order(&b, 1, position, rest), ITEMS - position);
		assert_memory_equal(
			rest, whole + position, (ITEMS - position) * sizeof rest[0]);
	}
	batcher_release(&b);
}

static void keeps_order_without_shuffling(void **state)
{
	struct world *w = *state;
	struct batcher b = make(w, 10);
	uint32_t order[ITEMS];
	struct err e;

	b.shuffle = 0;
	assert_int_equal(batcher_init(&b, &e), 0);
	for (uint32_t epoch = 0; epoch < 3; epoch++) {
		epoch_order(&b, epoch, 0, order);
		for (uint32_t i = 0; i < ITEMS; i++)
			assert_int_equal(order[i], i);
	}
	batcher_release(&b);
}

/* With a list of items only they come, each once. */
static void keeps_to_its_items(void **state)
{
	static const uint32_t chosen[] = {100, 3, 57, 8, 9};
	struct world *w = *state;
	struct batcher b = make(w, 2);
	uint32_t order[ITEMS] = {0};
	struct err e;

	b.item = chosen;
	b.items = 5;
	assert_int_equal(batcher_init(&b, &e), 0);
	for (uint32_t epoch = 0; epoch < 5; epoch++) {
		int seen[ITEMS] = {0};

		assert_int_equal(epoch_order(&b, epoch, 0, order), 5);
		for (size_t i = 0; i < 5; i++)
			seen[order[i]]++;
		for (size_t i = 0; i < 5; i++)
			assert_int_equal(seen[chosen[i]], 1);
	}
	b.shuffle = 0;
	epoch_order(&b, 0, 0, order);
	assert_memory_equal(order, chosen, sizeof chosen);
	batcher_release(&b);
}

/* What a row of a batch must hold for its item in this epoch. */
static void check_row(const struct batcher *b, const struct batch *batch, size_t row)
{
	const struct soft_targets *soft = b->soft;
	uint32_t item = batch->item[row], view = batch->epoch % (uint32_t)soft->views;
	struct shift s = augment_any(&soft->augment)
				 ? augment_view(soft->view_seed, view, item, &soft->augment)
				 : augment_shift(b->seed, batch->epoch, item, &b->augment);
	struct scaler scaler;
	float input[VALUES];

	assert_int_equal(batch->label[row], item * 7 % CLASSES);
	scaler_init(&scaler, &b->preprocess);
	augment_item(b->data, &scaler, item, s, input);
	assert_memory_equal(input, batch->input + row * VALUES, sizeof input);
	for (uint32_t c = 0; c < CLASSES; c++)
		assert_true(batch->target[row * CLASSES + c] ==
			    (float)((view * ITEMS + item) * CLASSES + c));
}

static void check_rows(struct batcher *b, uint32_t epochs)
{
	struct batch batch;
	struct err e;

	assert_int_equal(batcher_init(b, &e), 0);
	for (uint32_t epoch = 0; epoch < epochs; epoch++) {
		batcher_start(b, epoch, 0);
		while (batcher_next(b, &batch)) {
			/* In pieces, and not in order, as workers do. */
			batcher_fill(b, batch.n / 3, batch.n);
			batcher_fill(b, 0, batch.n / 3);
			for (size_t row = 0; row < batch.n; row++)
				check_row(b, &batch, row);
		}
	}
	batcher_release(b);
}

/* The mispairing that REFERENCE section 3 tells of cannot happen here. */
static void joins_inputs_labels_and_targets(void **state)
{
	struct world *w = *state;
	struct batcher b = make(w, 16);

	b.soft = &w->soft;
	b.targets = BATCH_LOGITS;
	check_rows(&b, 2);
	b.augment = (struct augment){2, 0};
	check_rows(&b, 3);
	b.augment = (struct augment){1, 1};
	check_rows(&b, 3);
}

/* Targets with views bring the shifts that they were made with. */
static void replays_views(void **state)
{
	struct world *w = *state;
	struct soft_targets views = w->soft;
	struct batcher b = make(w, 16);

	views.views = VIEWS;
	views.augment = (struct augment){2, 1};
	views.view_seed = 77;
	b.soft = &views;
	b.targets = BATCH_LOGITS;
	b.augment = (struct augment){1, 1}; /* the student's own, which must not count */
	check_rows(&b, 2 * VIEWS + 1);
}

static void softens_targets(void **state)
{
	struct world *w = *state;
	struct batcher b = make(w, 16);
	struct batch batch;
	struct err e;

	b.soft = &w->soft;
	b.targets = BATCH_PROBABILITIES;
	b.temperature = 4;
	assert_int_equal(batcher_init(&b, &e), 0);
	batcher_start(&b, 0, 0);
	assert_int_equal(batcher_next(&b, &batch), 1);
	batcher_fill(&b, 0, batch.n);
	for (size_t row = 0; row < batch.n; row++)
		for (int c = 0; c < CLASSES; c++) {
			/* Logits go up by 1 a class, whatever the item: a geometric row. */
			double sum = 0, p = (double)batch.target[row * CLASSES + (size_t)c];

			for (int k = 0; k < CLASSES; k++)
				sum += exp(k / 4.0);
			assert_true(fabs(p - exp(c / 4.0) / sum) < 1e-6);
		}
	batcher_release(&b);
}

static void does_without(void **state)
{
	struct world *w = *state;
	struct dataset plain = w->data;
	struct batcher b = make(w, 16);
	struct batch batch;
	struct err e;

	plain.labels = NULL;
	b.data = &plain;
	assert_int_equal(batcher_init(&b, &e), 0);
	batcher_start(&b, 0, 0);
	assert_int_equal(batcher_next(&b, &batch), 1);
	batcher_fill(&b, 0, batch.n);
	assert_null(batch.label);
	assert_null(batch.target);
	batcher_release(&b);
	b.batch = SIZE_MAX / 8;
	assert_int_equal(batcher_init(&b, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_once),
		cmocka_unit_test(order_is_of_seed_and_epoch_alone),
		cmocka_unit_test(starts_anywhere),
		cmocka_unit_test(keeps_order_without_shuffling),
		cmocka_unit_test(keeps_to_its_items),
		cmocka_unit_test(joins_inputs_labels_and_targets),
		cmocka_unit_test(replays_views),
		cmocka_unit_test(softens_targets),
		cmocka_unit_test(does_without),
	};

	return cmocka_run_group_tests_name("batcher", tests, set_up, NULL);
}
