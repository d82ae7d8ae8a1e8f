/* SPDX-License-Identifier: ISC */
/* MAT files: what is good passes, whatever bytes there are ends with one line. */
#include "mat-check.h"

#include "err.h"
#include "infile.h"
#include "memory-file.h"
#include "unit.h"

#include <string.h>

#define HEAD 128
#define VALUES 6
#define UNUSED (HEAD + 8 + 2) /* of packed data: all but 3 bits of the first block's byte */

/* A file as it grows. */
struct made {
	uint8_t bytes[1024];
	size_t n;
	int big;
};

static void put32(struct made *m, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		m->bytes[m->n++] = (uint8_t)(v >> 8 * (m->big ? 3 - i : i));
}

static void put_words(struct made *m, const uint32_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put32(m, words[i]);
}

static void begin(struct made *m, int big)
{
	*m = (struct made){.n = HEAD, .big = big};
	memcpy(m->bytes + 124, big ? "\1\0MI" : "\0\1IM", 4);
}

/* A structure of one field, 2 x 3 doubles that are stored as bytes. */
static void put_struct(struct made *m)
{
	static const uint32_t words[] = {14, 128, 6, 8, 2, 0, 5, 8, 1, 1, 1, 0, 0x40005, 8, 1,
		8, 0, 0, 14, 56, 6, 8, 6, 0, 5, 8, 2, 3, 1, 0, 2, VALUES, 0, 0};

	put_words(m, words, sizeof words / sizeof words[0]);
	memset(m->bytes + m->n - 8, 1, VALUES);
	memcpy(m->bytes + m->n - sizeof words + 64, "a", 2);
}

/* The same in zlib's format (RFC 1950), as one stored block. */
static void put_packed(struct made *m)
{
	uint8_t bytes[sizeof m->bytes];
	size_t at = m->n, n;
	uint32_t a = 1, b = 0;
	int big = m->big;

	put_struct(m);
	n = m->n - at;
	memcpy(bytes, m->bytes + at, n);
	m->n = at;
	put32(m, 15);
	put32(m, (uint32_t)n + 11);
	memcpy(m->bytes + m->n, "\x78\x01\x01", 3);
	m->n += 3;
	m->big = 0;
	put32(m, (uint32_t)(n | (~n & 0xffff) << 16));
	memcpy(m->bytes + m->n, bytes, n);
	m->n += n;
	for (size_t i = 0; i < n; i++) {
		a = (a + bytes[i]) % 65521;
		b = (b + a) % 65521;
	}
	m->big = 1;
	put32(m, b << 16 | a);
	m->big = big;
}

/* Its version, or -1. */
static int check_bytes(const uint8_t *bytes, size_t n, struct err *e)
{
	struct infile f;
	int version;

	check(infile_open(&f, memory_put(bytes, n, 0), e) == 0, "%s", e->text);
	version = mat_check(&f, e);
	infile_close(&f);
	unlink(memory_name());
	check(version > 0 || (e->text[0] != '\0' && strpbrk(e->text, "\n\r\x1b") == NULL),
		"no line: %s", e->text);
	return version;
}

static void make(struct made *m, int i)
{
	begin(m, i & 1);
	if (i & 2)
		put_packed(m);
	put_struct(m);
	if (i & 2)
		put_packed(m);
}

static void takes_what_is_good(void **state)
{
	struct made m;
	struct err e;

	(void)state;
	for (int i = 0; i < 4; i++) {
		make(&m, i);
		check(check_bytes(m.bytes, m.n, &e) == MAT_5, "%d: %s", i, e.text);
	}
}

static void refuses_what_is_cut_short(void **state)
{
	struct made m;
	struct err e;

	(void)state;
	for (int i = 0; i < 4; i++) {
		begin(&m, i & 1);
		(i & 2 ? put_packed : put_struct)(&m);
		for (size_t n = m.n; --n > HEAD;)
			check(check_bytes(m.bytes, n, &e) < 0, "%zu of %zu bytes", n, m.n);
	}
}

static void ends_with_any_byte_changed(void **state)
{
	struct made m;
	struct err e;

	(void)state;
	for (int i = 0; i < 4; i++)
		for (size_t at = HEAD;; at++) {
			make(&m, i);
			if (at == m.n)
				break;
			for (int bit = 0; bit < 8; bit++) {
				m.bytes[at] ^= (uint8_t)(1 << bit);
				check_bytes(m.bytes, m.n, &e);
				m.bytes[at] ^= (uint8_t)(1 << bit);
			}
		}
}

/* Of packed arrays no byte may change. Others have values and names, which may. */
static void refuses_any_bit_of_packed_data(void **state)
{
	struct made m;
	struct err e;

	(void)state;
	begin(&m, 0);
	put_packed(&m);
	for (size_t at = HEAD; at < m.n; at++)
		for (int bit = 0; bit < 8; bit++) {
			m.bytes[at] ^= (uint8_t)(1 << bit);
			check(check_bytes(m.bytes, m.n, &e) < 0 || (at == UNUSED && bit > 2),
				"bit %d of byte %zu", bit, at);
			m.bytes[at] ^= (uint8_t)(1 << bit);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_good),
		cmocka_unit_test(refuses_what_is_cut_short),
		cmocka_unit_test(ends_with_any_byte_changed),
		cmocka_unit_test(refuses_any_bit_of_packed_data),
	};

	return cmocka_run_group_tests_name("mat-check", tests, NULL, NULL);
}
