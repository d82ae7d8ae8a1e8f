/* SPDX-License-Identifier: ISC */
#include "zio.h"

#include "bytes.h"
#include "err.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define N 200000

static uint8_t content[N], frame[2 * N], back[N + 1];
static size_t packed;
static struct zio_unpacker *unpacker;

static int setup(void **state)
{
	struct err e;
	struct zio_packer *p = zio_packer_new(1, &e);
	int failed;

	(void)state;
	for (size_t i = 0; i < N; i++)
		content[i] = (uint8_t)(i * i >> 9);
	if (p == NULL || zio_bound(N) > sizeof frame)
		return -1;
	failed = zio_pack(p, content, N, frame, &packed, &e);
	zio_packer_free(p);
	unpacker = zio_unpacker_new(&e);
	return failed || unpacker == NULL;
}

static int teardown(void **state)
{
	(void)state;
	zio_unpacker_free(unpacker);
	return 0;
}

static void refused(size_t n, size_t size)
{
	struct err e = {""};

	assert_int_equal(zio_unpack(unpacker, frame, n, back, size, &e), -1);
	assert_true(strncmp(e.text, "damaged: ", 9) == 0);
}

static void whole_frames(void **state)
{
	struct err e;

	(void)state;
	assert_true(packed < N);
	assert_int_equal(zio_unpack(unpacker, frame, packed, back, N, &e), 0);
	assert_memory_equal(back, content, N);
	refused(packed, N - 1);
	refused(packed, N + 1);
	refused(packed - 1, N);
	refused(packed + 1, N);
	refused(3, N);
	refused(0, 0);
}

/* RFC 8878, 3.1.1.1: a checksum, a size of four bytes, a single segment and nothing else. */
static void headers(void **state)
{
	struct zio_header h;
	struct err e;

	(void)state;
	assert_int_equal(frame[4], 0x80 | 0x20 | 0x04);
	assert_int_equal(bytes_le32(frame + 5), N);
	assert_int_equal(zio_header(frame, ZIO_HEADER, &h, &e), 0);
	assert_true(h.has_checksum && h.has_size && h.size == N);
	frame[4] ^= 0x10;
	assert_int_equal(zio_header(frame, ZIO_HEADER, &h, &e), -1);
	assert_non_null(strstr(e.text, "unused bit"));
	frame[4] ^= 0x10;
	assert_int_equal(zio_header(frame, 3, &h, &e), -1);
	frame[0] ^= 1;
	assert_int_equal(zio_header(frame, ZIO_HEADER, &h, &e), -1);
	frame[0] ^= 1;
}

/* Three bytes in, seven bytes out at a time. */
static void steps(void **state)
{
	struct zio_step s = {.in = frame, .out = back};
	int ended = 0;
	struct err e;

	(void)state;
	memset(back, 0, sizeof back);
	while (!ended) {
		s.n = s.n + 3 < packed ? s.n + 3 : packed;
		s.room = s.got + 7 < N ? s.got + 7 : N;
		ended = zio_step(unpacker, &s, &e);
		check(ended >= 0, "%s", e.text);
	}
	assert_int_equal(s.at, packed);
	assert_int_equal(s.got, N);
	assert_memory_equal(back, content, N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_frames),
		cmocka_unit_test(headers),
		cmocka_unit_test(steps),
	};

	return cmocka_run_group_tests_name("zio", tests, setup, teardown);
}
