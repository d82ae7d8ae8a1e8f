/* SPDX-License-Identifier: ISC */
#include "number.h"

#include "size.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE 1e15 /* counts up to here are printed without an exponent */

const char *number_text(double value, char text[NUMBER_TEXT])
{
	if (value == floor(value) && fabs(value) < WHOLE) {
		snprintf(text, NUMBER_TEXT, "%.0f", value);
		return text;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, NUMBER_TEXT, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return text;
}

/* How far a decimal reaches, with its exponent; strtod alone would take "inf" and "0x1p3" as
 * well. */
static size_t decimal_length(const char *at)
{
	size_t n = strspn(at, "0123456789."), sign;

	if (n == 0 || (at[n] != 'e' && at[n] != 'E'))
		return n;
	sign = at[n + 1] == '-' || at[n + 1] == '+';
	return n + 1 + sign + strspn(at + n + 1 + sign, "0123456789");
}

const char *number_read(const char *text, double *value)
{
	size_t sign = *text == '-' || *text == '+', n = decimal_length(text + sign);
	char *end;

	*value = strtod(text, &end);
	if (n == 0 || end != text + sign + n || !isfinite(*value))
		return NULL;
	n = strcspn(text, "123456789");
	return *value == 0 && text + n < end && n < strcspn(text, "eE") ? NULL : end;
}

int number_list(const char *text, char separator, size_t n, size_t max, size_t *value)
{
	for (size_t i = 0; i < n; i++) {
		size_t v = 0;

		if (i > 0 && *text++ != separator)
			return -1;
		if (*text < '0' || *text > '9')
			return -1;
		for (; *text >= '0' && *text <= '9'; text++) {
			v = 10 * v + (size_t)(*text - '0');
			if (v > max)
				return -1;
		}
		value[i] = v;
	}
	return *text == '\0' ? 0 : -1;
}

/* One side of A:B. */
static int range_end(const char **text, size_t otherwise, size_t *end)
{
	const char *digit = *text;

	*end = 0;
	for (; *digit >= '0' && *digit <= '9'; digit++)
		if (size_mul(*end, 10, end) || size_add(*end, (size_t)(*digit - '0'), end))
			return -1;
	if (digit == *text)
		*end = otherwise;
	*text = digit;
	return 0;
}

int number_range(const char *text, size_t all, size_t *from, size_t *to)
{
	if (range_end(&text, 0, from) || *text++ != ':' || range_end(&text, all, to))
		return -1;
	return *text == '\0' ? 0 : -1;
}
