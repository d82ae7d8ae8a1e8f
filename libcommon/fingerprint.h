/* SPDX-License-Identifier: ISC */
/*
 * A 128-bit name for contents: XXH3-128 (xxHash). Shared bytes, shared name;
 * it guards against mix-ups, not against forgers.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

struct fingerprint {
	uint64_t high, low;
};

struct fingerprint_state; /* opaque: xxHash's streaming state */

/* Of one run of bytes. */
struct fingerprint fingerprint_of(const void *bytes, size_t n);

/* Of bytes that come in parts. fingerprint_new returns NULL out of memory; finish frees the
 * state. */
struct fingerprint_state *fingerprint_new(void);
void fingerprint_add(struct fingerprint_state *s, const void *bytes, size_t n);
struct fingerprint fingerprint_finish(struct fingerprint_state *s);

/* 32 hexadecimal digits, high word first (xxHash's canonical order), and back: 0 or -1. */
#define FINGERPRINT_TEXT 33
const char *fingerprint_text(struct fingerprint f, char text[FINGERPRINT_TEXT]);
int fingerprint_parse(struct fingerprint *f, const char *text);

int fingerprint_equal(struct fingerprint a, struct fingerprint b);

#endif
