/* SPDX-License-Identifier: ISC */
#include "cgroup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096

/* The first line of a folder's file; nothing where it cannot be read. */
static void line_in(const char *folder, const char *name, char *line, int size)
{
	char path[PATH_SIZE];
	FILE *f = NULL;

	if (snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path)
		f = fopen(path, "r");
	if (f == NULL || fgets(line, size, f) == NULL)
		*line = '\0';
	if (f != NULL)
		fclose(f);
}

/* Version 2: "QUOTA PERIOD", where the quota may be "max". */
static double unified_quota(const char *folder)
{
	char line[100], *rest;
	double quota, period;

	line_in(folder, "cpu.max", line, sizeof line);
	quota = strtod(line, &rest);
	period = strtod(rest, NULL);
	return quota > 0 && period > 0 ? quota / period : INFINITY;
}

static double read_number(const char *folder, const char *name)
{
	char line[100];

	line_in(folder, name, line, sizeof line);
	return strtod(line, NULL);
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
