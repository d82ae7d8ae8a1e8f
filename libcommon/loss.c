/* SPDX-License-Identifier: ISC */
#include "loss.h"

#include "err.h"
#include "size.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows are summed in chunks that depend on the batch alone, and the chunks in order. */
#define MAX_CHUNKS 64
#define MIN_CHUNK 16

#define DECLARE(name) extern const struct loss_kind loss_##name;
LOSS_KINDS(DECLARE)

#define ADDRESS(name) &loss_##name,
static const struct loss_kind *const kinds[] = {LOSS_KINDS(ADDRESS) NULL};

const struct loss_kind *const *loss_kinds(void)
{
	return kinds;
}

const struct loss_kind *loss_kind_find(const char *name)
{
	for (size_t i = 0; kinds[i] != NULL; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

int loss_init(struct loss *l, struct err *e)
{
	size_t values;

	if (size_mul((size_t)workers_count(l->workers), l->classes, &values))
		return err_set(e, "the loss has too many classes");
	l->work = size_alloc(values, sizeof *l->work, "the loss", e);
	return l->work == NULL ? -1 : 0;
}

void loss_release(struct loss *l)
{
	free(l->work);
	l->work = NULL;
}

int loss_needs_labels(const struct loss *l)
{
	return l->kind->labels && l->hard > 0;
}

double loss_softmax(const float *z, size_t classes, double temperature, float *p)
{
	float most = z[0], inverse = (float)(1 / temperature);
	double sum = 0;

	for (size_t i = 1; i < classes; i++)
		if (z[i] > most)
			most = z[i];
	for (size_t i = 0; i < classes; i++) {
		p[i] = expf((z[i] - most) * inverse);
		sum += (double)p[i];
	}
	for (size_t i = 0; i < classes; i++)
		p[i] = (float)((double)p[i] / sum);
	return log(sum) + (double)most / temperature;
}

void loss_hard_part(const struct loss *l, const struct loss_row *r, struct loss_sum *sum)
{
	double even = l->smoothing / (double)l->classes, entropy = 0, lse;
	float weight = (float)l->hard * r->scale;

	if (l->hard <= 0)
		return;
	lse = loss_softmax(r->logits, l->classes, 1, r->work);
	for (size_t i = 0; i < l->classes; i++) {
		double t = even + ((int)i == r->label ? 1 - l->smoothing : 0);

		if (t > 0)
			entropy += t * (lse - (double)r->logits[i]);
		r->dlogits[i] += weight * (r->work[i] - (float)t);
	}
	sum->hard += entropy;
	sum->total += l->hard * entropy;
}

static int is_correct(const struct loss *l, const float *logits, int label)
{
	size_t best = 0;

	for (size_t i = 1; i < l->classes; i++)
		if (logits[i] > logits[best])
			best = i;
	return (int)best == label;
}

struct job {
	const struct loss *loss;
	const struct batch *batch;
	const float *logits;
	float *dlogits;
	size_t chunk;
	struct loss_sum part[MAX_CHUNKS];
};

static void eval_chunk(void *job, size_t part, int worker)
{
	struct job *j = job;
	const struct loss *l = j->loss;
	const struct batch *b = j->batch;
	size_t end = (part + 1) * j->chunk < b->n ? (part + 1) * j->chunk : b->n;
	struct loss_sum *sum = &j->part[part];

	for (size_t row = part * j->chunk; row < end; row++) {
		size_t at = row * l->classes;
		struct loss_row r = {
			.logits = j->logits + at,
			.target = b->target != NULL ? b->target + at : NULL,
			.label = b->label != NULL ? b->label[row] : -1,
			.dlogits = j->dlogits + at,
			.work = l->work + (size_t)worker * l->classes,
			.scale = 1.0f / (float)b->n,
		};

		memset(r.dlogits, 0, l->classes * sizeof *r.dlogits);
		l->kind->row(l, &r, sum);
		sum->items++;
		sum->correct += is_correct(l, r.logits, r.label);
	}
}

void loss_eval(const struct loss *l, const struct batch *b, const float *logits, float *dlogits,
	struct loss_sum *sum)
{
	struct job job = {.loss = l, .batch = b, .logits = logits, .dlogits = dlogits};
	size_t chunks;

	job.chunk = (b->n + MAX_CHUNKS - 1) / MAX_CHUNKS;
	if (job.chunk < MIN_CHUNK)
		job.chunk = MIN_CHUNK;
	chunks = (b->n + job.chunk - 1) / job.chunk;
	workers_run(l->workers, eval_chunk, &job, chunks);
	for (size_t i = 0; i < chunks; i++) {
		sum->items += job.part[i].items;
		sum->total += job.part[i].total;
		sum->hard += job.part[i].hard;
		sum->soft += job.part[i].soft;
		sum->correct += job.part[i].correct;
	}
}
