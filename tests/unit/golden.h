/* SPDX-License-Identifier: ISC */
/*
 * The numbers that tests/oracle/record.py has computed with PyTorch. They are read from the
 * folder in $GOLDEN, else from tests/golden (tests run in the source tree's root).
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "err.h"
#include "tensor-file.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void golden_load(struct tensor_set *s, const char *file)
{
	const char *folder = getenv("GOLDEN");
	char path[4096];
	struct err e;

	snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "tests/golden", file);
	check(tensor_file_load(s, path, NULL, &e) == 0, "%s", e.text);
}

/* The settings of case number i of a group, or NULL past the last. */
static inline const char *golden_case(const struct tensor_set *s, const char *group, int i)
{
	char key[64];

	snprintf(key, sizeof key, "%s.%d", group, i);
	return tensor_set_meta(s, key);
}

/* What stands behind "name=" among the settings, or `otherwise`. */
static inline double golden_number(const char *settings, const char *name, double otherwise)
{
	size_t length = strlen(name);

	for (const char *at = settings; (at = strstr(at, name)) != NULL; at += length)
		if (at[length] == '=' && (at == settings || at[-1] == ' '))
			return strtod(at + length + 1, NULL);
	return otherwise;
}

/* The word behind "name=". */
static inline const char *golden_word(const char *settings, const char *name, char word[32])
{
	char pattern[32];
	const char *at;

	snprintf(pattern, sizeof pattern, "%s=", name);
	at = strstr(settings, pattern);
	check(at != NULL, "\"%s\" has no %s", settings, name);
	snprintf(word, 32, "%.*s", (int)strcspn(at + strlen(pattern), " "),
		at + strlen(pattern));
	return word;
}

/* Tensor "GROUP.I.NAME" (or "NAME" with a NULL group); its type and size must be as expected.
 */
static inline const void *golden_tensor(const struct tensor_set *s, const char *group, int i,
	const char *name, enum tensor_dtype dtype, size_t count)
{
	char key[160];
	const struct tensor *t;

	snprintf(key, sizeof key, "%s.%d.", group != NULL ? group : "", i);
	if (group == NULL)
		key[0] = '\0';
	strncat(key, name, sizeof key - strlen(key) - 1);
	t = tensor_set_find(s, key);
	check(t != NULL, "no golden %s", key);
	check(t->dtype == dtype && t->size == count * tensor_dtype_size(dtype),
		"golden %s has another type or size", key);
	return t->data;
}

/* The largest |got - expected|. */
static inline double golden_distance(const float *got, const double *expected, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++) {
		double d = (double)got[i] - expected[i];

		if (!(d <= most && -d <= most)) /* NaN is far */
			most = d < 0 ? -d : d;
	}
	return most;
}

#endif
