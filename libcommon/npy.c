/* SPDX-License-Identifier: ISC */
#include "npy.h"

#include "bytes.h"
#include "err.h"
#include "infile.h"
#include "npy-header.h"
#include "outfile.h"
#include "size.h"
#include "tensor-stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6
#define HEADER_MAX 65535 /* the dictionaries of plain arrays need some 200 bytes */
#define ALIGNMENT 64	 /* where numpy.save lets the numbers start */
#define GROWTH 21	 /* numpy.save leaves room for the first dimension to grow */

/* A file whose bytes are counted in its fingerprint. */
struct source {
	struct infile file;
	struct fingerprint_state *sum;
};

/* Reads exactly n bytes. */
static int take(struct source *s, void *to, size_t n, const char *what, struct err *e)
{
	size_t got;

	if (infile_read(&s->file, to, n, &got, e))
		return -1;
	if (got < n)
		return err_set(e, "is cut short: %zu of %zu bytes of its %s", got, n, what);
	fingerprint_add(s->sum, to, n);
	return 0;
}

/* Magic, version and the length of the dictionary. */
static int read_start(struct source *s, size_t *length, struct err *e)
{
	uint8_t head[MAGIC_SIZE + 2], size[4] = {0};

	if (take(s, head, sizeof head, "magic", e))
		return -1;
	if (memcmp(head, "PK\3\4", 4) == 0)
		return err_set(e, "is an .npz archive; save one array with numpy.save");
	if (memcmp(head, MAGIC, MAGIC_SIZE) != 0)
		return err_set(e, "is no .npy file");
	if (head[MAGIC_SIZE] < 1 || head[MAGIC_SIZE] > 3 || head[MAGIC_SIZE + 1] != 0)
		return err_set(e, "has the unknown .npy version %d.%d", head[MAGIC_SIZE],
			head[MAGIC_SIZE + 1]);
	if (take(s, size, head[MAGIC_SIZE] == 1 ? 2 : 4, "header", e))
		return -1;
	*length = bytes_le32(size);
	if (*length > HEADER_MAX)
		return err_set(e, "has a header of %zu bytes; at most %d are expected", *length,
			HEADER_MAX);
	return 0;
}

static int read_header(struct source *s, struct npy_header *h, struct err *e)
{
	size_t length = 0;
	char *text;
	int bad;

	if (read_start(s, &length, e))
		return -1;
	text = size_alloc(length, 1, "a header", e);
	bad = text == NULL || take(s, text, length, "header", e) ||
	      npy_header_parse(h, text, length, e);
	free(text);
	return bad ? -1 : 0;
}

static int count_values(struct npy *a, const struct npy_header *h, const struct source *s,
	size_t *bytes, struct err *e)
{
	a->dtype = h->dtype;
	a->rank = h->rank;
	a->values = 1;
	for (int i = 0; i < h->rank; i++) {
		a->shape[i] = h->shape[i];
		if (size_mul(a->values, h->shape[i], &a->values))
			return err_set(e, "declares more values than there are addresses");
	}
	if (size_mul(a->values, tensor_dtype_size(h->dtype), bytes))
		return err_set(e, "declares more values than there are addresses");
	if (*bytes > s->file.bytes)
		return err_set(e, "is cut short: it declares %zu bytes of numbers", *bytes);
	return 0;
}

static void swap_bytes(uint8_t *bytes, size_t values, size_t size)
{
	for (uint8_t *v = bytes; v < bytes + values * size; v += size)
		for (size_t i = 0; i < size / 2; i++) {
			uint8_t low = v[i];

			v[i] = v[size - 1 - i];
			v[size - 1 - i] = low;
		}
}

