/* SPDX-License-Identifier: ISC */
#include "carver.h"

#include "size.h"

#include <stdint.h>

void *carve(struct carver *c, size_t count, size_t size)
{
	size_t at = c->used, bytes;

	if (size_mul(count, size, &bytes) || size_add(bytes, CARVER_ALIGN - 1, &bytes) ||
		size_add(at, bytes - bytes % CARVER_ALIGN, &c->used))
		c->overflow = 1;
	return c->base == NULL || c->overflow ? NULL : (char *)c->base + at;
}

float *carve_floats(struct carver *c, size_t rows, size_t values, size_t slack)
{
	size_t all;

	if (size_mul(rows, values, &all) || size_add(all, slack, &all)) {
		c->overflow = 1;
		return NULL;
	}
	return carve(c, all, sizeof(float));
}

size_t carved_floats(const struct carver *c)
{
	return c->overflow ? SIZE_MAX : c->used / sizeof(float);
}
