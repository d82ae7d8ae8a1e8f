/* SPDX-License-Identifier: ISC */
/*
 * Files of a folder that appear together: the program's own mkdir, rename, rmdir and syncfs
 * stand before libc's, and fail or find that somebody else was there first.
 */
#define _GNU_SOURCE /* syncfs, syscall */
#include "image-files.h"

#include "err.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIDDEN "sub/.unfinished"

static int rival; /* another run makes each folder just before we do */

int mkdir(const char *path, mode_t mode)
{
	if (rival)
		syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

static int calls, failing = -1; /* the number of the call that fails */

static int fails(void)
{
	errno = EIO;
	return calls++ == failing;
}

int syncfs(int fd)
{
	return fails() ? -1 : (int)syscall(SYS_syncfs, fd);
}

int rename(const char *from, const char *to)
{
	return fails() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int rmdir(const char *path)
{
	return fails() ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

static char scratch[] = "/tmp/potstill-unit.XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(scratch) == NULL || chdir(scratch) || mkdir("sub", 0777);
}

static int teardown(void **state)
{
	(void)state;
	return rmdir("sub") || chdir("/") || rmdir(scratch);
}

static void what_is_in_the_way_is_named(void **state)
{
	struct image_files f;
	struct err e;

	(void)state;
	assert_int_equal(mkdir(HIDDEN, 0777), 0);
	assert_int_equal(image_files_start(&f, "sub", &e), -1);
	assert_string_equal(e.text, "\"sub\": is not empty: it holds \".unfinished\"");
	assert_int_equal(rmdir(HIDDEN), 0);
}

static void two_runs_share_nothing(void **state)
{
	struct image_files f;
	struct err e;

	(void)state;
	rival = 1;
	assert_int_equal(image_files_start(&f, "sub", &e), -1);
	rival = 0;
	assert_string_equal(e.text, "\"" HIDDEN "\": cannot create the folder: File exists");
	image_files_abort(&f);
	assert_int_equal(rmdir(HIDDEN), 0); /* the other one's is there */
}

/* Three things to be moved, of which two are folders; call number `call` from here on fails. */
static void write_three(struct image_files *f, const char *folder, int call)
{
	uint8_t pixel = 7;
	const struct image i = {.height = 1, .width = 1, .channels = 1, .pixels = &pixel};
	struct err e;

	failing = -1;
	check(image_files_start(f, folder, &e) == 0, "%s", e.text);
	check(image_files_write(f, "a/b", "1", &i, &e) == 0, "%s", e.text);
	check(image_files_write(f, "", "2", &i, &e) == 0, "%s", e.text);
	check(image_files_write(f, "c", "3", &i, &e) == 0, "%s", e.text);
	calls = 0;
	failing = call;
}

/* Whatever fails, the folder is as it was: there and empty, or not there. */
static void all_or_none(void **state)
{
	static const char *const folders[] = {"sub", "sub/new"};
	struct image_files f;
	struct err e;

	(void)state;
	for (int k = 0; k < 2; k++)
		for (int call = 0; call < 7; call++) { /* 3 syncfs, 3 rename, 1 rmdir */
			write_three(&f, folders[k], call);
			assert_int_equal(image_files_finish(&f, &e), -1);
			check(strstr(e.text, "\": cannot finish writing: Input/output error") !=
					NULL,
				"%s", e.text);
			image_files_abort(&f);
			check(rmdir("sub") == 0, "call %d: something is left", call);
			assert_int_equal(mkdir("sub", 0777), 0);
		}
	write_three(&f, "sub", 7);
	check(image_files_finish(&f, &e) == 0, "%s", e.text);
	assert_int_equal(calls, 7);
	failing = -1;
	image_files_abort(&f); /* harmless */
	assert_int_equal(unlink("sub/a/b/1.png") | rmdir("sub/a/b") | rmdir("sub/a"), 0);
	assert_int_equal(unlink("sub/2.png") | unlink("sub/c/3.png") | rmdir("sub/c"), 0);
}

/* What comes while the pictures are written is neither replaced nor removed. */
static void others_stay(void **state)
{
	static const char *const names[] = {"sub/2.png", "sub/a", "sub/c"};
	struct image_files f;
	struct err e;

	(void)state;
	for (int k = 0; k < 3; k++) {
		write_three(&f, "sub", -1);
		assert_int_equal(mknod(names[k], S_IFREG | 0666, 0), 0);
		assert_int_equal(image_files_finish(&f, &e), -1);
		check(strstr(e.text, names[k]) != NULL &&
				strstr(e.text, "\": cannot finish writing: File exists") !=
					NULL,
			"%s", e.text);
		image_files_abort(&f);
		check(unlink(names[k]) == 0, "\"%s\" is gone", names[k]);
		check(rmdir("sub") == 0, "something else is left");
		assert_int_equal(mkdir("sub", 0777), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_the_way_is_named),
		cmocka_unit_test(two_runs_share_nothing),
		cmocka_unit_test(all_or_none),
		cmocka_unit_test(others_stay),
	};

	return cmocka_run_group_tests_name("image-files", tests, setup, teardown);
}
