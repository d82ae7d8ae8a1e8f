/* SPDX-License-Identifier: ISC */
/*
 * Whether jansson ran out of memory: it tells only that it failed, or that the text is wrong,
 * or reads on without a part of it. What a thread sees is its own.
 */
#ifndef JSON_MEMORY_H
#define JSON_MEMORY_H

#include <stdbool.h>

/* Before a use of jansson. The first of the program keeps the allocators that jansson has,
 * which nobody may change later. */
void json_memory_watch(void);
/* Since then. */
bool json_memory_ran_out(void);

#endif
