/* SPDX-License-Identifier: ISC */
#include "metrics-order.h"

#include "metrics.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>

#define SIGMAS 3

/* How often a class is the label, and how often it is the best. */
struct count {
	size_t label, best;
};

/* The most agreeing rows that are still put down to chance. */
static double chance(const struct count *count, size_t items, size_t classes)
{
	double n = (double)items, both = 0, weighed = 0, variance;

	for (size_t c = 0; c < classes; c++) {
		double l = (double)count[c].label, b = (double)count[c].best;

		both += l * b;
		weighed += l * b * (l + b);
	}
	/* Terms of n d^2, d being what row, column and overall mean leave of an agreement. */
	variance = items > 1 ? (both + both * both / (n * n) - weighed / n) / (n - 1) : 0;
	return both / n + SIGMAS * sqrt(fmax(variance, 0));
}

int metrics_order_look(struct metrics_order *o, const float *logit, const uint16_t *label,
	size_t items, size_t classes, struct err *e)
{
	struct count *count = size_alloc(classes, sizeof *count, "counts of classes", e);

	if (count == NULL)
		return -1;
	*o = (struct metrics_order){0};
	for (size_t i = 0; i < items; i++) {
		size_t best = metrics_best(logit + i * classes, classes);

		count[label[i]].label++;
		count[best].best++;
		o->agreed += best == label[i];
	}
	o->by_chance = o->agreed < items && (double)o->agreed <= chance(count, items, classes);
	free(count);
	return 0;
}
