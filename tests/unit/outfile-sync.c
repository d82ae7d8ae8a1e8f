/* SPDX-License-Identifier: ISC */
/*
 * What is on the disk when: the program's own fsync, syncfs, rename and renameat2 stand before
 * libc's, note who comes and when, and can fail.
 */
#define _GNU_SOURCE /* syncfs, syscall, renameat2 */
#include "outfile.h"

#include "err.h"
#include "image-files.h"
#include "temporary.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum call { FSYNC, SYNCFS, RENAME, SWAP };

static struct {
	enum call call;
	struct stat of; /* what was synchronised or renamed, as it was then */
} events[8];
static int n_events;
static int failing = -1,
	   failures = 1; /* the number of the first call that fails, how many do */
static int reason;	 /* and their errno */
static int killing = -1; /* the number of the call behind which a signal comes */
static atomic_int at_unlink, may_unlink, has_unlinked; /* see while_another_thread_ends */
static _Thread_local int is_ending_thread;

static int note(enum call call, int failed, const struct stat *of)
{
	assert_int_equal(failed, 0);
	assert_in_range(n_events, 0, sizeof events / sizeof events[0] - 1);
	events[n_events].call = call;
	events[n_events].of = *of;
	errno = reason;
	n_events++;
	return failing >= 0 && n_events > failing && n_events <= failing + failures ? -1 : 0;
}

