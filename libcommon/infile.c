/* SPDX-License-Identifier: ISC */
#include "infile.h"

#include "err.h"

#include <errno.h>
#include <fcntl.h>
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
