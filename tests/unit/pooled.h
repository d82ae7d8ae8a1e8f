/* SPDX-License-Identifier: ISC */
/* A pool of two workers for all tests of a group: the last arguments of its run. */
#ifndef POOLED_H
#define POOLED_H

#include "err.h"
#include "unit.h"
#include "workers.h"

static struct workers *pool;

static inline int set_up_pool(void **state)
{
	struct err e;

	(void)state;
	pool = workers_new(2, &e);
	return pool == NULL;
}

static inline int tear_down_pool(void **state)
{
	(void)state;
	workers_free(pool);
	return 0;
}

#endif
