/* SPDX-License-Identifier: ISC */
#include "tensor-file-header.h"

#include "bytes.h"
#include "err.h"
#include "json-memory.h"
#include "size.h"
#include "tensor-set.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define META "__metadata__"

/* --- reading --- */

/* Headers of tensors need some 20 bytes for each of theirs; below this nobody minds. */
#define DENSITY 32
#define DENSITY_FREE ((uint64_t)64 << 20)

/*
 * What jansson will need for this text, about: an empty object of two bytes takes some
 * 400, a number of one byte some 64 with its place in a list.
 */
static uint64_t json_cost(const char *json, size_t n)
{
	uint64_t cost = 2 * (uint64_t)n;

	for (size_t i = 0; i < n; i++)
		switch (json[i]) {
		case '{':
			cost += 400;
			break;
		case '[':
			cost += 200;
			break;
		case ',':
			cost += 64;
			break;
		}
	return cost;
}

static int parse_size(const json_t *value, size_t *size)
{
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < 0 || (uint64_t)n > SIZE_MAX)
		return -1;
	*size = (size_t)n;
	return 0;
}

static int parse_dtype(struct tensor *t, const json_t *value, struct err *e)
{
	if (!json_is_string(value))
		return err_set(e, "tensor \"%.200s\": dtype is not a string", t->name);
	if (tensor_dtype_parse(&t->dtype, json_string_value(value)))
		return err_set(e, "tensor \"%.200s\": unknown dtype \"%.50s\"", t->name,
			json_string_value(value));
	return 0;
}

static int parse_shape(struct tensor *t, const json_t *value, struct err *e)
{
	if (!json_is_array(value))
		return err_set(e, "tensor \"%.200s\": shape is not a list", t->name);
	if (json_array_size(value) > TENSOR_MAX_RANK)
		return err_set(e, "tensor \"%.200s\": %zu dimensions, at most %d are supported",
			t->name, json_array_size(value), TENSOR_MAX_RANK);
	t->rank = (int)json_array_size(value);
	for (int i = 0; i < t->rank; i++)
		if (parse_size(json_array_get(value, (size_t)i), &t->shape[i]))
			return err_set(e,
				"tensor \"%.200s\": dimension %d is not a whole number from 0 "
				"up",
				t->name, i);
	return 0;
}

static int parse_offsets(struct tensor *t, const json_t *value, struct err *e)
{
	size_t end;

	if (!json_is_array(value) || json_array_size(value) != 2 ||
		parse_size(json_array_get(value, 0), &t->begin) ||
		parse_size(json_array_get(value, 1), &end))
		return err_set(e,
			"tensor \"%.200s\": data_offsets is not a list of two whole numbers",
			t->name);
	if (end < t->begin)
		return err_set(e, "tensor \"%.200s\": ends at %zu, before it begins at %zu",
			t->name, end, t->begin);
	if (end - t->begin != t->size)
		return err_set(e, "tensor \"%.200s\": has %zu bytes where its shape needs %zu",
			t->name, end - t->begin, t->size);
	return 0;
}

static int warn_of_fields(struct tensor_set *s, const struct tensor *t, struct err *e)
{
	char text[300];

	if (s->warning != NULL)
		return 0;
	snprintf(text, sizeof text,
		"tensor \"%.200s\" has fields that are not known and ignored", t->name);
	s->warning = strdup(text);
	return s->warning != NULL ? 0 : err_set(e, "out of memory");
}

static int parse_tensor(
	struct tensor_set *s, const char *name, const json_t *entry, struct err *e)
{
	struct tensor t = {.name = (char *)name};

	if (!json_is_object(entry))
		return err_set(e, "tensor \"%.200s\": its entry is not an object", name);
	if (json_object_get(entry, "dtype") == NULL ||
		json_object_get(entry, "shape") == NULL ||
		json_object_get(entry, "data_offsets") == NULL)
		return err_set(
			e, "tensor \"%.200s\": needs dtype, shape and data_offsets", name);
	if (json_object_size(entry) > 3 && warn_of_fields(s, &t, e))
		return -1;
	if (parse_dtype(&t, json_object_get(entry, "dtype"), e) ||
		parse_shape(&t, json_object_get(entry, "shape"), e) || tensor_measure(&t, e) ||
		parse_offsets(&t, json_object_get(entry, "data_offsets"), e))
		return -1;
	return tensor_set_append(s, &t, e);
}

static int parse_meta(struct tensor_set *s, json_t *meta, struct err *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(meta))
		return err_set(e, "__metadata__ is not an object");
	json_object_foreach(meta, key, value)
	{
		if (!json_is_string(value))
			return err_set(e,
				"the value of \"%.200s\" in __metadata__ is not a string", key);
		if (tensor_set_append_meta(s, key, json_string_value(value), e))
			return -1;
	}
	return 0;
}

