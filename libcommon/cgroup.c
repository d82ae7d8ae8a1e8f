/* SPDX-License-Identifier: ISC */
#include "cgroup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 4096

/* The first line of a file without its end; -1 where it cannot be read. */
static int read_line(const char *path, char *line, int size)
{
	FILE *f = fopen(path, "r");
	char *got;

	if (f == NULL)
		return -1;
	got = fgets(line, size, f);
	fclose(f);
	if (got == NULL)
		return -1;
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

/* Version 2: "QUOTA PERIOD", where the quota may be "max". */
static double unified_quota(const char *folder)
{
	char path[PATH_SIZE], line[100];
	double quota, period;

	if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= (int)sizeof path ||
		read_line(path, line, sizeof line) ||
		sscanf(line, "%lf %lf", &quota, &period) != 2 || quota <= 0 || period <= 0)
		return INFINITY;
	return quota / period;
}

static double read_number(const char *folder, const char *name)
{
	char path[PATH_SIZE], line[100];
	double number;

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path ||
		read_line(path, line, sizeof line) || sscanf(line, "%lf", &number) != 1)
		return -1;
	return number;
}

/* Version 1: a file each; -1 is no quota. */
static double legacy_quota(const char *folder)
{
	double quota = read_number(folder, "cpu.cfs_quota_us"),
	       period = read_number(folder, "cpu.cfs_period_us");

	return quota > 0 && period > 0 ? quota / period : INFINITY;
}

/* The smallest quota from the group's folder up to the hierarchy's. */
static double smallest_quota(
	const char *mount, const char *group, double (*quota)(const char *folder))
{
	char folder[PATH_SIZE];
	size_t length = strlen(mount);
	double least;

	if (snprintf(folder, sizeof folder, "%s%s", mount, group) >= (int)sizeof folder)
		return INFINITY;
	least = quota(folder);
	while (strlen(folder) > length) {
		*strrchr(folder, '/') = '\0';
		least = fmin(least, quota(folder));
	}
	return least;
}

/* Whether `names`, separated by commas, has "cpu". */
static int has_cpu(const char *names)
{
	for (const char *at = names; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, "cpu", 3) == 0 && (at[3] == '\0' || at[3] == ','))
			return 1;
	}
	return 0;
}

/* A line of /proc/self/cgroup: HIERARCHY:CONTROLLERS:GROUP; version 2 is "0::GROUP". */
static double quota_of_line(const char *root, char *line)
{
	char mount[PATH_SIZE], *names = strchr(line, ':'), *group;

	if (names == NULL || (group = strchr(++names, ':')) == NULL)
		return INFINITY;
	*group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	if (*names != '\0' && !has_cpu(names))
		return INFINITY;
	if (snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s", root,
		    *names == '\0' ? "" : "/cpu") >= (int)sizeof mount)
		return INFINITY;
	return smallest_quota(mount, group, *names == '\0' ? unified_quota : legacy_quota);
}

double cgroup_cpus(const char *root)
{
	char line[PATH_SIZE];
	double least = INFINITY;
	FILE *f;

	if (snprintf(line, sizeof line, "%s/proc/self/cgroup", root) >= (int)sizeof line)
		return INFINITY;
	f = fopen(line, "r");
	if (f == NULL)
		return INFINITY;
	while (fgets(line, sizeof line, f) != NULL)
		least = fmin(least, quota_of_line(root, line));
	fclose(f);
	return least;
}
