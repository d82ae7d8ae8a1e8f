/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target on files, without libFuzzer: a TAP line each. The operands are files;
 * without any replay-TARGET takes tests/data and, where it is there, tests/fuzz/TARGET of the
 * current folder.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count;

static void replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size >= 0)
		data = malloc((size_t)size + 1);
	if (data == NULL || fseek(f, 0, SEEK_SET) != 0 ||
		fread(data, 1, (size_t)size, f) != (size_t)size) {
		printf("Bail out! %s: cannot read\n", path);
		exit(1);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)size); /* aborts where something is wrong */
	printf("ok %d - %s\n", ++count, path);
	fflush(stdout);
	free(data);
}

/* The files that have `part` in their names; -1 where there is no such folder. */
static int replay_folder(const char *name, const char *part)
{
	DIR *folder = opendir(name);
	char path[1024];

	if (folder == NULL)
		return -1;
	for (struct dirent *d; (d = readdir(folder)) != NULL;)
		if (d->d_name[0] != '.' && strstr(d->d_name, part) != NULL) {
			snprintf(path, sizeof path, "%.500s/%.400s", name, d->d_name);
			replay(path);
		}
	closedir(folder);
	return 0;
}

int main(int argc, char **argv)
{
	const char *target = strstr(argv[0], "replay-");
	char own[512];

	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1 && replay_folder("tests/data", ".safetensors")) {
		printf("Bail out! no folder tests/data\n");
		return 1;
	}
	if (argc == 1 && target != NULL) {
		snprintf(own, sizeof own, "tests/fuzz/%.400s", target + strlen("replay-"));
		replay_folder(own, "");
	}
	printf("1..%d\n", count);
	return count == 0;
}
