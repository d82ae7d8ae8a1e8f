/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target on files, without libFuzzer: a TAP line each. The operands are files;
 * without any it takes tests/data of the current folder.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/data"

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

int main(int argc, char **argv)
{
	DIR *folder = argc > 1 ? NULL : opendir(FOLDER);
	char path[512];

	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1 && folder == NULL) {
		printf("Bail out! no folder " FOLDER "\n");
		return 1;
	}
	for (struct dirent *d; folder != NULL && (d = readdir(folder)) != NULL;)
		if (strstr(d->d_name, ".safetensors") != NULL) {
			snprintf(path, sizeof path, FOLDER "/%.400s", d->d_name);
			replay(path);
		}
	if (folder != NULL)
		closedir(folder);
	printf("1..%d\n", count);
	return count == 0;
}
