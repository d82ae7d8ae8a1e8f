/* SPDX-License-Identifier: ISC */
#include "json-memory.h"

#include <jansson.h>
#include <stddef.h>

static json_malloc_t allocate;
static _Thread_local bool ran_out;

static void *watched(size_t n)
{
	void *p = allocate(n);

	if (p == NULL)
		ran_out = true;
	return p;
}

void json_memory_watch(void)
{
	json_malloc_t present;
	json_free_t release;

	json_get_alloc_funcs(&present, &release);
	if (present != watched) {
		allocate = present;
		json_set_alloc_funcs(watched, release);
	}
	ran_out = false;
}

bool json_memory_ran_out(void)
{
	return ran_out;
}
