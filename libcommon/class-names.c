/* SPDX-License-Identifier: ISC */
#include "class-names.h"

#include "bytes.h"
#include "err.h"
#include "infile.h"
#include "json.h"
#include "size.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)1 << 24) /* 65536 names of 256 bytes */

static int check_name(const char *name, struct err *e)
{
	const uint8_t *p = (const uint8_t *)name;

	if (*p == '\0')
		return err_set(e, "a class name is empty");
	while (*p != '\0') {
		size_t n = bytes_utf8(p);

		if (n == 0)
			return err_set(e, "a class name is not UTF-8");
		if (bytes_shown(p) == 0)
			return err_set(e, "a class name holds a control character");
		p += n;
	}
	return 0;
}

/* Adds a name as a JSON string; `json` has room for twice its length and four more. */
static char *put_string(char *json, const char *name)
{
	*json++ = '"';
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			*json++ = '\\';
		*json++ = *name;
	}
	*json++ = '"';
	return json;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names must differ: sorts them, so this comes last. */
static int check_distinct(char **name, size_t n, struct err *e)
{
	qsort(name, n, sizeof *name, compare_names);
	for (size_t i = 1; i < n; i++)
		if (strcmp(name[i - 1], name[i]) == 0)
			return err_set(e, "two classes have the name \"%.60s\"", name[i]);
	return 0;
}

/* A name without the blanks around it. */
static char *trim(char *name)
{
	size_t n;

	name += strspn(name, " \t\r");
	n = strlen(name);
	while (n > 0 && strchr(" \t\r", name[n - 1]) != NULL)
		n--;
	name[n] = '\0';
	return name;
}

/* Cuts the text into names in place: their number. */
static size_t split(char *text, char separator, char **name)
{
	size_t n = 0;

	for (char *next = text; next != NULL;) {
		char *end = strchr(next, separator);

		if (end != NULL)
			*end = '\0';
		name[n++] = trim(next);
		next = end == NULL ? NULL : end + 1;
	}
	return n;
}

char *class_names_json(const char *const *name, size_t n, struct err *e)
{
	size_t length = 0;
	char **sorted, *json, *to;
	int bad;

	for (size_t i = 0; i < n; i++)
		length += strlen(name[i]);
	sorted = size_alloc(n, sizeof *sorted, "class names", e);
	json = to = size_alloc(2 * length + 4 * n + 8, 1, "class names", e);
	bad = sorted == NULL || json == NULL;
	for (size_t i = 0; i < n && !bad; i++) {
		sorted[i] = (char *)name[i];
		bad = check_name(name[i], e);
		*to++ = i == 0 ? '[' : ',';
		to = put_string(to, name[i]);
	}
	bad = bad || check_distinct(sorted, n, e);
	free(sorted);
	if (bad) {
		free(json);
		return NULL;
	}
	memcpy(to, n == 0 ? "[]" : "]", n == 0 ? 3 : 2);
	return json;
}

/* Cuts the text at its separators. */
static char *names_to_json(char *text, char separator, struct err *e)
{
	char **name = size_alloc(strlen(text) + 1, sizeof *name, "class names", e), *json;

	if (name == NULL)
		return NULL;
	json = class_names_json((const char *const *)name, split(text, separator, name), e);
	free(name);
	return json;
}

static char *read_names(const char *path, struct err *e)
{
	char *text = infile_text(path, TEXT_MAX, e), *json;

	if (text == NULL)
		return NULL;
	json = names_to_json(text, '\n', e);
	free(text);
	if (json == NULL)
		err_in(e, path);
	return json;
}

char *class_names_read(const char *file_or_list, struct err *e)
{
	char *text, *json;

	if (access(file_or_list, F_OK) == 0)
		return read_names(file_or_list, e);
	if (strchr(file_or_list, ',') == NULL) {
		err_set(e, "is neither a file nor a list of class names with commas");
		err_in(e, file_or_list);
		return NULL;
	}
	text = size_alloc(strlen(file_or_list) + 1, 1, "class names", e);
	if (text == NULL)
		return NULL;
	memcpy(text, file_or_list, strlen(file_or_list));
	json = names_to_json(text, ',', e);
	free(text);
	return json;
}

int class_names_count(const char *json, size_t *n, struct err *e)
{
	char **list;
	int bad = 0;

	if (json_read_texts(json, "class names", &list, n, e))
		return -1;
	for (size_t i = 0; i < *n && !bad; i++)
		bad = check_name(list[i], e);
	bad = bad || check_distinct(list, *n, e);
	free(list);
	return bad ? -1 : 0;
}

static int match(
	char **name, size_t n, char **other, size_t others, const char *where, struct err *e)
{
	for (size_t i = 0; i < size_min(n, others); i++)
		if (strcmp(name[i], other[i]) != 0)
			return err_set(e, "class %zu is \"%.100s\", but \"%.100s\" in %s", i,
				name[i], other[i], where);
	return 0;
}

int class_names_match(const char *json, const char *others, const char *where, struct err *e)
{
	char **name, **other, theirs[200];
	size_t n, m;
	int differs;

	if (json == NULL || others == NULL)
		return 0;
	snprintf(theirs, sizeof theirs, "class names of %s", where);
	if (json_read_texts(json, "class names", &name, &n, e))
		return -1;
	if (json_read_texts(others, theirs, &other, &m, e)) {
		free(name);
		return -1;
	}
	differs = match(name, n, other, m, where, e);
	free(name);
	free(other);
	return differs;
}
