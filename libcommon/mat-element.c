/* SPDX-License-Identifier: ISC */
#include "mat-element.h"

#include "bytes.h"
#include "err.h"
#include "mat-stream.h"
#include "size.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_RANK 64

uint32_t mat_type_size(uint32_t type)
{
	static const uint8_t size[] = {[MAT_INT8] = 1,
		[MAT_UINT8] = 1,
		[MAT_INT16] = 2,
		[MAT_UINT16] = 2,
		[MAT_INT32] = 4,
		[MAT_UINT32] = 4,
		[MAT_SINGLE] = 4,
		[MAT_DOUBLE] = 8,
		[MAT_INT64] = 8,
		[MAT_UINT64] = 8,
		[MAT_UTF8] = 1,
		[MAT_UTF16] = 2,
		[MAT_UTF32] = 4};

	return type < MAT_TYPES ? size[type] : 0;
}

int mat_fault(const struct mat_source *m, const char *format, ...)
{
	char text[256];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	return err_set(m->e, "damaged: the array at byte %" PRIu64 " has %s", m->at, text);
}

uint32_t mat_number(const struct mat_source *m, const uint8_t *p)
{
	return m->big ? bytes_be32(p) : bytes_le32(p);
}

int mat_take(const struct mat_source *m, struct mat_part *a, uint64_t n)
{
	if (n > a->left)
		return mat_fault(m, "an element that is longer than what it is in");
	a->left -= n;
	return 0;
}

int mat_get(const struct mat_source *m, struct mat_part *a, uint8_t *to, size_t n)
{
	return mat_take(m, a, n) || mat_stream_read(m->s, to, n, m->e) ? -1 : 0;
}

int mat_get_tag(const struct mat_source *m, struct mat_part *a, struct mat_element *x)
{
	uint8_t tag[MAT_TAG];

	if (mat_get(m, a, tag, MAT_TAG))
		return -1;
	x->type = mat_number(m, tag);
	x->length = mat_number(m, tag + 4);
	memcpy(x->bytes, tag + 4, sizeof x->bytes);
	x->is_short = x->type >> 16 != 0;
	if (!x->is_short)
		return 0;
	x->length = x->type >> 16;
	x->type &= 0xffff;
	return x->length <= sizeof x->bytes
		       ? 0
		       : mat_fault(m, "a short element of %u bytes", x->length);
}

int mat_skip(const struct mat_source *m, struct mat_part *a, uint64_t n)
{
	return mat_take(m, a, n) || mat_stream_skip(m->s, n, m->e) ? -1 : 0;
}

int mat_skip_element(
	const struct mat_source *m, struct mat_part *a, const struct mat_element *x)
{
	return x->is_short ? 0 : mat_skip(m, a, ((uint64_t)x->length + 7) / 8 * 8);
}

int mat_get_flags(const struct mat_source *m, struct mat_part *a)
{
	struct mat_element x;
	uint8_t flags[8];

	if (mat_get_tag(m, a, &x))
		return -1;
	if (x.type != MAT_UINT32 || x.is_short || x.length != sizeof flags)
		return mat_fault(m, "no array flags");
	if (mat_get(m, a, flags, sizeof flags))
		return -1;
	a->flags = mat_number(m, flags);
	return 0;
}

int mat_get_dimensions(const struct mat_source *m, struct mat_part *a)
{
	uint8_t dimension[4];
	struct mat_element x;

	if (mat_get_tag(m, a, &x))
		return -1;
	a->rank = x.length / 4;
	if (x.type != MAT_INT32 || x.is_short || x.length % 4 != 0 || a->rank < 2 ||
		a->rank > MAX_RANK)
		return mat_fault(m, "no dimensions");
	a->values = 1;
	for (size_t i = 0; i < a->rank; i++) {
		if (mat_get(m, a, dimension, sizeof dimension))
			return -1;
		a->last = mat_number(m, dimension);
		if (a->last > INT32_MAX || size_mul(a->values, a->last, &a->values))
			return mat_fault(m, "dimensions that are too large");
	}
	return a->rank % 2 == 0 ? 0 : mat_get(m, a, dimension, sizeof dimension);
}

/* A field's own is empty, as libmatio expects: its name is in the structure. */
int mat_skip_name(const struct mat_source *m, struct mat_part *a, uint32_t most)
{
	struct mat_element x;

	if (mat_get_tag(m, a, &x))
		return -1;
	if (x.type != MAT_INT8 || x.length > most)
		return mat_fault(m, "a name that is none");
	return mat_skip_element(m, a, &x);
}
