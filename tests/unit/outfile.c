/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* setgroups */
#include "outfile.h"

#include "err.h"
#include "temporary.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
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
	return mkdtemp(folder) == NULL || chdir(folder);
}

static int teardown(void **state)
{
	(void)state;
	return chdir("/") || rmdir(folder);
}

static int files_here(void)
{
	DIR *d = opendir(".");
	int n = 0;

	assert_non_null(d);
	for (struct dirent *entry = readdir(d); entry != NULL; entry = readdir(d))
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void assert_holds(const char *path, const char *text)
{
	char bytes[64] = "";
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	assert_int_equal(fread(bytes, 1, sizeof bytes - 1, f), strlen(text));
	assert_string_equal(bytes, text);
	fclose(f);
}

static void start(struct outfile *o, const char *path, const char *text)
{
	struct err e;

	check(outfile_open(o, path, &e) == 0, "%s", e.text);
	check(outfile_write(o, text, strlen(text), &e) == 0, "%s", e.text);
}

static void finish(struct outfile *o)
{
	struct err e;

	check(outfile_commit(o, &e) == 0, "%s", e.text);
}

static void whole_or_not(void **state)
{
	struct outfile o;

	(void)state;
	start(&o, "a", "old");
	assert_int_equal(access("a", F_OK), -1);
	finish(&o);
	assert_holds("a", "old");
	start(&o, "a", "new one");
	assert_holds("a", "old");
	outfile_abort(&o);
	assert_holds("a", "old");
	assert_int_equal(files_here(), 1);
	start(&o, "a", "new one");
	assert_int_equal(o.bytes, 7);
	finish(&o);
	outfile_abort(&o);
	assert_holds("a", "new one");
	assert_int_equal(files_here(), 1);
	unlink("a");
}

static void open_two_and_end(void)
{
	struct outfile a, b, c;
	struct err e;

	start(&a, "a", "x");
	start(&b, "b", "y");
	if (files_here() != 3)
		_exit(1);
	temporary_unlink_all();
	_exit(files_here() == 1 && outfile_open(&c, "later", &e) != 0 ? 0 : 2);
}

static void unlink_all(void **state)
{
	struct outfile c;
	int status;
	pid_t child;

	(void)state;
	start(&c, "c", "stays");
	finish(&c);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		open_two_and_end();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_holds("c", "stays");
	assert_int_equal(files_here(), 1);
	unlink("c");
}

static void many(void **state)
{
	static struct outfile o[40];
	char names[40][16];
	struct err e;
	int n = 0;

	(void)state;
	while (n < 40) {
		snprintf(names[n], sizeof names[n], "f%d", n);
		if (outfile_open(&o[n], names[n], &e))
			break;
		n++;
	}
	assert_int_equal(n, 32);
	assert_non_null(strstr(e.text, "more than 32"));
	while (n > 0)
		outfile_abort(&o[--n]);
	assert_int_equal(files_here(), 0);
	start(&o[0], "a", "x"); /* the slots are free again */
	finish(&o[0]);
	unlink("a");
}

static void durable_together(void **state)
{
	struct outfile o;
	struct err e;

	(void)state;
	start(&o, "a", "now");
	assert_int_equal(files_here(), 1);
	check(outfile_commit_later(&o, &e) == 0, "%s", e.text);
	assert_holds("a", "now");
	assert_int_equal(files_here(), 1);
	check(outfile_sync(".", &e) == 0, "%s", e.text);
	assert_int_equal(outfile_sync("nowhere", &e), -1);
	assert_string_equal(
		e.text, "\"nowhere\": cannot finish writing: No such file or directory");
	unlink("a");
}

static void mode_by_umask_or_as_it_was(void **state)
{
	mode_t before = umask(027);
	struct outfile o;
	struct stat st;

	(void)state;
	start(&o, "a", "x");
	finish(&o);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	umask(before);
	assert_int_equal(chmod("a", 0602), 0);
	start(&o, "a", "y");
	finish(&o);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0602);
	unlink("a");
}

static void replace_and_stat(struct stat *st)
{
	struct outfile o;

	start(&o, "a", "y");
	finish(&o);
	assert_int_equal(stat("a", st), 0);
	assert_holds("a", "y");
}

/* Another user replaces it, who may not give files away; what the group might do, no other may.
 */
static void replace_as_another(void)
{
	struct stat st;

	if (setgroups(0, NULL) || setgid(1) || setuid(1))
		_exit(1);
	replace_and_stat(&st);
	_exit(st.st_gid == 1 && (st.st_mode & 0777) == 0606 ? 0 : 2);
}

static void owner_and_group_as_they_were(void **state)
{
	struct stat st;
	pid_t child;
	int status;

	(void)state;
	replace_and_stat(&st);
	if (chown("a", 2, 3)) {
		unlink("a");
		skip(); /* only root may give files away */
	}
	assert_int_equal(chmod(".", 0777), 0);
	assert_int_equal(chmod("a", 0666), 0);
	replace_and_stat(&st);
	assert_int_equal(st.st_uid, 2);
	assert_int_equal(st.st_gid, 3);
	assert_int_equal(st.st_mode & 0777, 0666);
	child = fork();
	if (child == 0)
		replace_as_another();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	unlink("a");
}

