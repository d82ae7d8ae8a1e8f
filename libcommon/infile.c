/* SPDX-License-Identifier: ISC */
#include "infile.h"

#include "err.h"
#include "size.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int infile_open(struct infile *f, const char *path, struct err *e)
{
	struct stat st;

	f->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return err_errno(e, "cannot be opened");
	f->bytes = UINT64_MAX;
	if (fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode))
		f->bytes = (uint64_t)st.st_size;
	return 0;
}

/* Nothing is waited for: a named pipe opens at once. */
int infile_open_regular(struct infile *f, const char *path, struct err *e)
{
	struct stat st;

	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0 || fstat(f->fd, &st))
		return err_errno(e, "cannot be opened");
	if (!S_ISREG(st.st_mode))
		return err_set(e, "is no regular file");
	f->bytes = (uint64_t)st.st_size;
	return 0;
}

int infile_read(struct infile *f, void *to, size_t n, size_t *got, struct err *e)
{
	*got = 0;
	while (*got < n) {
		ssize_t more = read(f->fd, (char *)to + *got, n - *got);

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return err_errno(e, "cannot be read");
		if (more == 0)
			break;
		*got += (size_t)more;
	}
	return 0;
}

void infile_close(struct infile *f)
{
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	f->fd = -1;
}

#define FIRST_ROOM 65536 /* where a pipe does not say how much is to come */

/* A larger block with the same n bytes; NULL, and the old one freed, where there is none. */
static uint8_t *enlarge(uint8_t *bytes, size_t n, size_t room, struct err *e)
{
	uint8_t *larger = size_alloc(room, 1, "a file", e);

	if (larger != NULL)
		memcpy(larger, bytes, n);
	free(bytes);
	return larger;
}

/* Reads until the file ends, or one byte more than it may hold is there. */
static uint8_t *read_all(struct infile *f, size_t most, size_t *n, struct err *e)
{
	size_t room = f->bytes < most ? (size_t)f->bytes + 1 : FIRST_ROOM, got;
	uint8_t *bytes = size_alloc(room + 1, 1, "a file", e);

	for (*n = 0; bytes != NULL;) {
		if (infile_read(f, bytes + *n, room - *n, &got, e)) {
			free(bytes);
			return NULL;
		}
		*n += got;
		if (*n < room || *n > most)
			break;
		room = room < most / 2 ? 2 * room : most + 1;
		bytes = enlarge(bytes, *n, room + 1, e);
	}
	return bytes;
}

uint8_t *infile_all(const char *path, size_t most, size_t *n, struct err *e)
{
	struct infile f;
	uint8_t *bytes = NULL;

	if (infile_open(&f, path, e) == 0)
		bytes = read_all(&f, most, n, e);
	infile_close(&f);
	if (bytes != NULL && *n > most) {
		err_set(e, "is longer than %zu bytes", most);
		free(bytes);
		bytes = NULL;
	}
	if (bytes == NULL)
		err_in(e, path);
	return bytes;
}

char *infile_text(const char *path, size_t most, struct err *e)
{
	size_t n;
	char *text = (char *)infile_all(path, most, &n, e);

	if (text == NULL)
		return NULL;
	if (memchr(text, '\0', n) != NULL) {
		err_set(e, "is no text");
		err_in(e, path);
		free(text);
		return NULL;
	}
	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
		n--;
	text[n] = '\0';
	return text;
}
