/* SPDX-License-Identifier: ISC */
#include "json-memory.h"

#include <jansson.h>
#include <stddef.h>
#include <threads.h>

static json_malloc_t allocate;
static once_flag once = ONCE_FLAG_INIT;
static _Thread_local bool ran_out;

static void *watched(size_t n)
{
	void *p = allocate(n);

	if (p == NULL)
		ran_out = true;
	return p;
}

static void begin(void)
{
	json_free_t release;

	json_get_alloc_funcs(&allocate, &release);
	json_set_alloc_funcs(watched, release);
}

void json_memory_watch(void)
{
	call_once(&once, begin);
	ran_out = false;
}

bool json_memory_ran_out(void)
{
	return ran_out;
}
