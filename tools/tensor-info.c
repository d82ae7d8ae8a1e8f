/* SPDX-License-Identifier: ISC */
/* Tells what tensor files hold, and whether they are whole. */
#include "cli-output.h"
#include "die.h"
#include "err.h"
#include "json.h"
#include "options.h"
#include "size.h"
#include "tensor-file.h"
#include "tensor-scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool as_json, verify, with_stats;

static const struct option_row rows[] = {
	OPTION_FLAG('j', "json", &as_json, "print one JSON object a line for each file"),
	OPTION_FLAG('c', "verify", &verify, "read everything and check every sum"),
	OPTION_FLAG('s', "stats", &with_stats,
		"read everything: smallest, mean and largest values, NaNs"),
	OPTION_END,
};

static const struct tool tool = {
	.name = "tensor-info",
	.summary = "tell what tensor files hold, and whether they are whole",
	.synopsis = "[options] FILE...",
	.rows = rows,
	.min_operands = 1,
	.max_operands = -1,
};

struct info {
	const char *path;
	const struct tensor_set *set;
	struct tensor_file_shape shape;
	struct tensor_scan scan;
	bool scanned;
	char fingerprint[FINGERPRINT_TEXT];
};

static double ratio(const struct info *info)
{
	return (double)info->shape.unpacked / (double)info->shape.packed;
}

/* Lineage is what a set was made from and how. */
static bool is_lineage(const char *key)
{
	return strncmp(key, "potstill.input.", strlen("potstill.input.")) == 0 ||
	       strcmp(key, "potstill.options") == 0 || strcmp(key, "potstill.version") == 0;
}

static void print_metadata(const struct tensor_set *s, const char *title, bool lineage)
{
	bool titled = false;

	for (size_t i = 0; i < s->metas; i++) {
		const char *key = s->meta[2 * i];

		if (is_lineage(key) != lineage || strcmp(key, "potstill.kind") == 0)
			continue;
		if (!titled)
			printf("  %s\n", title);
		titled = true;
		fputs("    ", stdout);
		cli_output_text(key);
		fputs("  ", stdout);
		cli_output_text(s->meta[2 * i + 1]);
		putchar('\n');
	}
}

static void print_tensor(const struct tensor *t, const struct tensor_stats *stats)
{
	char size[SIZE_TEXT];

	fputs("    ", stdout);
	cli_output_text(t->name);
	printf("  %s  [", tensor_dtype_name(t->dtype));
	for (int i = 0; i < t->rank; i++)
		printf(i == 0 ? "%zu" : ", %zu", t->shape[i]);
	printf("]  %s", size_text(t->size, size));
	if (stats != NULL && stats->values > stats->nans)
		printf("  min %.7g  mean %.7g  max %.7g", stats->min, stats->mean, stats->max);
	if (stats != NULL)
		printf("  NaN %zu  infinite %zu", stats->nans, stats->infinities);
	putchar('\n');
}

static void print_text(const struct info *info)
{
	const struct tensor_set *s = info->set;
	const char *kind = tensor_set_meta(s, "potstill.kind");
	char packed[SIZE_TEXT], unpacked[SIZE_TEXT];

	cli_output_text(strcmp(info->path, "-") == 0 ? "standard input" : info->path);
	fputs("\n  kind  ", stdout);
	cli_output_text(kind == NULL ? "none" : kind);
	printf("\n  size  %s, packed %s, ratio %.3g\n",
		size_text(info->shape.unpacked, unpacked),
		size_text(info->shape.packed, packed), ratio(info));
	if (info->shape.frames > 0)
		printf("  frames  %zu, %s\n", info->shape.frames,
			info->shape.seekable ? "seek table" : "no seek table");
	if (info->scanned)
		printf("  fingerprint  %s\n  checked  every byte\n", info->fingerprint);
	printf("  tensors  %zu\n", s->tensors);
	for (size_t i = 0; i < s->tensors; i++)
		print_tensor(
			&s->tensor[i], info->scan.stats == NULL ? NULL : &info->scan.stats[i]);
	print_metadata(s, "metadata", false);
	print_metadata(s, "lineage", true);
}

static void put_tensor(struct json *j, const struct tensor *t, const struct tensor_stats *stats)
{
	bool some = stats != NULL && stats->values > stats->nans;

	json_open_object(j, NULL);
	json_put_text(j, "name", t->name);
	json_put_text(j, "dtype", tensor_dtype_name(t->dtype));
	json_open_array(j, "shape");
	for (int i = 0; i < t->rank; i++)
		json_put_size(j, NULL, t->shape[i]);
	json_close(j);
	json_put_size(j, "bytes", t->size);
	if (some) {
		json_put_real(j, "min", stats->min);
		json_put_real(j, "mean", stats->mean);
		json_put_real(j, "max", stats->max);
	}
	if (stats != NULL) {
		json_put_size(j, "nan", stats->nans);
		json_put_size(j, "infinite", stats->infinities);
	}
	json_close(j);
}

static void put_metadata(struct json *j, const struct tensor_set *s)
{
	json_open_object(j, "metadata");
	for (size_t i = 0; i < s->metas; i++)
		json_put_text(j, s->meta[2 * i], s->meta[2 * i + 1]);
	json_close(j);
}

static void print_json(const struct info *info)
{
	const struct tensor_set *s = info->set;
	const char *kind = tensor_set_meta(s, "potstill.kind");
	struct json j;
	struct err e;

	json_begin(&j, stdout, JSON_LINE);
	json_put_text(&j, "file", info->path);
	kind == NULL ? json_put_null(&j, "kind") : json_put_text(&j, "kind", kind);
	json_put_size(&j, "unpacked", info->shape.unpacked);
	json_put_size(&j, "packed", info->shape.packed);
	json_put_real(&j, "ratio", ratio(info));
	json_put_size(&j, "frames", info->shape.frames);
	json_put_bool(&j, "seekable", info->shape.seekable);
	json_put_bool(&j, "verified", info->scanned);
	if (info->scanned)
		json_put_text(&j, "fingerprint", info->fingerprint);
	json_open_array(&j, "tensors");
	for (size_t i = 0; i < s->tensors; i++)
		put_tensor(&j, &s->tensor[i],
			info->scan.stats == NULL ? NULL : &info->scan.stats[i]);
	json_close(&j);
	put_metadata(&j, s);
	if (json_end(&j, &e))
		die("\"standard output\": %s", e.text);
}

/* Nothing is printed of a file before all that was asked for is known to be right. */
static int tell(const char *path, struct err *e)
{
	struct info info = {
		.path = path, .scanned = verify || with_stats || strcmp(path, "-") == 0};
	struct tensor_reader *r = tensor_reader_open(path, e);
	int failed;

	if (r == NULL)
		return -1;
	info.set = tensor_reader_header(r);
	failed = info.scanned && tensor_scan(&info.scan, r, with_stats, e);
	info.shape = tensor_reader_shape(r);
	fingerprint_text(info.scan.fingerprint, info.fingerprint);
	if (!failed) {
		if (as_json)
			print_json(&info);
		else
			print_text(&info);
		tensor_scan_release(&info.scan);
	}
	tensor_reader_close(r);
	return failed;
}

int main(int argc, char **argv)
{
	struct err e;
	char **path;
	int n, status = 0;

	path = options_parse(&tool, argc, argv, &n);
	options_one_stdin((const char *const *)path, n, NULL);
	for (int i = 0; i < n; i++)
		if (tell(path[i], &e)) {
			complain("%s", e.text);
			status = 1;
		}
	if (cli_output_flush(&e))
		die_err(&e);
	return status;
}