/* Empty tensors come before the one that begins where they do. */
static int by_place(const void *a, const void *b)
{
	const struct tensor *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int check_places(const struct tensor_set *s, struct err *e)
{
	size_t end = 0;

	for (size_t i = 0; i < s->tensors; i++) {
		const struct tensor *t = &s->tensor[i];

		if (t->begin > end)
			return err_set(e,
				"tensor \"%.200s\": begins at %zu, leaving a hole after %zu",
				t->name, t->begin, end);
		if (t->begin < end)
			return err_set(e,
				"tensor \"%.200s\": begins at %zu, overlapping what ends at "
				"%zu",
				t->name, t->begin, end);
		end += t->size;
	}
	return 0;
}

static int parse_entries(struct tensor_set *s, json_t *root, struct err *e)
{
	const char *name;
	json_t *entry;

	json_object_foreach(root, name, entry)
	{
		if (strcmp(name, META) == 0 ? parse_meta(s, entry, e)
					    : parse_tensor(s, name, entry, e))
			return -1;
	}
	if (s->tensors > 0)
		qsort(s->tensor, s->tensors, sizeof *s->tensor, by_place);
	return check_places(s, e);
}

static json_t *load_object(const char *json, size_t n, struct err *e)
{
	uint64_t cost = json_cost(json, n);
	json_error_t fault;
	json_t *root;

	if (cost > DENSITY_FREE && cost / DENSITY > n) {
		err_set(e, "the header is no list of tensors: too many brackets in %zu bytes",
			n);
		return NULL;
	}
	if (size_check(cost, "the header's tables", e))
		return NULL;
	json_memory_watch();
	root = json_loadb(json, n, JSON_REJECT_DUPLICATES, &fault);
	if (json_memory_ran_out())
		err_set(e, "the header: out of memory");
	else if (root == NULL)
		err_set(e, "the header is not valid JSON: %s at byte %d", fault.text,
			fault.position);
	else if (!json_is_object(root))
		err_set(e, "the header is not a JSON object");
	else
		return root;
	json_decref(root);
	return NULL;
}

int tensor_header_parse(struct tensor_set *s, const char *json, size_t n, struct err *e)
{
	json_t *root = load_object(json, n, e);
	int failed = -1;

	if (root != NULL)
		failed = parse_entries(s, root, e);
	json_decref(root);
	if (failed)
		tensor_set_release(s);
	return failed;
}

/* --- writing --- */

static int by_layout(const void *a, const void *b)
{
	const struct tensor *x = *(const struct tensor *const *)a;
	const struct tensor *y = *(const struct tensor *const *)b;

	if (x->dtype != y->dtype)
		return x->dtype > y->dtype ? -1 : 1;
	return strcmp(x->name, y->name);
}

static json_t *build_meta(const struct tensor_set *s)
{
	json_t *meta = json_object();

	for (size_t i = 0; i < s->metas; i++)
		if (json_object_set_new(
			    meta, s->meta[2 * i], json_string(s->meta[2 * i + 1]))) {
			json_decref(meta);
			return NULL;
		}
	return meta;
}

static json_t *build_tensor(const struct tensor *t, size_t begin)
{
	json_t *shape = json_array();

	for (int i = 0; i < t->rank; i++)
		if (json_array_append_new(shape, json_integer((json_int_t)t->shape[i]))) {
			json_decref(shape);
			return NULL;
		}
	return json_pack("{s:s, s:o, s:[I,I]}", "dtype", tensor_dtype_name(t->dtype), "shape",
		shape, "data_offsets", (json_int_t)begin, (json_int_t)(begin + t->size));
}

static json_t *build_header(const struct tensor_set *s, const struct tensor **order)
{
	json_t *root = json_object();
	size_t begin = 0;
	int failed = 0;

	if (s->metas > 0)
		failed = json_object_set_new(root, META, build_meta(s));
	for (size_t i = 0; i < s->tensors; i++) {
		failed |= json_object_set_new(
			root, order[i]->name, build_tensor(order[i], begin));
		begin += order[i]->size;
	}
	if (!failed)
		return root;
	json_decref(root);
	return NULL;
}

/* The root as text behind its length: NULL with the reason in the text. */
static uint8_t *print_header(const json_t *root, size_t *n, struct err *e)
{
	size_t json = json_dumpb(root, NULL, 0, JSON_COMPACT);
	size_t padded = (json + 7) / 8 * 8;
	uint8_t *bytes;

	if (padded > TENSOR_HEADER_MAX) {
		err_set(e, "the header of %zu bytes is too long", padded);
		return NULL;
	}
	*n = 8 + padded;
	bytes = size_alloc(*n, 1, "the header", e);
	if (bytes == NULL)
		return NULL;
	memset(bytes, ' ', *n);
	bytes_put_le64(bytes, padded);
	if (json > 0 && json_dumpb(root, (char *)bytes + 8, json, JSON_COMPACT) == json)
		return bytes;
	err_set(e, "the header: out of memory"); /* all that can fail on the way to a text */
	free(bytes);
	return NULL;
}

int tensor_header_format(const struct tensor_set *s, const struct tensor **order,
	uint8_t **bytes, size_t *n, struct err *e)
{
	json_t *root;

	for (size_t i = 0; i < s->tensors; i++)
		order[i] = &s->tensor[i];
	if (s->tensors > 0)
		qsort(order, s->tensors, sizeof *order, by_layout);
	json_memory_watch();
	root = build_header(s, order);
	if (root == NULL)
		return err_set(e, json_memory_ran_out()
					  ? "the header: out of memory"
					  : "a name or a metadata value is not UTF-8");
	*bytes = print_header(root, n, e);
	json_decref(root);
	return *bytes != NULL ? 0 : -1;
}
