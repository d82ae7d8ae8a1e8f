/* SPDX-License-Identifier: ISC */
/*
 * How library code reports failure: it returns -1 (or NULL) and leaves a text in the
 * caller's struct err. Nothing here prints or exits. Names and values are in the text as they
 * came, line feeds and all; it is one line once say.c has shown them as ?. (Of a fault in a
 * net's text two more lines, which begin with four blanks, show the place and stay.)
 *
 * The text is lower case, has no full stop, and starts with the subject in
 * double quotes where there is one: "train.safetensors.zst": header is not JSON.
 */
#ifndef ERR_H
#define ERR_H

struct err {
	char text[1024];
};

/* Writes the text; returns -1, so that callers can `return err_set(e, ...)`. */
int err_set(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with ": " and strerror(errno) behind it. */
int err_errno(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts `"subject": ` before the text that is already there; returns -1. */
int err_in(struct err *e, const char *subject);

#ifdef __clang_analyzer__ /* it reads one file at a time and does not see the -1 */
#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_errno(...) (err_errno(__VA_ARGS__), -1)
#define err_in(...) (err_in(__VA_ARGS__), -1)
#endif

#endif