int fsync(int fd)
{
	struct stat s = {0};
	int failed = fstat(fd, &s);

	return note(FSYNC, failed, &s) ? -1 : (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
	struct stat s = {0};
	int failed = fstat(fd, &s);

	return note(SYNCFS, failed, &s) ? -1 : (int)syscall(SYS_syncfs, fd);
}

static void wait_for(atomic_int *flag)
{
	while (!atomic_load(flag))
		continue;
}

static int give_name(enum call call, const char *from, const char *to, unsigned flags)
{
	struct stat s = {0};
	int failed = lstat(from, &s);

	if (note(call, failed, &s))
		return -1;
	failed = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
	if (n_events == killing + 1)
		raise(SIGTERM);
	if (atomic_load(&at_unlink)) {
		atomic_store(&may_unlink, 1);
		wait_for(&has_unlinked);
	}
	return failed;
}

int rename(const char *from, const char *to)
{
	return give_name(RENAME, from, to, 0);
}

int renameat2(int old, const char *from, int new, const char *to, unsigned flags)
{
	assert_int_equal(old, AT_FDCWD);
	assert_int_equal(new, AT_FDCWD);
	return give_name(SWAP, from, to, flags);
}

int unlink(const char *path)
{
	if (is_ending_thread) {
		atomic_store(&at_unlink, 1);
		wait_for(&may_unlink);
	}
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

static void listen(int call, int error)
{
	n_events = 0;
	failing = call;
	failures = 1;
	reason = error;
}

/* That call number i was about what the path names now. */
static void assert_call(int i, enum call call, const char *path)
{
	struct stat s;

	assert_int_equal(stat(path, &s), 0);
	check(i < n_events, "%d calls, \"%s\" is in none", n_events, path);
	check(events[i].call == call && events[i].of.st_ino == s.st_ino &&
			events[i].of.st_dev == s.st_dev,
		"call %d is not that for \"%s\"", i, path);
}

/* The file with all its bytes, its name, and the folder that the name is in. */
static void assert_durable(const char *path, const char *parent, off_t bytes)
{
	assert_int_equal(n_events, 3);
	assert_call(0, FSYNC, path);
	assert_int_equal(events[0].of.st_size, bytes);
	assert_call(1, RENAME, path);
	assert_call(2, FSYNC, parent);
}

static char folder[] = "/tmp/potstill-unit.XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) || mkdir("sub", 0777);
}

static int teardown(void **state)
{
	(void)state;
	return rmdir("sub") || chdir("/") || rmdir(folder);
}

static void start(struct outfile *o, const char *path, const char *text)
{
	struct err e;

	check(outfile_open(o, path, &e) == 0, "%s", e.text);
	check(outfile_write(o, text, strlen(text), &e) == 0, "%s", e.text);
}

static void put(const char *path, const char *text)
{
	struct outfile o;
	struct err e;

	start(&o, path, text);
	check(outfile_commit(&o, &e) == 0, "%s", e.text);
}

static void file_name_folder(void **state)
{
	(void)state;
	listen(-1, 0);
	put("a", "four");
	assert_durable("a", ".", 4);
	listen(-1, 0);
	put("a", "a new one");
	assert_durable("a", ".", 9);
	listen(-1, 0);
	put("sub/a", "below");
	assert_durable("sub/a", "sub", 5);
	unlink("sub/a");
	unlink("a");
}

/* The folder is that of the file, not that of the link. */
static void through_a_link(void **state)
{
	(void)state;
	assert_int_equal(symlink("sub/target", "link"), 0);
	for (int i = 0; i < 2; i++) {
		listen(-1, 0);
		put("link", "linked");
		assert_durable("sub/target", "sub", 6);
	}
	unlink("sub/target");
	unlink("link");
}

static void many_at_once(void **state)
{
	uint8_t pixel = 7;
	struct image i = {.height = 1, .width = 1, .channels = 1, .pixels = &pixel};
	struct image_files f;
	struct err e;

	(void)state;
	listen(-1, 0);
	check(image_files_start(&f, "sub", &e) == 0, "%s", e.text);
	check(image_files_write(&f, "", "1", &i, &e) == 0, "%s", e.text);
	check(image_files_write(&f, "", "2", &i, &e) == 0, "%s", e.text);
	assert_int_not_equal(access("sub/1.png", F_OK), 0);
	check(image_files_finish(&f, &e) == 0, "%s", e.text);
	assert_int_equal(n_events, 7);
	assert_call(0, RENAME, "sub/1.png");
	assert_call(1, RENAME, "sub/2.png");
	assert_call(2, SYNCFS, "sub"); /* whole before they are seen */
	assert_int_equal(events[3].call, RENAME);
	assert_int_equal(events[4].call, RENAME);
	assert_call(5, SYNCFS, "sub"); /* before the hidden folder goes */
	assert_call(6, SYNCFS, "sub");
	image_files_abort(&f); /* harmless */
	unlink("sub/1.png");
	unlink("sub/2.png");
}

/* Commits a file over an old one while a call fails; tells how many calls there were. */
static int calls_of_commit(int call, int error, int expected)
{
	struct outfile o;
	struct err e = {""};
	struct stat s;

	listen(-1, 0);
	put("sub/a", "old");
	start(&o, "sub/a", "newer");
	listen(call, error);
	assert_int_equal(outfile_commit(&o, &e), expected);
	if (expected != 0)
		check(strstr(e.text, "\"sub/a\": cannot finish writing") != NULL, "%s", e.text);
	assert_int_equal(stat("sub/a", &s), 0);
	/* What the disk may not hold does not get the name. */
	assert_int_equal(s.st_size, call == 2 || expected == 0 ? 5 : 3);
	assert_int_equal(unlink("sub/a"), 0);
	assert_int_equal(rmdir("sub"), 0); /* no temporary is left in it */
	assert_int_equal(mkdir("sub", 0777), 0);
	return n_events;
}

static void failures_are_told(void **state)
{
	(void)state;
	assert_int_equal(calls_of_commit(0, EIO, -1), 1);
	assert_int_equal(calls_of_commit(1, EACCES, -1), 2);
	assert_int_equal(calls_of_commit(2, EIO, -1), 3);
	/* What has nothing to be synchronised is no failure. */
	assert_int_equal(calls_of_commit(0, EINVAL, 0), 3);
	assert_int_equal(calls_of_commit(2, ENOTSUP, 0), 3);
}

static void assert_bytes(const char *path, off_t bytes)
{
	struct stat s;

	assert_int_equal(stat(path, &s), 0);
	check(s.st_size == bytes, "\"%s\" has %ld bytes", path, (long)s.st_size);
}

/* Two files, of 5 and 10 bytes, over old ones of 3 or none; `n` calls fail from `call` on. */
static int commit_both(int old, int call, int n, int error)
{
	struct outfile a, b;
	struct err e;
	int failed;

	listen(-1, 0);
	if (old) {
		put("sub/a", "old");
		put("sub/b", "old");
	}
	start(&a, "sub/a", "first");
	start(&b, "sub/b", "second one");
	listen(call, error);
	failures = n;
	failed = outfile_commit_both(&a, &b, &e);
	if (failed)
		check(strstr(e.text, "cannot finish writing") != NULL, "%s", e.text);
	return failed;
}

static void assert_nothing_else(void)
{
	unlink("sub/a");
	unlink("sub/b");
	assert_int_equal(rmdir("sub"), 0); /* no temporary is left in it */
	assert_int_equal(mkdir("sub", 0777), 0);
}

static void two_are_on_the_disk_before_either_has_its_name(void **state)
{
	static const enum call calls[] = {FSYNC, FSYNC, SWAP, SWAP, FSYNC, FSYNC};

	(void)state;
	assert_int_equal(commit_both(1, -1, 1, 0), 0);
	assert_bytes("sub/a", 5);
	assert_bytes("sub/b", 10);
	assert_int_equal(n_events, 6);
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		assert_int_equal(events[i].call, calls[i]);
	assert_call(0, FSYNC, "sub/a");
	assert_call(1, FSYNC, "sub/b");
	assert_nothing_else();
}

/* Of names the plain rename that is tried next fails, too. */
static void two_or_none(void **state)
{
	(void)state;
	for (int call = 0; call < 4; call++) {
		assert_int_equal(commit_both(1, call, call < 2 ? 1 : 2, EPERM), -1);
		assert_bytes("sub/a", 3);
		assert_bytes("sub/b", 3);
		assert_nothing_else();
	}
	/* Swap and rename of the first, swap and rename of the second. */
	for (int call = 2; call < 5; call += 2) {
		assert_int_equal(commit_both(0, call, 2, ENOENT), -1);
		assert_int_equal(access("sub/a", F_OK), -1);
		assert_int_equal(access("sub/b", F_OK), -1);
		assert_nothing_else();
	}
	assert_int_equal(commit_both(1, 4, 1, EIO), -1); /* the folder */
	assert_bytes("sub/a", 5);
	assert_bytes("sub/b", 10);
	assert_nothing_else();
}

static void without_swapping(void **state)
{
	(void)state;
	assert_int_equal(commit_both(1, 2, 1, EINVAL), 0);
	assert_bytes("sub/a", 5);
	assert_bytes("sub/b", 10);
	assert_nothing_else();
}

static void end(int number)
{
	(void)number;
	temporary_unlink_all();
	_exit(7);
}

/* As a tool ends by one: between the two names it waits. */
static void no_signal_comes_between_two(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		sigaction(SIGTERM, &(struct sigaction){.sa_handler = end}, NULL);
		killing = 2; /* after the first one's name */
		commit_both(1, -1, 1, 0);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %d", status);
	assert_bytes("sub/a", 5);
	assert_bytes("sub/b", 10);
	assert_nothing_else();
}

static void *end_in_thread(void *arg)
{
	is_ending_thread = 1;
	temporary_unlink_all();
	atomic_store(&has_unlinked, 1);
	return arg;
}

/* A handler in another thread waits no more, but has removed nothing yet: too late for names.
 */
static void while_another_thread_ends(void **state)
{
	pthread_t thread;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct outfile a, b;
		struct err e;

		listen(-1, 0);
		put("sub/a", "old");
		put("sub/b", "old");
		start(&a, "sub/a", "first");
		start(&b, "sub/b", "second one");
		listen(-1, 0);
		if (pthread_create(&thread, NULL, end_in_thread, NULL))
			_exit(2);
		wait_for(&at_unlink);
		outfile_commit_both(&a, &b, &e);
		atomic_store(&may_unlink, 1);
		pthread_join(thread, NULL);
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %d", status);
	assert_bytes("sub/a", 3);
	assert_bytes("sub/b", 3);
	assert_nothing_else();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_name_folder),
		cmocka_unit_test(through_a_link),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(two_are_on_the_disk_before_either_has_its_name),
		cmocka_unit_test(two_or_none),
		cmocka_unit_test(without_swapping),
		cmocka_unit_test(no_signal_comes_between_two),
		cmocka_unit_test(while_another_thread_ends),
	};

	return cmocka_run_group_tests_name("outfile-sync", tests, setup, teardown);
}
