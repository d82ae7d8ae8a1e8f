/* SPDX-License-Identifier: ISC */
#include "tensor-set.h"

#include "bytes.h"
#include "err.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	size_t size;
} dtypes[] = {
	[TENSOR_BOOL] = {"BOOL", 1},
	[TENSOR_U8] = {"U8", 1},
	[TENSOR_I8] = {"I8", 1},
	[TENSOR_F8_E5M2] = {"F8_E5M2", 1},
	[TENSOR_F8_E4M3] = {"F8_E4M3", 1},
	[TENSOR_I16] = {"I16", 2},
	[TENSOR_U16] = {"U16", 2},
	[TENSOR_F16] = {"F16", 2},
	[TENSOR_BF16] = {"BF16", 2},
	[TENSOR_I32] = {"I32", 4},
	[TENSOR_U32] = {"U32", 4},
	[TENSOR_F32] = {"F32", 4},
	[TENSOR_F64] = {"F64", 8},
	[TENSOR_I64] = {"I64", 8},
	[TENSOR_U64] = {"U64", 8},
};

const char *tensor_dtype_name(enum tensor_dtype t)
{
	return dtypes[t].name;
}

size_t tensor_dtype_size(enum tensor_dtype t)
{
	return dtypes[t].size;
}

int tensor_dtype_parse(enum tensor_dtype *t, const char *name)
{
	for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
		if (strcmp(name, dtypes[i].name) == 0) {
			*t = (enum tensor_dtype)i;
			return 0;
		}
	return -1;
}

int tensor_measure(struct tensor *t, struct err *e)
{
	size_t bytes = tensor_dtype_size(t->dtype);
	int empty = 0;

	for (int i = 0; i < t->rank; i++) {
		size_t n = t->shape[i];

		empty |= n == 0;
		if (size_mul(bytes, n == 0 ? 1 : n, &bytes))
			return err_set(e, "tensor \"%.200s\": its shape overflows", t->name);
	}
	if (bytes > PTRDIFF_MAX)
		return err_set(e, "tensor \"%.200s\": its shape overflows", t->name);
	t->size = empty ? 0 : bytes;
	return 0;
}

void tensor_set_init(struct tensor_set *s)
{
	*s = (struct tensor_set){0};
}

void tensor_set_release(struct tensor_set *s)
{
	for (size_t i = 0; i < s->tensors; i++)
		free(s->tensor[i].name);
	for (size_t i = 0; i < 2 * s->metas; i++)
		free(s->meta[i]);
	free(s->tensor);
	free(s->meta);
	free(s->arena);
	free(s->warning);
	tensor_set_init(s);
}

struct tensor *tensor_set_find(const struct tensor_set *s, const char *name)
{
	for (size_t i = 0; i < s->tensors; i++)
		if (strcmp(s->tensor[i].name, name) == 0)
			return &s->tensor[i];
	return NULL;
}

/* Lists double at powers of two, so they need no field for their capacity. */
static void *grow(void *list, size_t count, size_t size)
{
	size_t bytes;

	if ((count & (count - 1)) != 0)
		return list;
	if (size_mul(count == 0 ? 1 : 2 * count, size, &bytes))
		return NULL;
	return realloc(list, bytes);
}

int tensor_set_append(struct tensor_set *s, const struct tensor *t, struct err *e)
{
	struct tensor *list;
	char *name = strdup(t->name);
	size_t bytes;

	if (size_add(s->bytes, t->size, &bytes)) {
		free(name);
		return err_set(e, "tensor \"%.200s\": the tensors do not fit the address space",
			t->name);
	}
	list = name == NULL ? NULL : grow(s->tensor, s->tensors, sizeof *list);
	if (list == NULL) {
		free(name);
		return err_set(e, "out of memory");
	}
	s->tensor = list;
	s->bytes = bytes;
	s->tensor[s->tensors] = *t;
	s->tensor[s->tensors++].name = name;
	return 0;
}