/* Column-major to row-major: walks the target and steps through the source. */
static int transpose(struct npy *a, struct err *e)
{
	size_t size = tensor_dtype_size(a->dtype), step[TENSOR_MAX_RANK],
	       at[TENSOR_MAX_RANK] = {0};
	uint8_t *to = size_alloc(a->values, size, "a transposed array", e);
	size_t from = 0;

	if (to == NULL)
		return -1;
	for (int i = 0; i < a->rank; i++)
		step[i] = i == 0 ? size : step[i - 1] * a->shape[i - 1];
	for (size_t v = 0; v < a->values; v++) {
		memcpy(to + v * size, a->bytes + from, size);
		for (int i = a->rank - 1; i >= 0; i--) {
			from += step[i];
			if (++at[i] < a->shape[i])
				break;
			from -= at[i] * step[i];
			at[i] = 0;
		}
	}
	free(a->bytes);
	a->bytes = to;
	return 0;
}

static int read_all(struct npy *a, struct source *s, struct err *e)
{
	struct npy_header h;
	size_t bytes, got;
	char extra;

	if (read_header(s, &h, e) || count_values(a, &h, s, &bytes, e))
		return -1;
	a->bytes = size_alloc(a->values, tensor_dtype_size(a->dtype), "numbers", e);
	if (a->bytes == NULL || take(s, a->bytes, bytes, "numbers", e))
		return -1;
	if (infile_read(&s->file, &extra, 1, &got, e))
		return -1;
	if (got > 0)
		return err_set(e, "goes on behind its %zu bytes of numbers", bytes);
	if (h.swapped)
		swap_bytes(a->bytes, a->values, tensor_dtype_size(a->dtype));
	return h.fortran && a->rank > 1 ? transpose(a, e) : 0;
}

int npy_load(struct npy *a, const char *path, struct err *e)
{
	struct source s = {.sum = fingerprint_new()};
	int bad;

	*a = (struct npy){0};
	if (s.sum == NULL)
		return err_set(e, "out of memory");
	bad = infile_open(&s.file, path, e) || read_all(a, &s, e);
	a->fingerprint = fingerprint_finish(s.sum);
	infile_close(&s.file);
	if (!bad)
		return 0;
	npy_release(a);
	return err_in(e, path);
}

void npy_release(struct npy *a)
{
	free(a->bytes);
	*a = (struct npy){0};
}

bool npy_is_integer(const struct npy *a)
{
	return a->dtype != TENSOR_F16 && a->dtype != TENSOR_F32 && a->dtype != TENSOR_F64;
}

double npy_real(const struct npy *a, size_t i)
{
	return tensor_value(a->dtype, a->bytes + i * tensor_dtype_size(a->dtype));
}

int npy_to_floats(struct npy *a, struct err *e)
{
	float *v;

	if (a->dtype == TENSOR_F32)
		return 0;
	v = size_alloc(a->values, sizeof *v, "numbers", e);
	if (v == NULL)
		return -1;
	for (size_t i = 0; i < a->values; i++)
		v[i] = (float)npy_real(a, i);
	free(a->bytes);
	a->bytes = (uint8_t *)v;
	a->dtype = TENSOR_F32;
	return 0;
}

int npy_write_header(struct outfile *o, enum tensor_dtype dtype, int rank, const size_t *shape,
	struct err *e)
{
	const char *descr = npy_header_descr(dtype);
	char text[512] = MAGIC "\1";
	size_t start = MAGIC_SIZE + 4, n = start;
	int room = 0;

	if (descr == NULL)
		return err_set(e, "NumPy has no dtype for %s", tensor_dtype_name(dtype));
	n += (size_t)snprintf(text + n, sizeof text - n,
		"{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
	for (int i = 0; i < rank; i++) {
		int digits =
			snprintf(text + n, sizeof text - n, i == 0 ? "%zu" : ", %zu", shape[i]);

		n += (size_t)digits;
		if (i == 0)
			room = GROWTH - digits;
	}
	n += (size_t)snprintf(
		text + n, sizeof text - n, "%s), }%*s", rank == 1 ? "," : "", room, "");
	do
		text[n++] = ' ';
	while ((n + 1) % ALIGNMENT != 0);
	text[n++] = '\n';
	text[MAGIC_SIZE + 2] = (char)((n - start) & 0xff);
	text[MAGIC_SIZE + 3] = (char)((n - start) >> 8);
	return outfile_write(o, text, n, e);
}
