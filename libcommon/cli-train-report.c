/* SPDX-License-Identifier: ISC */
#include "cli-train-report.h"

#include "cli-output.h"
#include "die.h"
#include "err.h"
#include "json.h"
#include "net-spec.h"
#include "progress.h"
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINE 1024 /* of the log: up to eleven numbers of some thirty characters */

void cli_train_say_epoch(const struct train_report *r, int distilled)
{
	char parts[96] = "", validation[96] = "", accuracy[48] = "";

	if (distilled)
		snprintf(parts, sizeof parts, " (hard %.4f, soft %.4f)", r->hard, r->soft);
	if (!isnan(r->accuracy))
		snprintf(accuracy, sizeof accuracy, ", accuracy %.2f %%", 100 * r->accuracy);
	if (!isnan(r->validation_loss))
		snprintf(validation, sizeof validation, ", validation %zu errors, loss %.4f%s",
			r->validation_errors, r->validation_loss, r->is_best ? " *" : "");
	progress_say("epoch %" PRIu32 "/%" PRIu32 ": loss %.4f%s%s%s, lr %.3g, %.0f images/s",
		r->epoch, r->epochs, r->loss, parts, accuracy, validation, r->lr,
		r->images_a_second);
}

void cli_train_show_step(
	const struct train *t, uint32_t first_epoch, double start, size_t items_done)
{
	const struct position *p = &t->position;
	double items = (double)t->batcher->items, done, left;
	char time[PROGRESS_TIME];

	if (!progress_due())
		return;
	done = (double)(p->epoch - first_epoch) + (double)items_done / items;
	left = (double)(t->epochs - first_epoch) - done;
	progress_show("epoch %" PRIu32 "/%" PRIu32 " %3.0f %%, loss %.4f, %s left",
		p->epoch + 1, t->epochs, 100 * (double)items_done / items,
		p->sum.total / p->sum.items,
		progress_time((progress_seconds() - start) / done * left, time));
}

static int is_regular(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

/* The epoch of a whole line of ours, or 0. */
static unsigned long line_epoch(const char *line)
{
	static const char start[] = "{\"epoch\": ";
	size_t n = sizeof start - 1;

	if (strncmp(line, start, n) != 0 || strchr(line, '\n') == NULL)
		return 0;
	return strtoul(line + n, NULL, 10);
}

/* Keeps the whole lines of epochs up to `last`, of which some may be missing, cuts off the rest
 * and leaves the file there. How many lines that is, or -1. */
static long keep_lines(FILE *f, uint32_t last)
{
	char line[MAX_LINE];
	long lines = 0, end = 0;

	while (fgets(line, sizeof line, f) != NULL) {
		unsigned long epoch = line_epoch(line);

		if (epoch == 0 || epoch > last)
			break;
		lines++;
		end = ftell(f);
	}
	if (ferror(f) || fseek(f, end, SEEK_SET) != 0 || ftruncate(fileno(f), end) != 0)
		return -1;
	return lines;
}

static void warn_of_gap(const char *path, long lines, uint32_t epochs)
{
	warn("\"%s\": has lines of %ld of the %" PRIu32 " epochs before", path, lines, epochs);
}

FILE *cli_train_open_log(const char *path, uint32_t epochs)
{
	FILE *f;
	long lines;

	if (strcmp(path, "-") == 0)
		return fdopen(dup(STDOUT_FILENO), "w");
	if (epochs > 0 && access(path, F_OK) != 0)
		warn_of_gap(path, 0, epochs);
	if (epochs == 0 || !is_regular(path))
		return fopen(path, epochs == 0 ? "w" : "a");
	f = fopen(path, "r+");
	lines = f != NULL ? keep_lines(f, epochs) : 0;
	if (lines < 0) {
		int error = errno;

		fclose(f);
		errno = error;
		return NULL;
	}
	if (f != NULL && lines < (long)epochs)
		warn_of_gap(path, lines, epochs);
	return f;
}

/* Pipes and terminals have no disk, and a log is no reason to end a run. */
void cli_train_settle_log(FILE *log)
{
	fsync(fileno(log));
}

int cli_train_log(FILE *log, const struct train_report *r, struct err *e)
{
	struct json j;

	json_begin(&j, log, JSON_LINE);
	json_put_size(&j, "epoch", r->epoch);
	json_put_real(&j, "lr", r->lr);
	json_put_real(&j, "loss", r->loss);
	json_put_real(&j, "hard_loss", r->hard);
	json_put_real(&j, "soft_loss", r->soft);
	json_put_real(&j, "accuracy", r->accuracy);
	if (!isnan(r->validation_loss)) {
		json_put_size(&j, "validation_errors", r->validation_errors);
		json_put_real(&j, "validation_accuracy", r->validation_accuracy);
		json_put_real(&j, "validation_loss", r->validation_loss);
		json_put_bool(&j, "best", r->is_best != 0);
	}
	json_put_real(&j, "seconds", r->seconds);
	json_put_real(&j, "images_per_second", r->images_a_second);
	return json_end(&j, e);
}

static int describe_layer(const struct layer *l, struct err *e)
{
	char *kind = net_spec_layer_text(&l->spec);
	size_t params = 0;

	if (kind == NULL)
		return err_set(e, "out of memory");
	for (int i = 0; i < l->params; i++)
		params += l->param[i].count;
	printf("%s\t%s\t%zux%zux%zu\t%zu\t%zu\n", l->name, kind, l->out.channels, l->out.height,
		l->out.width, params, l->macs);
	free(kind);
	return 0;
}

int cli_train_describe(const struct net *n, const struct optim *o, size_t batch, struct err *e)
{
	size_t training = net_memory(n, batch, 1) + optim_memory(o, n);
	size_t inference = net_memory(n, batch, 0);
	char of_training[SIZE_TEXT], of_inference[SIZE_TEXT];

	printf("layer\tkind\toutput\tparameters\tMACs\n");
	for (int i = 0; i < n->layers; i++)
		if (describe_layer(&n->layer[i], e))
			return -1;
	printf("total\t\t\t%zu\t%zu\n", n->params, n->macs);
	if (n->statistics > 0)
		printf("running statistics\t\t\t%zu\t\n", n->statistics);
	printf("memory at batch %zu\ttraining %s\tinference %s\n", batch,
		size_text(training, of_training), size_text(inference, of_inference));
	return cli_output_flush(e);
}
