/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* mkdtemp */
#include "temporary.h"

#include "err.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static int start(const char *target, mode_t mode)
{
	struct err e;
	int slot, fd = temporary_open(target, mode, &slot, &e);

	check(fd >= 0, "%s", e.text);
	close(fd);
	return slot;
}

static void hidden_beside_its_target(void **state)
{
	int slot = start("sub/name", 0600);
	const char *path = temporary_path(slot);
	struct stat st;

	(void)state;
	check(strncmp(path, "sub/.name.", 10) == 0, "%s", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_not_equal(access("sub/name", F_OK), 0);
	unlink(path);
	temporary_forget(slot);
}

static void faults_are_told(void **state)
{
	struct err e;
	int slot;

	(void)state;
	assert_int_equal(temporary_open("nowhere/name", 0666, &slot, &e), -1);
	assert_int_equal(slot, -1);
	assert_string_equal(e.text, "cannot create: No such file or directory");
}

static void as_many_as_it_says(void **state)
{
	int slots[TEMPORARY_MAX], slot;
	struct err e;

	(void)state;
	for (int i = 0; i < TEMPORARY_MAX; i++)
		slots[i] = start("sub/name", 0666);
	assert_int_equal(temporary_open("sub/name", 0666, &slot, &e), -1);
	assert_string_equal(e.text, "more than 32 output files at once");
	for (int i = 0; i < TEMPORARY_MAX; i++) {
		assert_int_equal(
			unlink(temporary_path(slots[i])), 0); /* each has its own name */
		temporary_forget(slots[i]);
	}
}

/* What is kept has been renamed or is nobody's business; nothing comes after the end. */
static int ends_well(void)
{
	int kept = start("kept", 0666), gone = start("sub/gone", 0666), slot, held;
	sigset_t before;
	struct err e;

	held = temporary_hold(&before);
	temporary_release(&before);
	if (held || rename(temporary_path(kept), "kept"))
		return 1;
	temporary_forget(kept);
	temporary_unlink_all();
	held = temporary_hold(&before);
	if (held != -1 || errno != EINTR)
		return 2;
	temporary_release(&before);
	if (access(temporary_path(gone), F_OK) == 0 || access("kept", F_OK) != 0)
		return 3;
	return temporary_open("later", 0666, &slot, &e) == -1 ? 0 : 4;
}

static void a_signal_ends_it(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		_exit(ends_well());
	assert_int_equal(waitpid(child, &status, 0), child);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	unlink("kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hidden_beside_its_target),
		cmocka_unit_test(faults_are_told),
		cmocka_unit_test(as_many_as_it_says),
		cmocka_unit_test(a_signal_ends_it),
	};

	return cmocka_run_group_tests_name("temporary", tests, setup, teardown);
}
