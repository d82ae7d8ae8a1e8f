/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* syncfs, renameat2 */
#include "outfile.h"

#include "err.h"
#include "path.h"
#include "temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_stdout(const struct outfile *o)
{
	return strcmp(o->path, "-") == 0;
}

/* What messages call it. */
static const char *name_of(const struct outfile *o)
{
	return is_stdout(o) ? "standard output" : o->path;
}

static void forget_temporary(struct outfile *o)
{
	if (o->slot >= 0)
		temporary_forget(o->slot);
	o->slot = -1;
	free(o->target);
	o->target = NULL;
}

/*
 * Owner, group and mode of the old file, as far as we may: what was private stays so. A group
 * that we cannot give gets nothing in another's place. On file systems without modes nothing
 * changes.
 */
static void keep_rights(int fd, const struct stat *old)
{
	mode_t mode = old->st_mode & 0777;
	struct stat now;

	if (fchown(fd, old->st_uid, old->st_gid) != 0 &&
		fchown(fd, (uid_t)-1, old->st_gid) != 0 &&
		(fstat(fd, &now) != 0 || now.st_gid != old->st_gid))
		mode &= ~(mode_t)070;
	fchmod(fd, mode);
}

/* A symbolic link stays a link: the file that it names is made or replaced. Without an old one
 * the umask decides on the mode; with one nobody else may open the new one before it is known.
 */
static int open_target(struct outfile *o, const struct stat *old, struct err *e)
{
	char target[PATH_MAX];

	if (path_target(o->path, target))
		return err_errno(e, "\"%s\": cannot create", o->path);
	o->fd = temporary_open(target, old != NULL ? 0600 : 0666, &o->slot, e);
	if (o->fd < 0)
		return err_in(e, o->path);
	o->target = strdup(target);
	if (o->target == NULL) {
		outfile_abort(o);
		return err_set(e, "\"%s\": out of memory", o->path);
	}
	if (old != NULL)
		keep_rights(o->fd, old);
	return 0;
}

int outfile_open(struct outfile *o, const char *path, struct err *e)
{
	struct stat st;

	*o = (struct outfile){.fd = -1, .path = path, .slot = -1};
	if (is_stdout(o)) {
		if (isatty(STDOUT_FILENO))
			return err_set(e, "standard output is a terminal: name a file with -o, "
					  "or use a pipe");
		o->fd = STDOUT_FILENO;
		return 0;
	}
	if (path[0] == '\0') {
		errno = ENOENT;
		return err_errno(e, "\"%s\": cannot create", path);
	}
	if (stat(path, &st))
		return open_target(o, NULL, e);
	if (S_ISREG(st.st_mode))
		return open_target(o, &st, e);
	o->fd = open(path, O_WRONLY | O_CLOEXEC);
	return o->fd >= 0 ? 0 : err_errno(e, "\"%s\": cannot open for writing", path);
}

int outfile_write(struct outfile *o, const void *bytes, size_t n, struct err *e)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t wrote = write(o->fd, p, n > SSIZE_MAX ? SSIZE_MAX : n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return err_errno(e, "\"%s\": cannot write", name_of(o));
		p += wrote;
		o->bytes += (uint64_t)wrote;
		n -= (size_t)wrote;
	}
	return 0;
}

/* Pipes and devices have nothing to be synchronised and say EINVAL or ENOTSUP. */
static int sync_fd(int fd)
{
	if (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS)
		return 0;
	return -1;
}

