/* SPDX-License-Identifier: ISC */
/*
 * JSON for reports and logs: written as it comes, in the order of the calls.
 *
 *	struct json j;
 *
 *	json_begin(&j, stdout, JSON_PRETTY);
 *	json_put_text(&j, "model", path);
 *	json_open_array(&j, "errors");
 *	json_put_int(&j, NULL, 148);
 *	json_close(&j);
 *	if (json_end(&j, &e)) ...
 *
 * gives {"model": "...", "errors": [148]} and a newline. Members of an object have a key,
 * those of an array have NULL. Reals are as short as reads back exactly the same
 * double; NaN and infinities, which JSON lacks, become null. Bytes that are not UTF-8
 * become U+FFFD, and control characters, DEL and U+0080 to U+009F with them, are escaped, so
 * that no terminal obeys them. For a string instead of a stream, open_memstream() it.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;

#define JSON_MAX_DEPTH 16

enum json_style {
	JSON_LINE,  /* all on one line: logs */
	JSON_PRETTY /* a member on a line, tabs: reports */
};

struct json {
	FILE *out;
	enum json_style style;
	int depth;
	struct {
		bool array, filled;
	} level[JSON_MAX_DEPTH];
};

/* Opens the outermost object on `out`, which stays the caller's. */
void json_begin(struct json *j, FILE *out, enum json_style style);

void json_put_text(struct json *j, const char *key, const char *value);
void json_put_int(struct json *j, const char *key, int64_t value);
void json_put_size(struct json *j, const char *key, uint64_t value);
void json_put_real(struct json *j, const char *key, double value);
void json_put_bool(struct json *j, const char *key, bool value);
void json_put_null(struct json *j, const char *key);

void json_open_object(struct json *j, const char *key);
void json_open_array(struct json *j, const char *key);
/* Closes the innermost object or array. */
void json_close(struct json *j);

/* Closes all that is open, ends the line and flushes. 0, or -1 if anything could not be
 * written. */
int json_end(struct json *j, struct err *e);

/*
 * Reads an array of strings, as potstill.class-names is: *list gets *n pointers and the
 * strings in one block for free(). 0, or -1 where `text` is anything else: `what` are no array
 * of strings.
 */
int json_read_texts(const char *text, const char *what, char ***list, size_t *n, struct err *e);

#endif
