/* SPDX-License-Identifier: ISC */
#include "npy-header.h"

#include "err.h"
#include "size.h"

#include <string.h>

#define DESCR_MAX 15

/* What numpy.save calls the dtypes that it has: byte order, kind, bytes. */
static const char *const descrs[] = {
	[TENSOR_BOOL] = "|b1",
	[TENSOR_U8] = "|u1",
	[TENSOR_I8] = "|i1",
	[TENSOR_U16] = "<u2",
	[TENSOR_I16] = "<i2",
	[TENSOR_U32] = "<u4",
	[TENSOR_I32] = "<i4",
	[TENSOR_U64] = "<u8",
	[TENSOR_I64] = "<i8",
	[TENSOR_F16] = "<f2",
	[TENSOR_F32] = "<f4",
	[TENSOR_F64] = "<f8",
};
#define DESCRS (sizeof descrs / sizeof descrs[0])

const char *npy_header_descr(enum tensor_dtype t)
{
	return (size_t)t < DESCRS ? descrs[t] : NULL;
}

/* What is not parsed yet. */
struct text {
	const char *at, *end;
};

static void skip_space(struct text *t)
{
	while (t->at < t->end && strchr(" \t\r\n\f", *t->at) != NULL && *t->at != '\0')
		t->at++;
}

/* Takes a character, and white space before it: whether it was there. */
static bool take(struct text *t, char c)
{
	skip_space(t);
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

static bool take_word(struct text *t, const char *word)
{
	size_t n = strlen(word);

	skip_space(t);
	if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0)
		return false;
	t->at += n;
	return true;
}

/* A string without escapes, as all strings here are; false for anything else. */
static bool take_string(struct text *t, char *to, size_t size)
{
	char quote;
	size_t n = 0;

	skip_space(t);
	if (t->at == t->end || (*t->at != '\'' && *t->at != '"'))
		return false;
	quote = *t->at++;
	while (t->at < t->end && *t->at != quote) {
		if (n + 1 >= size || *t->at < ' ' || *t->at > '~' || *t->at == '\\')
			return false;
		to[n++] = *t->at++;
	}
	to[n] = '\0';
	return take(t, quote);
}

static int parse_descr(struct npy_header *h, struct text *text, struct err *e)
{
	char descr[DESCR_MAX + 1];

	skip_space(text);
	if (text->at < text->end && *text->at == '[')
		return err_set(
			e, "holds records (a structured dtype); one plain dtype is expected");
	if (!take_string(text, descr, sizeof descr))
		return err_set(e, "descr in the header is no plain dtype");
	for (size_t t = 0; t < DESCRS; t++) {
		if (descrs[t] == NULL || descr[0] == '\0' || strchr("<>|=", descr[0]) == NULL ||
			strcmp(descr + 1, descrs[t] + 1) != 0)
			continue;
		h->dtype = (enum tensor_dtype)t;
		h->swapped = descr[0] == '>' && tensor_dtype_size(h->dtype) > 1;
		return 0;
	}
	return err_set(e,
		"dtype '%s' is not supported (booleans, integers and floats up to 64 bits are)",
		descr);
}

static int parse_order(struct npy_header *h, struct text *t, struct err *e)
{
	h->fortran = take_word(t, "True");
	if (!h->fortran && !take_word(t, "False"))
		return err_set(e, "fortran_order in the header is neither True nor False");
	return 0;
}

static int parse_dimension(struct text *t, size_t *value, struct err *e)
{
	const char *start;

	skip_space(t);
	start = t->at;
	for (*value = 0; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
		if (size_mul(*value, 10, value) ||
			size_add(*value, (size_t)(*t->at - '0'), value))
			return err_set(e, "a dimension in the header is too large");
	if (t->at == start)
		return err_set(e, "shape in the header is no tuple of whole numbers");
	if (t->at < t->end && *t->at == 'L') /* long integers of Python 2 */
		t->at++;
	return 0;
}

/* (), (3,), (3, 4) or (3, 4,); (3) would be a number in Python. */
static int parse_shape(struct npy_header *h, struct text *t, struct err *e)
{
	bool comma = true;

	if (!take(t, '('))
		return err_set(e, "shape in the header is no tuple");
	h->rank = 0;
	while (!take(t, ')')) {
		if (!comma)
			return err_set(e, "shape in the header is no tuple of whole numbers");
		if (h->rank == TENSOR_MAX_RANK)
			return err_set(e, "has more than %d dimensions", TENSOR_MAX_RANK);
		if (parse_dimension(t, &h->shape[h->rank++], e))
			return -1;
		comma = take(t, ',');
	}
	if (h->rank == 1 && !comma)
		return err_set(e, "shape in the header is no tuple");
	return 0;
}

static int parse_entry(struct npy_header *h, struct text *t, unsigned *seen, struct err *e)
{
	static const struct {
		const char *key;
		int (*parse)(struct npy_header *h, struct text *t, struct err *e);
	} entries[] = {
		{"descr", parse_descr}, {"fortran_order", parse_order}, {"shape", parse_shape}};
	char key[32];

	if (!take_string(t, key, sizeof key) || !take(t, ':'))
		return err_set(e, "the header is no dictionary");
	for (unsigned i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		if (strcmp(key, entries[i].key) != 0)
			continue;
		if (*seen & 1u << i)
			return err_set(e, "the header has %s twice", key);
		*seen |= 1u << i;
		return entries[i].parse(h, t, e);
	}
	return err_set(e, "the header has the unknown key '%s'", key);
}

int npy_header_parse(struct npy_header *h, const char *text, size_t n, struct err *e)
{
	struct text t = {text, text + n};
	unsigned seen = 0;
	bool comma = true;

	if (!take(&t, '{'))
		return err_set(e, "the header is no dictionary");
	while (!take(&t, '}')) {
		if (!comma)
			return err_set(e, "the header is no dictionary");
		if (parse_entry(h, &t, &seen, e))
			return -1;
		comma = take(&t, ',');
	}
	skip_space(&t);
	if (t.at < t.end)
		return err_set(e, "something follows the dictionary in the header");
	if (seen != 7)
		return err_set(e, "the header lacks descr, fortran_order or shape");
	return 0;
}
