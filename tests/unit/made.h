/* SPDX-License-Identifier: ISC */
/* Nets of some inputs, and a pool of two workers for them. */
#ifndef MADE_H
#define MADE_H

#include "err.h"
#include "net.h"
#include "pooled.h"

#include <string.h>

/* Prepared for batches, unless `batch` is 0. */
static inline struct net *make_of(
	const char *text, const struct shape *in, size_t batch, int training)
{
	struct err e;
	struct net *n = net_new(text, in, pool, &e);

	check(n != NULL, "%s: %s", text, e.text);
	if (batch > 0)
		check(net_prepare(n, batch, training, &e) == 0, "%s: %s", text, e.text);
	return n;
}

static inline struct net *make(const char *text, size_t inputs, size_t batch, int training)
{
	return make_of(text, &(struct shape){inputs, 1, 1}, batch, training);
}

static inline void check_refuses_of(
	const char *text, const struct shape *in, const char *reason)
{
	struct err e = {""};
	struct net *n = net_new(text, in, pool, &e);

	check(n == NULL, "%s is taken", text);
	assert_true(e.text[0] != '\0');
	check(strstr(e.text, reason) != NULL, "%s: \"%s\" lacks \"%s\"", text, e.text, reason);
}

static inline void check_refuses(const char *text, size_t inputs, const char *reason)
{
	check_refuses_of(text, &(struct shape){inputs, 1, 1}, reason);
}

#endif
