/* SPDX-License-Identifier: ISC */
/*
 * The one inference loop: logits of a data set's items, for validation, soft-targets and
 * evaluate. Dropout is off. The bytes depend neither on the number of threads nor on who asks.
 */
#ifndef INFER_H
#define INFER_H

#include "augment.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct net;

/* Items at a time; fewer where these have more values than so many. */
#define INFER_BATCH 2048
#define INFER_VALUES ((size_t)1 << 25)

/* What to run; the caller keeps alive what it points to. Zeroes are good defaults. */
struct infer {
	/*
	 * The net runs on its own workers. One that net_prepare has not made ready is made
	 * ready here (for inference, and stays so); one that is ready for training is used as
	 * it is, in batches of at most net->batch.
	 */
	struct net *net;
	const struct preprocess *preprocess;
	const struct dataset *data;
	const uint32_t *item; /* numbers in the data set; NULL for all of it, in order */
	size_t items;	      /* how many, where item is given */
	size_t batch;	      /* items at a time; 0 for as many as INFER_BATCH tells */
	/* Pictures are seen by augment_view(view_seed, view, item, augment). */
	struct augment augment;
	uint64_t view_seed;
	uint32_t view;
	/* Called after each batch with the number of items done so far; may be NULL. */
	void (*progress)(void *arg, size_t done);
	void *progress_arg;
	const volatile int *stop; /* ends the loop when it becomes non-zero; may be NULL */
};

/* How many items it is about. */
size_t infer_items(const struct infer *in);

/*
 * Takes the logits [n][classes] of items first .. first + n (counted along in->item), which are
 * valid during the call. Returns 0, or -1 with text, which ends the loop.
 */
typedef int infer_take(void *arg, const float *logits, size_t first, size_t n, struct err *e);

/* Hands every item's logits to `take`, in order. 0, or -1 with text ("interrupted" by `stop`).
 */
int infer_run(const struct infer *in, infer_take *take, void *arg, struct err *e);

#endif
