/* SPDX-License-Identifier: ISC */
#include "mat-check.h"

#include "bytes.h"
#include "err.h"
#include "infile.h"
#include "mat-walk.h"
#include "size.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define HEAD 128 /* of versions 5 and 7.3: text, version, 'M' and 'I' in the order of bytes */
#define HEAD_4 20
#define MOST_4 4052 /* M, O, P and T, see below, at most */
#define MAX_NAME 4096

static int read_at(const struct infile *f, uint64_t at, uint8_t *to, size_t n)
{
	return pread(f->fd, to, n, (off_t)at) == (ssize_t)n ? 0 : -1;
}

/* "HDF5 File Format Specification", II.A: at 0, 512, 1024, 2048 and so on. */
static int check_hdf5(const struct infile *f, struct err *e)
{
	static const uint8_t signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
	uint8_t bytes[sizeof signature];

	for (uint64_t at = 512; at < f->bytes; at *= 2)
		if (read_at(f, at, bytes, sizeof bytes) == 0 &&
			memcmp(bytes, signature, sizeof bytes) == 0)
			return MAT_HDF5;
	return err_set(e, "damaged: of version 7.3, but not in HDF5");
}

/* An array's header in version 4: type, rows, columns, whether complex, length of the name. */
struct head_4 {
	uint32_t type, rows, columns, complex, name;
	bool big;
};

static int read_head_4(const struct infile *f, uint64_t at, struct head_4 *h)
{
	uint32_t *to[] = {&h->type, &h->rows, &h->columns, &h->complex, &h->name};
	uint8_t bytes[HEAD_4];

	if (read_at(f, at, bytes, sizeof bytes))
		return -1;
	h->big = bytes_le32(bytes) > MOST_4;
	for (int i = 0; i < 5; i++)
		*to[i] = h->big ? bytes_be32(bytes + 4 * i) : bytes_le32(bytes + 4 * i);
	return 0;
}

/* The type is M * 1000 + O * 100 + P * 10 + T: order of bytes, 0, type of numbers, kind. */
static bool is_sane_4(const struct head_4 *h)
{
	return h->type / 1000 == h->big && h->type / 100 % 10 == 0 && h->type / 10 % 10 <= 5 &&
	       h->type % 10 <= 2 && h->rows <= INT32_MAX && h->columns <= INT32_MAX &&
	       h->complex <= 1 && h->name >= 1 && h->name <= MAX_NAME;
}

static int check_4(const struct infile *f, struct err *e)
{
	static const uint8_t size[] = {8, 4, 4, 2, 2, 1};
	struct head_4 h;
	size_t bytes;

	for (uint64_t at = 0; at < f->bytes; at += HEAD_4 + h.name + bytes) {
		if (read_head_4(f, at, &h))
			return err_set(e, at == 0 ? "is no MAT file" : "is cut short");
		if (!is_sane_4(&h))
			return err_set(e, at == 0 ? "is no MAT file"
						  : "damaged: there is no array where one is "
						    "expected");
		if (size_mul(h.rows, h.columns, &bytes) ||
			size_mul(bytes, size[h.type / 10 % 10] * (1 + h.complex), &bytes) ||
			bytes > f->bytes || at + HEAD_4 + h.name + bytes > f->bytes)
			return err_set(e, "is cut short");
	}
	return MAT_4;
}

int mat_check(const struct infile *f, struct err *e)
{
	uint8_t head[HEAD] = {0};
	unsigned version;
	bool big;

	if (read_at(f, 0, head, 1))
		return err_set(e, "is no MAT file");
	read_at(f, 0, head, HEAD);
	big = head[126] == 'M' && head[127] == 'I';
	version = big ? head[124] : head[125];
	if (head[big ? 125 : 124] != 0 || (!big && (head[126] != 'I' || head[127] != 'M')))
		version = 0;
	if (version == 2)
		return check_hdf5(f, e);
	if (version == 1)
		return mat_walk(f, HEAD, big, e) ? -1 : MAT_5;
	return check_4(f, e);
}
