/* SPDX-License-Identifier: ISC */
#include "tensor-scan.h"

#include "err.h"
#include "size.h"

#include <stdlib.h>

/* Tensors come one after the other, so one running sum is enough. */
struct scan {
	const struct tensor_set *set;
	struct tensor_stats *stats;
	struct fingerprint *data; /* [tensors] of those that are complete */
	struct fingerprint_state *sum;
	int out_of_memory;
};

static void visit(void *job, const struct tensor *t, size_t from, const void *bytes, size_t n)
{
	struct scan *s = job;
	size_t i = (size_t)(t - s->set->tensor);

	if (from == 0)
		s->sum = fingerprint_new();
	if (s->sum == NULL) {
		s->out_of_memory = 1;
		return;
	}
	fingerprint_add(s->sum, bytes, n);
	if (s->stats != NULL)
		tensor_stats_add(&s->stats[i], t->dtype, bytes, n);
	if (from + n == t->size) {
		s->data[i] = fingerprint_finish(s->sum);
		s->sum = NULL;
	}
}

static int run(struct scan *s, struct tensor_reader *r, struct fingerprint *f, struct err *e)
{
	for (size_t i = 0; i < s->set->tensors; i++)
		s->data[i] = fingerprint_of(NULL, 0); /* the empty ones are never visited */
	if (tensor_reader_scan(r, visit, s, e))
		return -1;
	if (s->out_of_memory)
		return err_set(e, "out of memory");
	return tensor_set_fingerprint_from(s->set, s->data, f, e);
}

int tensor_scan(
	struct tensor_scan *scan, struct tensor_reader *r, int with_stats, struct err *e)
{
	struct scan s = {.set = tensor_reader_header(r)};
	int failed = -1;

	s.data = size_alloc(s.set->tensors, sizeof *s.data, "fingerprints", e);
	s.stats = with_stats ? size_alloc(s.set->tensors, sizeof *s.stats, "statistics", e)
			     : NULL;
	if (s.data != NULL && (s.stats != NULL || !with_stats))
		failed = run(&s, r, &scan->fingerprint, e);
	if (s.sum != NULL)
		fingerprint_finish(s.sum);
	free(s.data);
	scan->stats = s.stats;
	if (failed)
		tensor_scan_release(scan);
	return failed;
}

void tensor_scan_release(struct tensor_scan *scan)
{
	free(scan->stats);
	scan->stats = NULL;
}
