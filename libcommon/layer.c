/* SPDX-License-Identifier: ISC */
#include "layer.h"

#include "size.h"

#include <string.h>

#define DECLARE(name) extern const struct layer_kind layer_##name;
LAYER_KINDS(DECLARE)
JOIN_KINDS(DECLARE)

#define ADDRESS(name) &layer_##name,
static const struct layer_kind *const kinds[] = {LAYER_KINDS(ADDRESS) NULL};
static const struct layer_kind *const joins[] = {JOIN_KINDS(ADDRESS) NULL};

const struct layer_kind *const *layer_kinds(void)
{
	return kinds;
}

const struct layer_kind *layer_kind_find(const char *name, size_t length)
{
	for (size_t i = 0; kinds[i] != NULL; i++)
		if (strlen(kinds[i]->name) == length &&
			strncmp(kinds[i]->name, name, length) == 0)
			return kinds[i];
	return NULL;
}

const struct layer_kind *layer_join(char sign)
{
	for (size_t i = 0; joins[i] != NULL; i++)
		if (joins[i]->join == sign)
			return joins[i];
	return NULL;
}

const double *layer_option(const struct layer_spec *s, const char *name)
{
	for (int i = 0; i < s->options; i++)
		if (strcmp(s->option[i].name, name) == 0)
			return &s->option[i].value;
	return NULL;
}

size_t layer_work(const struct layer *l, int training)
{
	return training ? size_max(l->work, l->work_back) : l->work;
}

int layer_trains(const struct layer *l)
{
	return l->frozen != (1U << l->params) - 1;
}

int layer_waits(const struct layer *l)
{
	return l->kind->measure[LAYER_FORWARD] != NULL && layer_trains(l);
}
