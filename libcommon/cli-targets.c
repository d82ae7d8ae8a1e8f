/* SPDX-License-Identifier: ISC */
#include "cli-targets.h"

#include "err.h"
#include "json.h"
#include "outfile.h"
#include "progress.h"
#include "size.h"

#include <stdio.h>
#include <stdlib.h>

static double row_bytes(const struct cli_targets *t)
{
	return (double)(t->source->classes * tensor_dtype_size(t->source->dtype));
}

/* How many times smaller the file is than its values as F32. */
static double ratio(const struct cli_targets *t)
{
	double plain = (double)t->report->rows * (double)t->source->classes * sizeof(float);

	return plain / (double)t->bytes;
}

static void say_size(const struct cli_targets *t)
{
	const struct soft_targets_source *s = t->source;
	char text[SIZE_TEXT], views[64] = "";

	if (s->views > 1)
		snprintf(views, sizeof views, " (%zu views of %zu items)", s->views, s->items);
	progress_say("%zu rows%s, %s of %zu classes from %zu teacher%s", t->report->rows, views,
		soft_values_name(s->values), s->classes, t->teachers,
		t->teachers == 1 ? "" : "s");
	progress_say(
		"%.0f bytes a row as %s, %.1f in the file of %s: %.2f times smaller than F32",
		row_bytes(t), tensor_dtype_name(s->dtype),
		(double)t->bytes / (double)t->report->rows, size_text(t->bytes, text),
		ratio(t));
}

void cli_targets_say(const struct cli_targets *t)
{
	const struct targets_report *r = t->report;

	say_size(t);
	if (r->labelled)
		progress_say("%zu of %zu rows agree with the labels (%.2f %%)", r->agreed,
			r->rows, 100 * (double)r->agreed / (double)r->rows);
	for (int i = 0; i < TARGETS_TEMPERATURES; i++)
		progress_say(
			"T = %g: entropy %.6g nats", targets_temperature[i], r->entropy[i]);
	for (int i = 0; i < r->costs; i++)
		progress_say("T = %g: encoding costs KL %.3g on average, %.3g at most",
			r->cost[i].temperature, r->cost[i].kl, r->cost[i].kl_max);
	if (r->lost > 0)
		progress_say(
			"%zu probabilities above 0 are stored as 0: logits keep them", r->lost);
}

static void put_source(struct json *j, const struct cli_targets *t)
{
	const struct soft_targets_source *s = t->source;
	char text[FINGERPRINT_TEXT];

	json_put_size(j, "rows", t->report->rows);
	json_put_size(j, "items", s->items);
	json_put_size(j, "views", s->views);
	json_put_size(j, "classes", s->classes);
	json_put_text(j, "values", soft_values_name(s->values));
	json_put_text(j, "dtype", tensor_dtype_name(s->dtype));
	if (soft_values_fixed(s->values))
		json_put_real(j, "temperature", s->temperature);
	json_put_text(j, "dataset", fingerprint_text(s->dataset, text));
	json_put_text(j, "teacher", s->teacher);
	json_put_real(j, "bytes_a_row", row_bytes(t));
	json_put_size(j, "file_bytes", t->bytes);
	json_put_real(j, "ratio", ratio(t));
}

static void put_report(struct json *j, const struct targets_report *r)
{
	if (r->labelled) {
		json_put_size(j, "agreed", r->agreed);
		json_put_real(j, "agreement", (double)r->agreed / (double)r->rows);
	}
	json_put_size(j, "lost", r->lost);
	json_open_array(j, "entropy");
	for (int i = 0; i < TARGETS_TEMPERATURES; i++) {
		json_open_object(j, NULL);
		json_put_real(j, "temperature", targets_temperature[i]);
		json_put_real(j, "nats", r->entropy[i]);
		json_close(j);
	}
	json_close(j);
	json_open_array(j, "encoding");
	for (int i = 0; i < r->costs; i++) {
		json_open_object(j, NULL);
		json_put_real(j, "temperature", r->cost[i].temperature);
		json_put_real(j, "kl", r->cost[i].kl);
		json_put_real(j, "kl_max", r->cost[i].kl_max);
		json_close(j);
	}
	json_close(j);
}

static int write_text(
	const char *text, size_t n, struct outfile *o, const char *path, struct err *e)
{
	if (outfile_open(o, path, e))
		return -1;
	if (outfile_write(o, text, n, e)) {
		outfile_abort(o);
		return -1;
	}
	return 0;
}

int cli_targets_write(
	const struct cli_targets *t, struct outfile *o, const char *path, struct err *e)
{
	struct json j;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int bad;

	if (f == NULL)
		return err_errno(e, "the report");
	json_begin(&j, f, JSON_PRETTY);
	put_source(&j, t);
	put_report(&j, t->report);
	bad = json_end(&j, e);
	if (fclose(f) != 0 && !bad)
		bad = err_errno(e, "the report");
	if (!bad)
		bad = write_text(text, n, o, path, e);
	free(text);
	return bad;
}
