/* SPDX-License-Identifier: ISC */
#include "loss.h"

#include "err.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

	l->row = NULL;
	l->work = NULL;
	if (size_mul(l->batch, l->classes, &values))
		return err_set(e, "batches of %zu items are too large", l->batch);
	l->work = size_alloc(values, sizeof *l->work, "the loss", e);
	l->row = size_alloc(l->batch, sizeof *l->row, "the loss", e);
	if (l->work != NULL && l->row != NULL)
		return 0;
	loss_release(l);
	return -1;
}

void loss_release(struct loss *l)
{
	free(l->work);
	free(l->row);
	l->work = NULL;
	l->row = NULL;
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

void loss_rows(const struct loss *l, const struct batch *b, size_t from, size_t to,
	const float *logits, float *dlogits)
{
	memset(dlogits, 0, (to - from) * l->classes * sizeof *dlogits);
	for (size_t i = from; i < to; i++) {
		size_t at = (i - from) * l->classes;
		struct loss_row r = {
			.logits = logits + at,
			.target = b->target != NULL ? b->target + i * l->classes : NULL,
			.label = b->label != NULL ? b->label[i] : -1,
			.dlogits = dlogits + at,
			.work = l->work + i * l->classes,
			.scale = 1.0f / (float)b->n,
		};

		l->row[i] = (struct loss_sum){
			.items = 1, .correct = is_correct(l, r.logits, r.label)};
		l->kind->row(l, &r, &l->row[i]);
	}
}

void loss_add(const struct loss *l, size_t n, struct loss_sum *sum)
{
	for (size_t i = 0; i < n; i++) {
		sum->items += l->row[i].items;
		sum->total += l->row[i].total;
		sum->hard += l->row[i].hard;
		sum->soft += l->row[i].soft;
		sum->correct += l->row[i].correct;
	}
}