int tensor_set_add(struct tensor_set *s, const char *name, enum tensor_dtype dtype, int rank,
	const size_t *shape, const void *data, struct err *e)
{
	struct tensor t = {
		.name = (char *)name, .dtype = dtype, .rank = rank, .begin = s->bytes};

	if (rank < 0 || rank > TENSOR_MAX_RANK)
		return err_set(e, "tensor \"%.200s\": %d dimensions, at most %d are possible",
			name, rank, TENSOR_MAX_RANK);
	if (strcmp(name, "__metadata__") == 0 || tensor_set_find(s, name) != NULL)
		return err_set(e, "tensor \"%.200s\": the name is taken", name);
	for (int i = 0; i < rank; i++)
		t.shape[i] = shape[i];
	t.data = (void *)data;
	if (tensor_measure(&t, e))
		return -1;
	return tensor_set_append(s, &t, e);
}

static char **find_meta(const struct tensor_set *s, const char *key)
{
	for (size_t i = 0; i < s->metas; i++)
		if (strcmp(s->meta[2 * i], key) == 0)
			return &s->meta[2 * i + 1];
	return NULL;
}

const char *tensor_set_meta(const struct tensor_set *s, const char *key)
{
	char **value = find_meta(s, key);

	return value == NULL ? NULL : *value;
}

int tensor_set_append_meta(
	struct tensor_set *s, const char *key, const char *value, struct err *e)
{
	char **list = grow(s->meta, s->metas, 2 * sizeof *list);
	char **pair;

	if (list == NULL)
		return err_set(e, "out of memory");
	s->meta = list;
	pair = &s->meta[2 * s->metas];
	pair[0] = strdup(key);
	pair[1] = strdup(value);
	if (pair[0] == NULL || pair[1] == NULL) {
		free(pair[0]);
		free(pair[1]);
		return err_set(e, "out of memory");
	}
	s->metas++;
	return 0;
}

int tensor_set_put_meta(struct tensor_set *s, const char *key, const char *value, struct err *e)
{
	char **old = find_meta(s, key), *copy;

	if (old == NULL)
		return tensor_set_append_meta(s, key, value, e);
	copy = strdup(value);
	if (copy == NULL)
		return err_set(e, "out of memory");
	free(*old);
	*old = copy;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct tensor *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void add_number(struct fingerprint_state *state, uint64_t v)
{
	uint8_t bytes[8];

	bytes_put_le64(bytes, v);
	fingerprint_add(state, bytes, sizeof bytes);
}

/* Names end with a NUL and lists with their length before them: no two sets read alike. */
static void add_tensor(
	struct fingerprint_state *state, const struct tensor *t, struct fingerprint f)
{
	const char *dtype = tensor_dtype_name(t->dtype);

	fingerprint_add(state, t->name, strlen(t->name) + 1);
	fingerprint_add(state, dtype, strlen(dtype) + 1);
	add_number(state, (uint64_t)t->rank);
	for (int i = 0; i < t->rank; i++)
		add_number(state, t->shape[i]);
	add_number(state, f.high);
	add_number(state, f.low);
}

int tensor_set_fingerprint_from(const struct tensor_set *s, const struct fingerprint *data,
	struct fingerprint *f, struct err *e)
{
	struct fingerprint_state *state = fingerprint_new();
	const struct tensor **sorted =
		size_alloc(s->tensors, sizeof *sorted, "the list of tensors", e);

	if (state == NULL)
		err_set(e, "out of memory");
	if (state == NULL || sorted == NULL) {
		if (state != NULL)
			fingerprint_finish(state);
		free(sorted);
		return -1;
	}
	for (size_t i = 0; i < s->tensors; i++)
		sorted[i] = &s->tensor[i];
	qsort(sorted, s->tensors, sizeof *sorted, by_name);
	for (size_t i = 0; i < s->tensors; i++)
		add_tensor(state, sorted[i], data[sorted[i] - s->tensor]);
	*f = fingerprint_finish(state);
	free(sorted);
	return 0;
}

int tensor_set_fingerprint(const struct tensor_set *s, struct fingerprint *f, struct err *e)
{
	struct fingerprint *data =
		size_alloc(s->tensors, sizeof *data, "the list of tensors", e);
	int failed;

	if (data == NULL)
		return -1;
	for (size_t i = 0; i < s->tensors; i++)
		data[i] = fingerprint_of(s->tensor[i].data, s->tensor[i].size);
	failed = tensor_set_fingerprint_from(s, data, f, e);
	free(data);
	return failed;
}
