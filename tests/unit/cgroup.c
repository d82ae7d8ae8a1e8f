/* SPDX-License-Identifier: ISC */
/* Quotas of control groups, in a root that the test lays out as the kernel would. */
#define _XOPEN_SOURCE 700 /* nftw, mkdtemp */
#include "cgroup.h"

#include "unit.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[200];

static int set_up(void **state)
{
	const char *folder = getenv("TMPDIR");

	(void)state;
	snprintf(root, sizeof root, "%.150s/potstill-cgroup.XXXXXX",
		folder == NULL ? "/tmp" : folder);
	return mkdtemp(root) == NULL;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *f)
{
	(void)s;
	(void)type;
	(void)f;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the root, with the folders that it needs. */
static void put(const char *name, const char *text)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL;
		slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void check_cpus(double expected)
{
	double got = cgroup_cpus(root);

	check(got == expected, "%g CPUs, should be %g", got, expected);
}

static void no_groups_no_quota(void **state)
{
	(void)state;
	check_cpus(INFINITY);
	put("proc/self/cgroup", "0::/\n");
	check_cpus(INFINITY);
	put("proc/self/cgroup", "nonsense\n7\n::\n");
	check_cpus(INFINITY);
}

static void unified_groups_and_their_parents(void **state)
{
	(void)state;
	put("proc/self/cgroup", "0::/a/b\n");
	put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	check_cpus(INFINITY);
	put("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
	check_cpus(1.5);
	put("sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
	check_cpus(0.5);
	put("sys/fs/cgroup/cpu.max", "20000 100000\n");
	check_cpus(0.2);
	put("sys/fs/cgroup/cpu.max", "20000 0\n");
	check_cpus(0.5);
	put("proc/self/cgroup", "0::/\n");
	put("sys/fs/cgroup/cpu.max", "300000 100000\n");
	check_cpus(3);
	put("sys/fs/cgroup/cpu.max", "max 100000\n");
}

static void legacy_groups(void **state)
{
	(void)state;
	put("proc/self/cgroup", "4:memory:/x\n3:cpuset:/c\n2:cpu,cpuacct:/c/d\n0::/\n");
	put("sys/fs/cgroup/cpu/c/d/cpu.cfs_quota_us", "-1\n");
	put("sys/fs/cgroup/cpu/c/d/cpu.cfs_period_us", "100000\n");
	check_cpus(INFINITY);
	put("sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "400000\n");
	put("sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "100000\n");
	check_cpus(4);
	put("sys/fs/cgroup/cpu/c/d/cpu.cfs_quota_us", "200000\n");
	check_cpus(2);
	put("proc/self/cgroup", "3:cpuset:/c/d\n"); /* not the controller of time */
	check_cpus(INFINITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_groups_no_quota),
		cmocka_unit_test(unified_groups_and_their_parents),
		cmocka_unit_test(legacy_groups),
	};

	return cmocka_run_group_tests_name("cgroup", tests, set_up, tear_down);
}
