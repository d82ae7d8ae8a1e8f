/* SPDX-License-Identifier: ISC */
#include "temporary.h"

#include "err.h"
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define TRIES 1000

/*
 * What temporary_unlink_all removes. A file and its slot appear with signals blocked in this
 * thread, and a handler in another one waits while they are `held`, so that none is missed.
 */
static struct {
	atomic_int used;
	char path[PATH_MAX];
} slots[TEMPORARY_MAX];
static atomic_int held, ending;

int temporary_hold(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
	atomic_fetch_add(&held, 1);
	if (!atomic_load(&ending))
		return 0;
	errno = EINTR;
	return -1;
}

void temporary_release(const sigset_t *before)
{
	atomic_fetch_sub(&held, 1);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static int take_slot(void)
{
	for (int i = 0; i < TEMPORARY_MAX; i++)
		if (!slots[i].used)
			return i;
	return -1;
}

/*
 * The temporary's name starts with a dot and part of the target's own, which may be as
 * long as the file system allows.
 */
static int create(const char *target, mode_t mode, char path[PATH_MAX])
{
	static unsigned count;
	int folder = path_folder(target), fd = -1;

	for (int i = 0; i < TRIES; i++) {
		int n = snprintf(path, PATH_MAX, "%.*s.%.200s.%ld-%u.tmp", folder, target,
			target + folder, (long)getpid(), count++);

		if (n < 0 || n >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd;
}

int temporary_open(const char *target, mode_t mode, int *slot, struct err *e)
{
	int fd = -1;
	sigset_t before;

	*slot = take_slot();
	if (*slot < 0)
		return err_set(e, "more than %d output files at once", TEMPORARY_MAX);
	if (temporary_hold(&before) == 0)
		fd = create(target, mode, slots[*slot].path);
	slots[*slot].used = fd >= 0;
	temporary_release(&before);
	if (fd < 0) {
		*slot = -1;
		return err_errno(e, "cannot create");
	}
	return fd;
}

const char *temporary_path(int slot)
{
	return slots[slot].path;
}

void temporary_forget(int slot)
{
	slots[slot].used = 0;
}

void temporary_unlink_all(void)
{
	atomic_store(&ending, 1);
	while (atomic_load(&held) > 0)
		continue;
	for (int i = 0; i < TEMPORARY_MAX; i++)
		if (slots[i].used)
			unlink(slots[i].path);
}
