/* SPDX-License-Identifier: ISC */
#include "number.h"

#include "size.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
