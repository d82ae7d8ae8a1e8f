/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* syncfs */
#include "outfile.h"

#include "err.h"
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS 32
#define TRIES 1000

/*
 * What outfile_unlink_all removes. A file and its slot appear with signals blocked in this
 * thread, and a handler in another one waits for `critical`, so that none is missed.
 */
static struct {
	atomic_int used;
	char path[PATH_MAX];
} slots[SLOTS];
static atomic_int critical, ending;

static int is_stdout(const struct outfile *o)
{
	return strcmp(o->path, "-") == 0;
}

/* What messages call it. */
static const char *name_of(const struct outfile *o)
{
	return is_stdout(o) ? "standard output" : o->path;
}

static void begin_critical(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
	atomic_fetch_add(&critical, 1);
}

static void end_critical(const sigset_t *before)
{
	atomic_fetch_sub(&critical, 1);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static int take_slot(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (!slots[i].used)
			return i;
	return -1;
}

static void forget_temporary(struct outfile *o)
{
	if (o->slot >= 0)
		slots[o->slot].used = 0;
	o->slot = -1;
	free(o->temporary);
	o->temporary = NULL;
}

/*
 * The temporary's name starts with a dot and part of the target's own, which may be as
 * long as the file system allows. O_EXCL with mode 0666 lets the umask decide.
 */
static int create_temporary(struct outfile *o, const char *target, char path[PATH_MAX])
{
	static unsigned count;
	int folder = path_folder(target);

	for (int i = 0; i < TRIES; i++) {
		int n = snprintf(path, PATH_MAX, "%.*s.%.200s.%ld-%u.tmp", folder, target,
			target + folder, (long)getpid(), count++);

		if (n < 0 || n >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		o->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (o->fd >= 0 || errno != EEXIST)
			break;
	}
	return o->fd >= 0 ? 0 : -1;
}

static int open_temporary(struct outfile *o, const char *target, struct err *e)
{
	int slot = take_slot(), failed;
	sigset_t before;

	if (slot < 0)
		return err_set(e, "\"%s\": more than %d output files at once", o->path, SLOTS);
	begin_critical(&before);
	failed = atomic_load(&ending) || create_temporary(o, target, slots[slot].path);
	slots[slot].used = !failed;
	end_critical(&before);
	if (failed)
		return err_errno(e, "\"%s\": cannot create", o->path);
	o->slot = slot;
	o->temporary = strdup(target);
	if (o->temporary == NULL) {
		outfile_abort(o);
		return err_set(e, "\"%s\": out of memory", o->path);
	}
	return 0;
}

/* A symbolic link stays a link: the file that it names is made or replaced. */
static int open_target(struct outfile *o, const struct stat *old, struct err *e)
{
	char target[PATH_MAX];

	if (path_target(o->path, target))
		return err_errno(e, "\"%s\": cannot create", o->path);
	if (open_temporary(o, target, e))
		return -1;
	if (old != NULL) /* what was private stays so */
		fchmod(o->fd, old->st_mode & 0777);
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

static int settle(const struct outfile *o, struct err *e)
{
	return o->fd >= 0 && sync_fd(o->fd) ? err_errno(e, "\"%s\": cannot write", name_of(o))
					    : 0;
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

static int commit(struct outfile *o, int durable, struct err *e)
{
	int fd = o->fd, failed = durable ? sync_fd(fd) : 0;

	o->fd = -1;
	if (fd != STDOUT_FILENO && close(fd))
		failed = -1;
	if (!failed && o->temporary != NULL)
		failed = rename(slots[o->slot].path, o->temporary);
	if (!failed && o->temporary != NULL && durable)
		failed = sync_folder(o->temporary);
	if (failed) {
		err_errno(e, "\"%s\": cannot finish writing", name_of(o));
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

int outfile_commit_both(struct outfile *first, struct outfile *second, struct err *e)
{
	int failed = settle(first, e) || settle(second, e);
	sigset_t before;

	if (!failed) {
		begin_critical(&before);
		failed = (first->fd >= 0 && outfile_commit(first, e)) ||
			 (second->fd >= 0 && outfile_commit(second, e));
		end_critical(&before);
	}
	if (!failed)
		return 0;
	outfile_abort(first);
	outfile_abort(second);
	return -1;
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
		unlink(slots[o->slot].path);
	forget_temporary(o);
}

void outfile_unlink_all(void)
{
	atomic_store(&ending, 1);
	while (atomic_load(&critical) > 0)
		continue;
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].used)
			unlink(slots[i].path);
}
