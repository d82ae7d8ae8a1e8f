/* SPDX-License-Identifier: ISC */
/* Plain reading of a file or of standard input ("-"), for formats that are read front to back.
 */
#ifndef INFILE_H
#define INFILE_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct infile {
	int fd;		/* -1 when closed */
	uint64_t bytes; /* the length of a regular file, else UINT64_MAX: what it can hold at
			   most */
};

/* 0 or -1; the texts do not name the path, callers finish with err_in. */
int infile_open(struct infile *f, const char *path, struct err *e);
/* The same for what must be a file of known length, which a pipe is not; "-" is a name like any
 * other. Of a failure, too, infile_close is the end. */
int infile_open_regular(struct infile *f, const char *path, struct err *e);
/* Reads n bytes, fewer only at the end of the file: 0 and their number in *got, or -1. */
int infile_read(struct infile *f, void *to, size_t n, size_t *got, struct err *e);
void infile_close(struct infile *f);

/* A whole file of at most `most` bytes, *n of them, for free(); NULL, with the path in the
 * text, where it is longer. */
uint8_t *infile_all(const char *path, size_t most, size_t *n, struct err *e);

/*
 * A whole text file of at most `most` bytes, without the white space at its end and ended by
 * NUL; for free(). NULL, with the path in the text, where it is longer or holds a NUL.
 */
char *infile_text(const char *path, size_t most, struct err *e);

#endif
