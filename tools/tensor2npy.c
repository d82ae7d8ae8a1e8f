/* SPDX-License-Identifier: ISC */
/* A tensor of any file, or the probabilities of soft targets, to an .npy file. */
#include "bytes.h"
#include "cli-rows.h"
#include "die.h"
#include "err.h"
#include "npy.h"
#include "number.h"
#include "options.h"
#include "outfile.h"
#include "size.h"
#include "soft-targets.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)1 << 20)

static const char *output = "-", *name, *range;
static bool probabilities;
static double temperature;

static const struct option_row rows[] = {
	ROW_OUTPUT(&output, "the .npy file"),
	OPTION_TEXT('t', "tensor", "NAME", &name,
		"the tensor [the only one, else values, images or features]"),
	OPTION_TEXT('r', "rows", "A:B", &range,
		"rows A to B - 1, counted from 0; the rest is not read"),
	OPTION_GROUP("soft targets"),
	OPTION_FLAG('p', "probabilities", &probabilities,
		"softmax(logits / T) instead of what is stored"),
	OPTION_REAL('T', "temperature", "T", &temperature, 1e-3, 1e6,
		"the T of --probabilities [that of stored probabilities, 1 for logits]"),
	OPTION_END,
};

static const struct tool tool = {
	.name = "tensor2npy",
	.summary = "write a tensor, or soft targets as probabilities, for numpy.load",
	.synopsis = "[options] FILE",
	.rows = rows,
	.min_operands = 1,
	.max_operands = 1,
};

/* The rows asked for among `all`. */
static int read_range(size_t all, size_t *from, size_t *to, struct err *e)
{
	if (number_range(range == NULL ? ":" : range, all, from, to))
		die_usage("--rows: \"%s\" is not A:B", range);
	if (*from > *to || *to > all)
		return err_set(e, "rows %s are not within its %zu rows", range, all);
	return 0;
}

static const struct tensor *find_tensor(const struct tensor_set *s, struct err *e)
{
	static const char *const usual[] = {"values", "images", "features"};
	const struct tensor *t = name != NULL ? tensor_set_find(s, name) : NULL;

	if (name == NULL && s->tensors == 1)
		return &s->tensor[0];
	for (size_t i = 0; name == NULL && t == NULL && i < sizeof usual / sizeof usual[0]; i++)
		t = tensor_set_find(s, usual[i]);
	if (t == NULL && name != NULL)
		err_set(e, "has no tensor \"%s\"", name);
	else if (t == NULL)
		err_set(e, "has %zu tensors; say which with --tensor", s->tensors);
	return t;
}

/* NumPy has no bfloat16: such tensors become float32. */
static enum tensor_dtype written_dtype(const struct tensor *t)
{
	return t->dtype == TENSOR_BF16 ? TENSOR_F32 : t->dtype;
}

static int write_values(struct outfile *o, const struct tensor *t, const uint8_t *bytes,
	size_t n, float *wide, struct err *e)
{
	const uint16_t *half = (const uint16_t *)(const void *)bytes;

	if (t->dtype != TENSOR_BF16)
		return outfile_write(o, bytes, n, e);
	for (size_t i = 0; i < n / 2; i++)
		wide[i] = bytes_from_bf16(half[i]);
	return outfile_write(o, wide, 2 * n, e);
}

/* Bytes from `at` to `end` of the tensor, some at a time: it may be larger than the memory. */
static int copy_bytes(struct tensor_reader *r, const struct tensor *t, size_t at, size_t end,
	struct outfile *o, struct err *e)
{
	uint8_t *bytes = size_alloc(CHUNK, 1, "a buffer", e);
	float *wide = size_alloc(CHUNK, 2, "a buffer", e);
	int bad = bytes == NULL || wide == NULL ? -1 : 0;

	while (!bad && at < end) {
		size_t n = end - at < CHUNK ? end - at : CHUNK;

		bad = tensor_reader_bytes(r, t, at, bytes, n, e) ||
		      write_values(o, t, bytes, n, wide, e);
		at += n;
	}
	free(bytes);
	free(wide);
	return bad ? -1 : 0;
}

static int write_tensor(
	struct tensor_reader *r, const char *path, struct outfile *o, struct err *e)
{
	const struct tensor *t = find_tensor(tensor_reader_header(r), e);
	size_t shape[TENSOR_MAX_RANK], row, from = 0, to = 1;

	if (t == NULL)
		return err_in(e, path);
	row = t->rank == 0 || t->shape[0] == 0 ? t->size : t->size / t->shape[0];
	if (t->rank == 0 ? range != NULL && err_set(e, "has no rows")
			 : read_range(t->shape[0], &from, &to, e))
		return err_in(e, path);
	memcpy(shape, t->shape, sizeof shape);
	shape[0] = to - from;
	if (outfile_open(o, output, e) ||
		npy_write_header(o, written_dtype(t), t->rank, shape, e))
		return -1;
	return copy_bytes(r, t, from * row, to * row, o, e);
}

/* Softens some rows at a time, and writes them. */
static int soften_rows(const struct soft_targets *s, double t, size_t from, size_t to,
	struct outfile *o, struct err *e)
{
	size_t row = s->classes * sizeof(float), step = row >= CHUNK ? 1 : CHUNK / row;
	float *value = size_alloc(step, row, "rows", e);
	int bad = value == NULL ? -1 : 0;

	while (!bad && from < to) {
		size_t n = to - from < step ? to - from : step;

		for (size_t i = 0; i < n; i++, from++)
			soft_targets_probabilities(
				s, from / s->items, from % s->items, t, value + i * s->classes);
		bad = outfile_write(o, value, n * row, e);
	}
	free(value);
	return bad;
}

static int write_probabilities(
	const struct soft_targets *s, const char *path, struct outfile *o, struct err *e)
{
	double t = temperature > 0		  ? temperature
		   : soft_values_fixed(s->values) ? s->temperature
						  : 1;
	size_t from, to;

	if (soft_targets_check_temperature(s, path, t, e))
		return -1;
	if (read_range(s->views * s->items, &from, &to, e))
		return err_in(e, path);
	if (outfile_open(o, output, e) ||
		npy_write_header(o, TENSOR_F32, 2, (const size_t[]){to - from, s->classes}, e))
		return -1;
	return soften_rows(s, t, from, to, o, e);
}

static int run_probabilities(const char *path, struct outfile *o, struct err *e)
{
	struct soft_targets s;
	int bad;

	if (soft_targets_load(&s, path, NULL, e))
		return -1;
	bad = write_probabilities(&s, path, o, e);
	soft_targets_release(&s);
	return bad;
}

static int run_tensor(const char *path, struct outfile *o, struct err *e)
{
	struct tensor_reader *r = tensor_reader_open(path, e);
	int bad;

	if (r == NULL)
		return -1;
	bad = write_tensor(r, path, o, e);
	tensor_reader_close(r);
	return bad;
}

int main(int argc, char **argv)
{
	struct outfile o = {.fd = -1, .slot = -1};
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	if (probabilities && name != NULL)
		die_usage("--probabilities are made from the values: --tensor says nothing");
	if (!probabilities && temperature > 0)
		die_usage("--temperature goes with --probabilities");
	if ((probabilities ? run_probabilities(path[0], &o, &e)
			   : run_tensor(path[0], &o, &e)) ||
		outfile_commit(&o, &e)) {
		outfile_abort(&o);
		die_err(&e);
	}
	return 0;
}
