/* SPDX-License-Identifier: ISC */
#include "err.h"
#include "net-spec.h"

#include <stdio.h>
#include <string.h>

#define INDENT 4
#define BEFORE 40 /* characters of the line that are shown before the place, and from it on */
#define FROM 30

/* What can be shown of the character in one column. */
static char shown(char c)
{
	return c >= ' ' && c <= '~' ? c : c == '\t' ? ' ' : '?';
}

int net_spec_blame(struct err *e, const char *text, size_t at)
{
	char excerpt[BEFORE + FROM + 1], place[64], message[sizeof e->text];
	size_t line = 1, start = 0, first, n = 0;

	for (size_t i = 0; i < at; i++)
		if (text[i] == '\n') {
			line++;
			start = i + 1;
		}
	first = at - start > BEFORE ? at - BEFORE : start;
	for (size_t i = first; i < at + FROM && text[i] != '\0' && text[i] != '\n'; i++)
		excerpt[n++] = shown(text[i]);
	excerpt[n] = '\0';
	if (strchr(text, '\n') == NULL)
		snprintf(place, sizeof place, "character %zu", at + 1);
	else
		snprintf(place, sizeof place, "line %zu, character %zu", line, at - start + 1);
	memcpy(message, e->text, sizeof message);
	return err_set(e, "net, %s: %.600s\n%*s%s\n%*s^", place, message, INDENT, "", excerpt,
		INDENT + (int)(at - first), "");
}
