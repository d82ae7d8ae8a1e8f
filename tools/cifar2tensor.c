/* SPDX-License-Identifier: ISC */
/* Binary batches of CIFAR-10 or CIFAR-100 to a data set. */
#include "cifar.h"
#include "class-names.h"
#include "cli-rows.h"
#include "dataset.h"
#include "die.h"
#include "err.h"
#include "lineage.h"
#include "options.h"
#include "size.h"
#include "workers.h"

#include <stdlib.h>

static const char *output = "-", *names;
static int kind = -1, labels = -1, level = TENSOR_LEVEL;

static const struct option_row rows[] = {
	ROW_OUTPUT(&output, "the data set"),
	OPTION_CHOICE(0, "kind", "10|100", &kind,
		"whether the batches are of CIFAR-10 or of CIFAR-100 [by their length]"),
	OPTION_CHOICE(0, "labels", "fine|coarse", &labels,
		"of CIFAR-100, 100 fine or 20 coarse classes [fine]"),
	ROW_CLASS_NAMES(&names),
	ROW_LEVEL(&level),
	OPTION_END,
};

static const struct tool tool = {
	.name = "cifar2tensor",
	.summary = "turn binary batches of CIFAR-10 or CIFAR-100 into a data set",
	.synopsis = "[options] BATCH...",
	.rows = rows,
	.min_operands = 1,
	.max_operands = -1,
};

static bool is_coarse(void)
{
	return labels == 1;
}

static int make_source(struct dataset_source *s, const struct cifar *c, struct err *e)
{
	const uint8_t *label = is_coarse() ? c->coarse : c->label;

	s->items = c->items;
	s->shape = (struct shape){3, CIFAR_SIDE, CIFAR_SIDE};
	s->images = c->images;
	s->from.names = names;
	s->classes = is_coarse() ? CIFAR_COARSE : (size_t)c->kind;
	s->labels = size_alloc(c->items, sizeof *s->labels, "labels", e);
	if (s->labels == NULL)
		return -1;
	for (size_t i = 0; i < c->items; i++)
		s->labels[i] = label[i];
	if (names != NULL)
		s->class_names = class_names_read(names, e);
	return names != NULL && s->class_names == NULL ? -1 : 0;
}

static int record(struct tensor_set *set, const struct cifar *c, struct err *e)
{
	if (lineage_input(set, "images", c->fingerprint, e))
		return -1;
	return is_coarse() ? lineage_option(set, e, "--labels coarse") : 0;
}

int main(int argc, char **argv)
{
	struct dataset_source s = {0};
	struct tensor_set set;
	struct workers *w;
	struct cifar c;
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	options_one_stdin((const char *const *)path, n, NULL);
	tensor_set_init(&set);
	w = workers_new(0, &e);
	if (w == NULL || cifar_load(&c,
				 kind < 0    ? CIFAR_UNKNOWN
				 : kind == 0 ? CIFAR_10
					     : CIFAR_100,
				 (const char *const *)path, (size_t)n, &e))
		die_err(&e);
	if (labels >= 0 && c.kind == CIFAR_10)
		die("\"%s\": is of CIFAR-10, which has no coarse and fine labels", path[0]);
	if (make_source(&s, &c, &e) || dataset_pack(&set, &s, &e) || record(&set, &c, &e) ||
		tensor_file_save(&set, output, level, w, &e))
		die_err(&e);
	tensor_set_release(&set);
	free((char *)s.class_names);
	free(s.labels);
	cifar_release(&c);
	workers_free(w);
	return 0;
}
