/* SPDX-License-Identifier: ISC */
/*
 * Whether rows of logits are in the order of their items. In any other order the best classes
 * are dealt to the labels at random: how often they agree then has the mean and the variance of
 * a sum over a random permutation (Hoeffding 1951, "A combinatorial central limit theorem"),
 * which know how often each label and each best class occurs.
 */
#ifndef METRICS_ORDER_H
#define METRICS_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct metrics_order {
	size_t agreed;	/* rows whose best class is the label */
	bool by_chance; /* no more than chance may give (3 sigma), and not all of them */
};

/* Of logits [items][classes]; each label is below `classes`. 0 or -1 (out of memory). */
int metrics_order_look(struct metrics_order *o, const float *logit, const uint16_t *label,
	size_t items, size_t classes, struct err *e);

#endif