static int sync_folder(const char *path)
{
	int folder = path_folder(path), fd, failed;
	char name[PATH_MAX];

	snprintf(name, sizeof name, "%.*s", folder, path);
	fd = open(folder == 0 ? "." : name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : -1; /* a folder that may be written but not read */
	failed = sync_fd(fd);
	if (close(fd))
		failed = -1;
	return failed;
}

/* Closes it, with all its bytes on the disk if it is to be `durable`. */
static int finish_bytes(struct outfile *o, int durable)
{
	int fd = o->fd, failed = durable && fd >= 0 ? sync_fd(fd) : 0;

	o->fd = -1;
	if (fd >= 0 && fd != STDOUT_FILENO && close(fd))
		failed = -1;
	return failed;
}

static int fail_to_finish(const struct outfile *o, struct err *e)
{
	return err_errno(e, "\"%s\": cannot finish writing", name_of(o));
}

static int commit(struct outfile *o, int durable, struct err *e)
{
	int failed = finish_bytes(o, durable);

	if (!failed && o->target != NULL)
		failed = rename(temporary_path(o->slot), o->target);
	if (!failed && o->target != NULL && durable)
		failed = sync_folder(o->target);
	if (failed) {
		fail_to_finish(o, e);
		outfile_abort(o);
		return -1;
	}
	forget_temporary(o);
	return 0;
}

int outfile_commit(struct outfile *o, struct err *e)
{
	return commit(o, 1, e);
}

/* How a file got its name. */
enum naming { HAS_NONE, NEW, SWAPPED, REPLACED };

static int swap(const struct outfile *o)
{
	return renameat2(
		AT_FDCWD, temporary_path(o->slot), AT_FDCWD, o->target, RENAME_EXCHANGE);
}

/* So that it can be taken back, if the file system can swap names: the temporary is the old
 * file then. */
static int take_name(const struct outfile *o, enum naming *how)
{
	*how = HAS_NONE;
	if (o->target == NULL)
		return 0;
	*how = SWAPPED;
	if (swap(o) == 0)
		return 0;
	*how = errno == ENOENT ? NEW : REPLACED;
	return rename(temporary_path(o->slot), o->target);
}

static void give_back(const struct outfile *o, enum naming how)
{
	if (how == SWAPPED)
		swap(o);
	else if (how == NEW)
		rename(o->target, temporary_path(o->slot));
}

/* Both or none; what they replace, and what a signal would find, is gone then. */
static int name_both(struct outfile *both[2], struct err *e)
{
	enum naming how[2];

	if (take_name(both[0], &how[0]))
		return fail_to_finish(both[0], e);
	if (take_name(both[1], &how[1])) {
		fail_to_finish(both[1], e);
		give_back(both[0], how[0]);
		return -1;
	}
	for (int i = 0; i < 2; i++) {
		if (how[i] == SWAPPED)
			unlink(temporary_path(both[i]->slot));
		if (how[i] != HAS_NONE)
			temporary_forget(both[i]->slot);
		both[i]->slot = -1;
	}
	return 0;
}

int outfile_commit_both(struct outfile *first, struct outfile *second, struct err *e)
{
	struct outfile *both[] = {first, second};
	int failed = 0;
	sigset_t before;

	for (int i = 0; i < 2 && !failed; i++)
		if (finish_bytes(both[i], 1))
			failed = fail_to_finish(both[i], e);
	if (!failed) {
		failed =
			temporary_hold(&before) ? fail_to_finish(first, e) : name_both(both, e);
		temporary_release(&before);
	}
	for (int i = 0; i < 2 && !failed; i++)
		if (both[i]->target != NULL && sync_folder(both[i]->target))
			failed = fail_to_finish(both[i], e);
	outfile_abort(first);
	outfile_abort(second);
	return failed;
}

int outfile_commit_later(struct outfile *o, struct err *e)
{
	return commit(o, 0, e);
}

int outfile_sync(const char *folder, struct err *e)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;

	failed = fd < 0 || syncfs(fd);
	if (failed)
		err_errno(e, "\"%s\": cannot finish writing", folder);
	if (fd >= 0)
		close(fd);
	return failed ? -1 : 0;
}

void outfile_abort(struct outfile *o)
{
	if (o->fd >= 0 && o->fd != STDOUT_FILENO)
		close(o->fd);
	o->fd = -1;
	if (o->slot >= 0)
		unlink(temporary_path(o->slot));
	forget_temporary(o);
}
