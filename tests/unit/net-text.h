/* SPDX-License-Identifier: ISC */
/* What becomes of a net's text: printed again, or refused at a place. */
#ifndef NET_TEXT_H
#define NET_TEXT_H

#include "err.h"
#include "net-spec.h"
#include "unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The text that a net prints as; NULL where it is refused (the reason is in *e). Freed by the
 * caller. */
static inline char *printed(const char *text, struct err *e)
{
	struct net_spec s;
	char *result;

	e->text[0] = '\0';
	if (net_spec_parse(&s, text, e))
		return NULL;
	result = net_spec_text(&s);
	assert_non_null(result);
	net_spec_release(&s);
	return result;
}

static inline void check_prints(const char *text, const char *expected)
{
	struct err e;
	char *once = printed(text, &e), *twice;

	check(once != NULL, "\"%s\" is refused: %s", text, e.text);
	assert_string_equal(once, expected);
	twice = printed(once, &e);
	check(twice != NULL, "\"%s\" prints what is refused: %s", text, e.text);
	assert_string_equal(twice, expected);
	free(once);
	free(twice);
}

/* The character that the text names, counted from 1. */
static inline long place_in(const struct err *e)
{
	const char *at = strstr(e->text, "character ");

	return at == NULL ? -1 : strtol(at + strlen("character "), NULL, 10);
}

/* Below the message, in a line of its own, what is at the place, and a caret below it. */
static inline void check_caret(const char *text, const struct err *e)
{
	const char *excerpt = strchr(e->text, '\n'), *caret;
	long place = place_in(e);
	size_t column;

	assert_non_null(excerpt);
	caret = strchr(++excerpt, '\n');
	assert_non_null(caret);
	assert_null(strchr(++caret, '\n'));
	column = strspn(caret, " ");
	check(strcmp(caret + column, "^") == 0, "no caret: %s", e->text);
	check(column < (size_t)(caret - excerpt), "caret behind the line: %s", e->text);
	check(place > 0, "no place: %s", e->text);
	if (place > 0 && strchr(text, '\n') == NULL && place <= (long)strlen(text))
		check(excerpt[column] == text[place - 1] ||
				!isprint((unsigned char)text[place - 1]),
			"the caret is elsewhere: %s", e->text);
}

/* Refused, and the place lies in [from, to]: at the fault's first character or just behind it.
 */
static inline void check_refuses(const char *text, long from, long to)
{
	struct err e;
	char *result = printed(text, &e);
	long place = place_in(&e);

	check(result == NULL, "\"%.60s\" is taken as %.60s", text, result);
	check(place >= from && place <= to, "\"%.60s\" is refused at %ld, not %ld-%ld: %s",
		text, place, from, to, e.text);
	check_caret(text, &e);
}

/* `n` times `text`; freed by the caller. */
static inline char *repeated(const char *text, size_t n)
{
	size_t length = strlen(text);
	char *all = malloc(n * length + 1);

	assert_non_null(all);
	for (size_t i = 0; i < n; i++)
		memcpy(all + i * length, text, length);
	all[n * length] = '\0';
	return all;
}

#endif
