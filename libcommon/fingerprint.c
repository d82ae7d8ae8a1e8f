/* SPDX-License-Identifier: ISC */
#include "fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static struct fingerprint from_hash(XXH128_hash_t h)
{
	return (struct fingerprint){h.high64, h.low64};
}

struct fingerprint fingerprint_of(const void *bytes, size_t n)
{
	return from_hash(XXH3_128bits(bytes, n));
}

struct fingerprint_state *fingerprint_new(void)
{
	XXH3_state_t *s = XXH3_createState();

	if (s != NULL)
		XXH3_128bits_reset(s);
	return (struct fingerprint_state *)s;
}

void fingerprint_add(struct fingerprint_state *s, const void *bytes, size_t n)
{
	XXH3_128bits_update((XXH3_state_t *)s, bytes, n);
}

struct fingerprint fingerprint_finish(struct fingerprint_state *s)
{
	struct fingerprint f = from_hash(XXH3_128bits_digest((XXH3_state_t *)s));

	XXH3_freeState((XXH3_state_t *)s);
	return f;
}

const char *fingerprint_text(struct fingerprint f, char text[FINGERPRINT_TEXT])
{
	snprintf(text, FINGERPRINT_TEXT, "%016" PRIx64 "%016" PRIx64, f.high, f.low);
	return text;
}

int fingerprint_parse(struct fingerprint *f, const char *text)
{
	char high[17] = "";

	if (strlen(text) != FINGERPRINT_TEXT - 1 ||
		strspn(text, "0123456789abcdef") != FINGERPRINT_TEXT - 1)
		return -1;
	memcpy(high, text, 16);
	f->high = strtoull(high, NULL, 16);
	f->low = strtoull(text + 16, NULL, 16);
	return 0;
}

int fingerprint_equal(struct fingerprint a, struct fingerprint b)
{
	return a.high == b.high && a.low == b.low;
}
