/* SPDX-License-Identifier: ISC */
#include "mat-walk.h"

#include "err.h"
#include "infile.h"
#include "mat-element.h"
#include "mat-stream.h"
#include "mat-values.h"
#include "size.h"

#include <inttypes.h>

#define MAX_NAME 4096 /* MATLAB's names have at most 63 characters, others' may have more */
#define MAX_FIELD 256 /* with the NUL */
#define MAX_DEPTH 32  /* of arrays within arrays */
#define DEFLATE_RATIO 1032 /* no deflate stream unpacks to more times its length */

/* What libmatio allocates for an array within another one, at most: a description with its
 * name; zlib's state or, of a packed array that is smaller than that, the values as doubles. */
#define NODE (512 + MAX_FIELD)
#define SMALL 32768
#define STATE 49152

/* What an array is in. libmatio reads what a function handle has as it does the file's. */
enum place { IN_FILE, IN_CELL, IN_STRUCT };

struct walk {
	struct mat_source m;
	uint64_t cost; /* bytes that libmatio may allocate for the outermost array */
	bool packed;
	int depth;
};

static int walk_array(struct walk *w, struct mat_part *within, enum place place);

/* What libmatio reads of an object of MATLAB's classes as if it were dimensions and a name. */
static int skip_names(const struct walk *w, struct mat_part *a)
{
	for (int i = 0; i < 3; i++)
		if (mat_skip_name(&w->m, a, MAX_NAME))
			return -1;
	return 0;
}

static int walk_parts(struct walk *w, struct mat_part *a, size_t parts, enum place place)
{
	if (parts > a->left / MAT_TAG)
		return mat_fault(&w->m, "%zu parts in %" PRIu64 " bytes", parts, a->left);
	w->cost += parts * (NODE + sizeof(void *));
	if (size_check(w->cost, "structures and cells", w->m.e))
		return -1;
	for (size_t i = 0; i < parts; i++)
		if (walk_array(w, a, place))
			return -1;
	return 0;
}

/* The length of all names: a short element, in which libmatio expects it. */
static int get_name_length(const struct walk *w, struct mat_part *a, uint32_t *length)
{
	struct mat_element x;

	if (mat_get_tag(&w->m, a, &x))
		return -1;
	*length = mat_number(&w->m, x.bytes);
	if (x.type != MAT_INT32 || !x.is_short || x.length != 4 || *length == 0 ||
		*length > MAX_FIELD)
		return mat_fault(&w->m, "no length of its fields' names");
	return 0;
}

static int walk_struct(struct walk *w, struct mat_part *a)
{
	struct mat_element x;
	uint32_t length;
	size_t parts;

	if (get_name_length(w, a, &length) || mat_get_tag(&w->m, a, &x))
		return -1;
	if (x.type != MAT_INT8 || x.length % length != 0)
		return mat_fault(&w->m, "no names of fields of %u bytes", length);
	if (mat_skip_element(&w->m, a, &x))
		return -1;
	if (size_mul(a->values, x.length / length, &parts))
		return mat_fault(&w->m, "too many fields");
	return walk_parts(w, a, parts, IN_STRUCT);
}

static int walk_contents(struct walk *w, struct mat_part *a)
{
	uint32_t class = MAT_CLASS(a->flags);

	if (class >= MAT_FIRST_NUMBERS && class <= MAT_LAST_NUMBERS)
		return mat_get_numbers(&w->m, a, class);
	switch (class) {
	case MAT_CELL:
		return walk_parts(w, a, a->values, IN_CELL);
	case MAT_FUNCTION:
		return walk_parts(w, a, a->values, IN_FILE);
	case MAT_STRUCT:
		return walk_struct(w, a);
	case MAT_CHAR:
		return mat_get_text(&w->m, a);
	case MAT_SPARSE:
		return mat_get_sparse(&w->m, a);
	default:
		return mat_skip(&w->m, a, a->left);
	}
}

static int walk_elements(struct walk *w, struct mat_part *a, enum place place)
{
	if (mat_get_flags(&w->m, a))
		return -1;
	if (MAT_CLASS(a->flags) == MAT_OPAQUE)
		return skip_names(w, a) || mat_skip(&w->m, a, a->left) ? -1 : 0;
	if (mat_get_dimensions(&w->m, a) ||
		mat_skip_name(&w->m, a, place == IN_STRUCT ? 0 : MAX_NAME) ||
		walk_contents(w, a))
		return -1;
	return a->left == 0 ? 0 : mat_fault(&w->m, "%" PRIu64 " bytes too many", a->left);
}

static int add_cost(struct walk *w, uint64_t length)
{
	if (w->packed && length > INT32_MAX)
		return err_set(w->m.e,
			"an array within another one has over 2.0 GiB, more than "
			"libmatio can read packed");
	if (w->packed)
		w->cost += length > SMALL ? STATE : 8 * length;
	return size_check(w->cost, "structures and cells", w->m.e);
}

/* An array within another one, where depth is not 0, or within the file. An empty cell or
 * field may have no bytes at all. */
static int walk_array(struct walk *w, struct mat_part *within, enum place place)
{
	struct mat_part a = {0};
	struct mat_element x;
	int bad;

	if (mat_get_tag(&w->m, within, &x))
		return -1;
	if (x.type != MAT_MATRIX || x.is_short)
		return mat_fault(&w->m, "something where an array is expected");
	if (mat_take(&w->m, within, x.length))
		return -1;
	if (place != IN_FILE && x.length == 0)
		return 0;
	if (w->depth == MAX_DEPTH)
		return mat_fault(&w->m, "arrays that are more than %d deep", MAX_DEPTH);
	if (w->depth > 0 && add_cost(w, x.length))
		return -1;
	a.left = x.length;
	w->depth++;
	bad = walk_elements(w, &a, place);
	w->depth--;
	return bad;
}

/* The array that the file's element [at, end) is, or holds packed. */
static int walk_outer(struct walk *w, uint64_t at, uint64_t end)
{
	struct mat_part file;
	uint64_t bytes = end - at;

	w->cost = 0;
	w->m.at = at;
	file.left = w->packed ? bytes * DEFLATE_RATIO : bytes;
	if (mat_stream_begin(w->m.s, at, end, w->packed, w->m.e) ||
		walk_array(w, &file, IN_FILE))
		return -1;
	return mat_stream_finish(w->m.s, w->m.e);
}

static int walk_file(struct walk *w, const struct infile *f, uint64_t at)
{
	while (at < f->bytes) {
		struct mat_part file = {.left = f->bytes - at};
		uint64_t end = at + MAT_TAG;
		struct mat_element x;

		w->m.at = at;
		if (file.left < MAT_TAG)
			return err_set(w->m.e, "is cut short");
		if (mat_stream_begin(w->m.s, at, end, 0, w->m.e) ||
			mat_get_tag(&w->m, &file, &x))
			return -1;
		if (x.is_short || (x.type != MAT_MATRIX && x.type != MAT_COMPRESSED))
			return mat_fault(&w->m, "something where an array is expected");
		if (x.length > file.left)
			return err_set(w->m.e, "is cut short");
		w->packed = x.type == MAT_COMPRESSED;
		end += x.length;
		if (walk_outer(w, at, end))
			return -1;
		at = end;
	}
	return 0;
}

int mat_walk(const struct infile *f, uint64_t at, bool big, struct err *e)
{
	struct walk w = {.m = {.e = e, .big = big, .s = mat_stream_new(f, e)}};
	int bad = w.m.s == NULL || walk_file(&w, f, at);

	mat_stream_free(w.m.s);
	return bad ? -1 : 0;
}
