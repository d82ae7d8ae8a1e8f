/* SPDX-License-Identifier: ISC */
#include "lineage.h"

#include "bytes.h"
#include "err.h"
#include "number.h"
#include "size.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lineage_kind(struct tensor_set *s, const char *kind, struct err *e)
{
	if (tensor_set_put_meta(s, "potstill.kind", kind, e))
		return -1;
	return tensor_set_put_meta(s, "potstill.version", POTSTILL_VERSION, e);
}

#define INPUT "potstill.input."

int lineage_is_input(const char *key)
{
	return strncmp(key, INPUT, strlen(INPUT)) == 0;
}

/* A text for free(), after `before` and a blank where there is something before. */
__attribute__((format(printf, 2, 0))) static char *text_of(
	const char *before, const char *format, va_list ap)
{
	size_t start = before == NULL ? 0 : strlen(before) + 1, size;
	char *text;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0 || size_add(start, (size_t)n + 1, &size))
		return NULL;
	text = malloc(size);
	if (text == NULL)
		return NULL;
	if (before != NULL)
		snprintf(text, size, "%s ", before);
	vsnprintf(text + start, size - start, format, ap);
	return text;
}

int lineage_input(struct tensor_set *s, const char *role, struct fingerprint f, struct err *e)
{
	size_t n = strlen(INPUT) + strlen(role) + 1;
	char text[FINGERPRINT_TEXT], *key = malloc(n);
	int result;

	if (key == NULL)
		return err_set(e, "out of memory");
	snprintf(key, n, INPUT "%s", role);
	result = tensor_set_put_meta(s, key, fingerprint_text(f, text), e);
	free(key);
	return result;
}

/* Found now rather than when the file is written, which is after the training. */
static int check_option(const char *option, struct err *e)
{
	size_t n;

	for (const char *p = option; *p != '\0'; p += n) {
		n = bytes_utf8((const uint8_t *)p);
		if (n == 0)
			return err_set(e, "%.*s is not UTF-8 and cannot be recorded",
				(int)strcspn(option, " "), option);
	}
	return 0;
}

int lineage_option(struct tensor_set *s, struct err *e, const char *format, ...)
{
	const char *before = tensor_set_meta(s, "potstill.options");
	char *all;
	va_list ap;
	int result;

	va_start(ap, format);
	all = text_of(before, format, ap);
	va_end(ap);
	if (all == NULL)
		return err_set(e, "out of memory");
	result = check_option(all + (before == NULL ? 0 : strlen(before) + 1), e) ||
		 tensor_set_put_meta(s, "potstill.options", all, e);
	free(all);
	return result ? -1 : 0;
}

int lineage_real(struct tensor_set *s, struct err *e, const char *option, double value)
{
	char text[NUMBER_TEXT];

	return lineage_option(s, e, "%s %s", option, number_text(value, text));
}

int lineage_check_kind(const struct tensor_set *s, const char *kind, struct err *e)
{
	const char *found = tensor_set_meta(s, "potstill.kind");

	if (found == NULL)
		return err_set(e, "is no %s file: potstill.kind is missing", kind);
	if (strcmp(found, kind) != 0)
		return err_set(e, "is a %.60s file where a %s file is expected", found, kind);
	return 0;
}

int lineage_count(const struct tensor_set *s, const char *key, uint64_t max, uint64_t *value,
	struct err *e)
{
	const char *text = tensor_set_meta(s, key);
	unsigned long long v;
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || v > max)
		return err_set(e, "metadata %s is \"%.60s\", not a whole number up to %llu",
			key, text, (unsigned long long)max);
	*value = v;
	return 1;
}

int lineage_positive(const struct tensor_set *s, const char *key, double *value, struct err *e)
{
	const char *text = tensor_set_meta(s, key);
	char *end;
	double v;

	if (text == NULL)
		return 0;
	v = strtod(text, &end);
	if (text[0] == '\0' || *end != '\0' || !isfinite(v) || v <= 0)
		return err_set(e, "metadata %s is \"%.60s\", not a number above 0", key, text);
	*value = v;
	return 1;
}
