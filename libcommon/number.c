/* SPDX-License-Identifier: ISC */
#include "number.h"

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