static void link_stays(void **state)
{
	struct outfile o;
	struct stat st;

	(void)state;
	start(&o, "target", "old");
	finish(&o);
	assert_int_equal(symlink("target", "link"), 0);
	start(&o, "link", "new");
	finish(&o);
	assert_holds("target", "new");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	unlink("link");
	unlink("target");
}

/* The first result through a link that was laid beforehand. */
static void dangling_link_is_followed(void **state)
{
	struct outfile o;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(mkdir("folder", 0777), 0);
	assert_int_equal(symlink("folder/second", "first"), 0);
	assert_int_equal(symlink("target", "folder/second"), 0);
	start(&o, "first", "new");
	finish(&o);
	assert_holds("folder/target", "new");
	assert_int_equal(lstat("first", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("folder/second", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	unlink("folder/target");
	unlink("folder/second");
	assert_int_equal(symlink("../first", "folder/second"), 0); /* a circle */
	assert_int_equal(outfile_open(&o, "first", &e), -1);
	assert_non_null(strstr(e.text, "\"first\": cannot create"));
	unlink("folder/second");
	unlink("first");
	rmdir("folder");
}

static void longest_name(void **state)
{
	char name[256];
	struct outfile o;

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	start(&o, name, "x");
	finish(&o);
	assert_holds(name, "x");
	unlink(name);
}

static void refused(const char *path, const char *reason)
{
	struct outfile o;
	struct err e;

	assert_int_equal(outfile_open(&o, path, &e), -1);
	check(strstr(e.text, reason) != NULL, "%s", e.text);
	assert_int_equal(files_here(), 0);
	outfile_abort(&o);
}

/* Names of 256 bytes are known as too long before anything is written. */
static void open_errors(void **state)
{
	char name[257];

	(void)state;
	memset(name, 'n', 256);
	name[256] = '\0';
	refused(name, "cannot create: File name too long");
	refused("no/such/folder", "\"no/such/folder\": cannot create: No such file");
	refused("", "cannot create");
	refused("/", "\"/\": cannot open for writing: Is a directory");
}

static void full_device(void **state)
{
	struct outfile o;
	struct err e;

	(void)state;
	assert_int_equal(outfile_open(&o, "/dev/full", &e), 0);
	assert_int_equal(outfile_write(&o, "x", 1, &e), -1);
	assert_string_equal(e.text, "\"/dev/full\": cannot write: No space left on device");
	outfile_abort(&o);
	assert_int_equal(access("/dev/full", F_OK), 0);
	assert_int_equal(outfile_open(&o, "/dev/null", &e), 0);
	assert_int_equal(outfile_write(&o, "x", 1, &e), 0);
	assert_int_equal(outfile_commit(&o, &e), 0);
	assert_int_equal(access("/dev/null", F_OK), 0);
}

/* A file that cannot get its name, because a folder has it by now, leaves nothing behind. */
static void commit_fails(void **state)
{
	struct outfile o;
	struct err e;

	(void)state;
	start(&o, "a", "x");
	assert_int_equal(mkdir("a", 0777), 0);
	assert_int_equal(outfile_commit(&o, &e), -1);
	check(strstr(e.text, "\"a\": cannot finish writing") != NULL, "%s", e.text);
	assert_int_equal(files_here(), 1);
	assert_int_equal(rmdir("a"), 0);
}

static void remove_temporary(void)
{
	DIR *d = opendir(".");

	assert_non_null(d);
	for (struct dirent *entry = readdir(d); entry != NULL; entry = readdir(d))
		if (strstr(entry->d_name, ".tmp") != NULL)
			unlink(entry->d_name);
	closedir(d);
}

/* kill -9 leaves the old file, and a temporary that is in nobody's way. */
static void killed(void **state)
{
	struct outfile o;
	int status;
	pid_t child;

	(void)state;
	start(&o, "a", "old");
	finish(&o);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		start(&o, "a", "new");
		raise(9);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_holds("a", "old");
	start(&o, "a", "new");
	finish(&o);
	assert_holds("a", "new");
	unlink("a");
	assert_int_equal(files_here(), 1);
	remove_temporary();
	assert_int_equal(files_here(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_or_not),
		cmocka_unit_test(unlink_all),
		cmocka_unit_test(many),
		cmocka_unit_test(durable_together),
		cmocka_unit_test(mode_by_umask_or_as_it_was),
		cmocka_unit_test(owner_and_group_as_they_were),
		cmocka_unit_test(link_stays),
		cmocka_unit_test(dangling_link_is_followed),
		cmocka_unit_test(longest_name),
		cmocka_unit_test(open_errors),
		cmocka_unit_test(full_device),
		cmocka_unit_test(commit_fails),
		cmocka_unit_test(killed),
	};

	return cmocka_run_group_tests_name("outfile", tests, setup, teardown);
}
