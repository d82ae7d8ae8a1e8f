/* SPDX-License-Identifier: ISC */
/*
 * Files of a folder that appear together: the program's own mkdir stands before libc's, and
 * finds that somebody else was there first.
 */
#define _GNU_SOURCE /* syscall */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_the_way_is_named),
		cmocka_unit_test(two_runs_share_nothing),
	};

	return cmocka_run_group_tests_name("image-files", tests, setup, teardown);
}
