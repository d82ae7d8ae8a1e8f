/* SPDX-License-Identifier: ISC */
#include "json.h"

#include "bytes.h"
#include "err.h"
#include "json-memory.h"
#include "number.h"
#include "size.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void new_line(struct json *j)
{
	if (j->style == JSON_LINE)
		return;
	putc('\n', j->out);
	for (int i = 0; i < j->depth; i++)
		putc('\t', j->out);
}

static void put_character(FILE *out, const unsigned char *s, size_t n)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *p = named; *p != '\0'; p += 2)
		if (*s == (unsigned char)*p) {
			fprintf(out, "\\%c", p[1]);
			return;
		}
	if (n == 0)
		fputs("\xef\xbf\xbd", out);
	else if (bytes_shown(s) == 0) /* U+0080 to U+009F have their code in the second byte */
		fprintf(out, "\\u%04x", s[n - 1]);
	else
		fwrite(s, 1, n, out);
}

static void put_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	while (*s != '\0') {
		size_t n = bytes_utf8(s);

		put_character(out, s, n);
		s += n == 0 ? 1 : n;
	}
	putc('"', out);
}

/* What comes before each value: comma, line and key. */
static void put_key(struct json *j, const char *key)
{
	bool *filled = &j->level[j->depth - 1].filled;

	if (*filled)
		fputs(j->style == JSON_LINE ? ", " : ",", j->out);
	*filled = true;
	new_line(j);
	if (key != NULL) {
		put_string(j->out, key);
		fputs(": ", j->out);
	}
}

/* Deeper than the list of levels would be a mistake in the program: it shows as a broken
 * report. */
static void open_level(struct json *j, bool array)
{
	if (j->depth < JSON_MAX_DEPTH) {
		j->level[j->depth].array = array;
		j->level[j->depth++].filled = false;
		putc(array ? '[' : '{', j->out);
	}
}

void json_begin(struct json *j, FILE *out, enum json_style style)
{
	*j = (struct json){.out = out, .style = style};
	open_level(j, false);
}

void json_put_text(struct json *j, const char *key, const char *value)
{
	put_key(j, key);
	put_string(j->out, value);
}

void json_put_int(struct json *j, const char *key, int64_t value)
{
	put_key(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void json_put_size(struct json *j, const char *key, uint64_t value)
{
	put_key(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_put_real(struct json *j, const char *key, double value)
{
	char text[NUMBER_TEXT];

	put_key(j, key);
	fputs(isfinite(value) ? number_text(value, text) : "null", j->out);
}

void json_put_bool(struct json *j, const char *key, bool value)
{
	put_key(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_put_null(struct json *j, const char *key)
{
	put_key(j, key);
	fputs("null", j->out);
}

void json_open_object(struct json *j, const char *key)
{
	put_key(j, key);
	open_level(j, false);
}

void json_open_array(struct json *j, const char *key)
{
	put_key(j, key);
	open_level(j, true);
}

void json_close(struct json *j)
{
	j->depth--;
	if (j->level[j->depth].filled)
		new_line(j);
	putc(j->level[j->depth].array ? ']' : '}', j->out);
}

int json_end(struct json *j, struct err *e)
{
	while (j->depth > 0)
		json_close(j);
	putc('\n', j->out);
	if (fflush(j->out) || ferror(j->out))
		return err_errno(e, "cannot write");
	return 0;
}

static char **copy_texts(const json_t *array, const char *what, struct err *e)
{
	size_t n = json_array_size(array), bytes = n * sizeof(char *);
	char **list, *at;

	for (size_t i = 0; i < n; i++)
		bytes += json_string_length(json_array_get(array, i)) + 1;
	list = size_alloc(bytes, 1, what, e);
	if (list == NULL)
		return NULL;
	at = (char *)(list + n);
	for (size_t i = 0; i < n; i++) {
		size_t length = json_string_length(json_array_get(array, i)) + 1;

		list[i] = memcpy(at, json_string_value(json_array_get(array, i)), length);
		at += length;
	}
	return list;
}

int json_read_texts(const char *text, const char *what, char ***list, size_t *n, struct err *e)
{
	json_t *array;
	int failed;

	json_memory_watch();
	array = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	failed = json_memory_ran_out() || !json_is_array(array);
	for (size_t i = 0; !failed && i < json_array_size(array); i++)
		failed = !json_is_string(json_array_get(array, i));
	if (failed) {
		err_set(e,
			json_memory_ran_out() ? "%s: out of memory"
					      : "%s are no JSON array of strings",
			what);
	} else {
		*n = json_array_size(array);
		*list = copy_texts(array, what, e);
		failed = *list == NULL;
	}
	json_decref(array);
	return failed ? -1 : 0;
}
