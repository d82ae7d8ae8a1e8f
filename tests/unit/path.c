/* SPDX-License-Identifier: ISC */
/* Where paths lead, with links and folders in their way. */
#include "path.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Twenty folders and a name, none of them there. */
#define DEEP_5 "x/x/x/x/x/"
#define DEEP DEEP_5 DEEP_5 DEEP_5 DEEP_5 "x"

static char folder[] = "/tmp/potstill-path-XXXXXX";

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) || mkdir("folder", 0777) ||
		symlink("folder", "way") || symlink("folder/later", "link") ||
		symlink("link", "far") || symlink("circle", "circle") || symlink(DEEP, "deep"))
		return -1;
	return close(open("folder/here", O_CREAT | O_WRONLY, 0666));
}

static int teardown(void **state)
{
	(void)state;
	unlink("folder/here");
	unlink("way");
	unlink("link");
	unlink("far");
	unlink("circle");
	unlink("deep");
	rmdir("folder");
	return chdir("/") || rmdir(folder);
}

static void folders_are_what_is_before_the_name(void **state)
{
	(void)state;
	assert_int_equal(path_folder("name"), 0);
	assert_int_equal(path_folder("/name"), 1);
	assert_int_equal(path_folder("a/b/name"), 4);
	assert_int_equal(path_folder("a/"), 2);
}

static void links_lead_to_what_is_still_to_be_made(void **state)
{
	char target[PATH_MAX];

	(void)state;
	assert_int_equal(path_target("far", target), 0);
	assert_string_equal(target, "folder/later");
	assert_int_equal(path_target("nothing", target), 0);
	assert_string_equal(target, "nothing");
	assert_int_equal(path_target("way/here", target), 0);
	assert_int_equal(target[0], '/');
	assert_string_equal(target + strlen(target) - strlen("/folder/here"), "/folder/here");
}

static void circles_and_long_names_lead_nowhere(void **state)
{
	char target[PATH_MAX], name[PATH_MAX + 2];

	(void)state;
	assert_int_equal(path_target("circle", target), -1);
	assert_int_equal(errno, ELOOP);
	memset(name, 'x', sizeof name);
	name[300] = '\0';
	assert_int_equal(path_target(name, target), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	name[300] = 'x';
	name[PATH_MAX + 1] = '\0';
	assert_int_equal(path_target(name, target), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

/* Each link fits, the path that they make together does not. */
static void long_chains_are_no_circles(void **state)
{
	char target[PATH_MAX], name[PATH_MAX] = "";
	size_t n = 0;

	(void)state;
	for (; n + 2 * strlen("./") + strlen(DEEP) < PATH_MAX; n += 2)
		memcpy(name + n, "./", 3);
	memcpy(name + n, "deep", sizeof "deep");
	assert_int_equal(path_target(name, target), 0);
	memcpy(name + n, "././deep", sizeof "././deep");
	assert_int_equal(path_target(name, target), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

static void one_file_has_many_names(void **state)
{
	(void)state;
	assert_true(path_same("new", "new"));
	assert_true(path_same("new", "./new"));
	assert_true(path_same("new", "folder/../new"));
	assert_true(path_same("way/new", "folder/new"));
	assert_true(path_same("far", "folder/later"));
	assert_true(path_same("far", "way/later"));
	assert_true(path_same("folder/here", "way/here"));
	assert_true(path_same("no/folder", "no/folder"));
	assert_false(path_same("new", "newer"));
	assert_false(path_same("new", "folder/new"));
	assert_false(path_same("folder/here", "here"));
	assert_false(path_same("no/folder", "./no/folder2"));
	assert_false(path_same("circle", "new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_are_what_is_before_the_name),
		cmocka_unit_test(links_lead_to_what_is_still_to_be_made),
		cmocka_unit_test(circles_and_long_names_lead_nowhere),
		cmocka_unit_test(long_chains_are_no_circles),
		cmocka_unit_test(one_file_has_many_names),
	};

	return cmocka_run_group_tests_name("path", tests, setup, teardown);
}
