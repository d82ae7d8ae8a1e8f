/* SPDX-License-Identifier: ISC */
#include "mat-values.h"

#include "mat-element.h"
#include "size.h"

#include <inttypes.h>

/* The type of a class of numbers. */
static const uint8_t class_type[] = {[MAT_FIRST_NUMBERS] = MAT_DOUBLE,
	MAT_SINGLE,
	MAT_INT8,
	MAT_UINT8,
	MAT_INT16,
	MAT_UINT16,
	MAT_INT32,
	MAT_UINT32,
	MAT_INT64,
	MAT_UINT64};

/* MATLAB stores numbers in a shorter type where they fit. */
static bool can_hold(uint32_t class, uint32_t type)
{
	uint32_t own = class_type[class];

	if (type == own)
		return true;
	if (type == MAT_SINGLE || type == MAT_DOUBLE)
		return own == MAT_DOUBLE;
	return type < MAT_UTF8 && mat_type_size(type) < mat_type_size(own);
}

static int get_values(const struct mat_source *m, struct mat_part *a, uint32_t class)
{
	struct mat_element x;
	size_t bytes;

	if (a->values == 0 && a->left == 0)
		return 0;
	if (mat_get_tag(m, a, &x))
		return -1;
	if (mat_type_size(x.type) == 0 || !can_hold(class, x.type))
		return mat_fault(m, "values of a wrong type, %u", x.type);
	if (size_mul(a->values, mat_type_size(x.type), &bytes))
		return mat_fault(m, "dimensions that are too large");
	if (bytes != x.length)
		return mat_fault(m, "%" PRIu32 " bytes of values, but dimensions for %zu",
			x.length, bytes);
	return mat_skip_element(m, a, &x);
}

/* Units of any type. MATLAB calls the bytes of sparse logical arrays doubles. */
static bool is_whole(const struct mat_part *a, const struct mat_element *x)
{
	uint32_t size = mat_type_size(x->type);

	return size != 0 && (a->flags & MAT_LOGICAL || x->length % size == 0);
}

/* Text: where characters may take more than one unit, the dimensions tell nothing. */
int mat_get_text(const struct mat_source *m, struct mat_part *a)
{
	struct mat_element x;

	if (a->values == 0 && a->left == 0)
		return 0;
	if (mat_get_tag(m, a, &x))
		return -1;
	if (!is_whole(a, &x))
		return mat_fault(m, "text of a wrong type or length");
	return mat_skip_element(m, a, &x);
}

int mat_get_numbers(const struct mat_source *m, struct mat_part *a, uint32_t class)
{
	if (get_values(m, a, class))
		return -1;
	return a->flags & MAT_COMPLEX ? get_values(m, a, class) : 0;
}

/* Rows or where the columns begin; the length is left in x. */
static int get_indices(const struct mat_source *m, struct mat_part *a, struct mat_element *x)
{
	if (mat_get_tag(m, a, x))
		return -1;
	if ((x->type != MAT_INT32 && x->type != MAT_UINT32) || x->length % 4 != 0)
		return mat_fault(m, "sparse indices of a wrong type or length");
	return mat_skip_element(m, a, x);
}

int mat_get_sparse(const struct mat_source *m, struct mat_part *a)
{
	int parts = a->flags & MAT_COMPLEX ? 2 : 1;
	struct mat_element x;

	for (int i = 0; i < 2; i++)
		if (get_indices(m, a, &x))
			return -1;
	if (a->rank != 2 || x.length / 4 != (uint64_t)a->last + 1)
		return mat_fault(m, "a wrong number of sparse columns");
	for (int i = 0; i < parts; i++) {
		if (mat_get_tag(m, a, &x))
			return -1;
		if (!is_whole(a, &x))
			return mat_fault(m, "sparse values of a wrong type or length");
		if (mat_skip_element(m, a, &x))
			return -1;
	}
	return 0;
}
