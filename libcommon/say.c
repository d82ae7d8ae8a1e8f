/* SPDX-License-Identifier: ISC */
#include "say.h"

#include "bytes.h"

#include <stdio.h>
#include <string.h>

#define MAX_TEXT 8192
#define INDENT "\n    "

/* The caret's line, which is the last, where the text has one: from its line feed on. */
static char *caret_line(char *text)
{
	char *line = strrchr(text, '\n');

	if (line == NULL || strncmp(line, INDENT, strlen(INDENT)) != 0)
		return NULL;
	return strcmp(line + 1 + strspn(line + 1, " "), "^") == 0 ? line : NULL;
}

/* Masks all but the line feeds of a net's fault. */
static void mask(char *text)
{
	char *caret = caret_line(text), *excerpt;

	if (caret == NULL) {
		bytes_mask(text);
		return;
	}
	*caret = '\0';
	excerpt = strrchr(text, '\n');
	if (excerpt != NULL && strncmp(excerpt, INDENT, strlen(INDENT)) == 0) {
		*excerpt = '\0';
		bytes_mask(excerpt + 1);
	} else {
		excerpt = NULL;
	}
	bytes_mask(text);
	if (excerpt != NULL)
		*excerpt = '\n';
	*caret = excerpt != NULL ? '\n' : '?';
}

void say_text(const char *format, va_list ap)
{
	char text[MAX_TEXT];

	if (vsnprintf(text, sizeof text, format, ap) < 0)
		snprintf(text, sizeof text, "%s", format); /* better than what is left there */
	mask(text);
	fputs(text, stderr);
}
