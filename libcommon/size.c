/* SPDX-License-Identifier: ISC */
#define _DEFAULT_SOURCE /* madvise */
#include "size.h"

#include "err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGNMENT 64
#define HUGE_PAGE ((size_t)2 << 20) /* on x86-64; elsewhere it is only an alignment */

static uint64_t limit;

int size_mul(size_t a, size_t b, size_t *result)
{
	return __builtin_mul_overflow(a, b, result) ? -1 : 0;
}

int size_add(size_t a, size_t b, size_t *result)
{
	return __builtin_add_overflow(a, b, result) ? -1 : 0;
}

void size_set_limit(uint64_t bytes)
{
	limit = bytes;
}

uint64_t size_limit(void)
{
	long pages, page;

	if (limit > 0)
		return limit;
	pages = sysconf(_SC_PHYS_PAGES);
	page = sysconf(_SC_PAGESIZE);
	if (pages <= 0 || page <= 0)
		return (uint64_t)1 << 32;
	return (uint64_t)pages / 4 * 3 * (uint64_t)page;
}

int size_check(uint64_t bytes, const char *what, struct err *e)
{
	char need[SIZE_TEXT], have[SIZE_TEXT];

	if (bytes <= size_limit())
		return 0;
	return err_set(e, "%s: %s is over the memory limit of %s", what, size_text(bytes, need),
		size_text(size_limit(), have));
}

void *size_alloc(size_t count, size_t size, const char *what, struct err *e)
{
	size_t bytes, rounded;
	void *p;

	if (size_mul(count, size, &bytes) || size_add(bytes, ALIGNMENT, &rounded)) {
		err_set(e, "%s: %zu x %zu bytes do not fit the address space", what, count,
			size);
		return NULL;
	}
	if (size_check(bytes, what, e))
		return NULL;
	rounded -= rounded % ALIGNMENT;
	/* aligned_alloc would want a multiple of the alignment. */
	if (posix_memalign(&p, rounded < HUGE_PAGE ? ALIGNMENT : HUGE_PAGE, rounded)) {
		err_set(e, "%s: out of memory (%zu bytes)", what, bytes);
		return NULL;
	}
#ifdef MADV_HUGEPAGE
	/* Rows of matrices are pages apart, more than a CPU's TLB has entries for. */
	if (rounded >= HUGE_PAGE)
		madvise(p, rounded, MADV_HUGEPAGE);
#endif
	return memset(p, 0, rounded);
}

const char *size_text(uint64_t bytes, char text[SIZE_TEXT])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 1024 && i + 1 < sizeof unit / sizeof unit[0]) {
		value /= 1024;
		i++;
	}
	snprintf(text, SIZE_TEXT, i == 0 ? "%.0f %s" : "%.1f %s", value, unit[i]);
	return text;
}
