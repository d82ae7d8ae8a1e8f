/* SPDX-License-Identifier: ISC */
#include "cli-train.h"

#include "cli-files.h"
#include "cli-output.h"
#include "cli-train-report.h"
#include "cli-train-setup.h"
#include "die.h"
#include "err.h"
#include "progress.h"
#include "sgemm.h"
#include "workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct checkpoint checkpoint_of(struct run *r)
{
	return (struct checkpoint){.net = r->net,
		.optim = &r->optim,
		.schedule = &r->schedule,
		.position = &r->train.position,
		.epochs = r->train.epochs,
		.items = r->batcher.items,
		.best = r->train.best,
		.preprocess = &r->preprocess,
		.class_names = r->data.class_names};
}

static int save_checkpoint(struct run *r, struct err *e)
{
	struct checkpoint c = checkpoint_of(r);

	if (r->log != NULL)
		cli_train_settle_log(r->log);
	return checkpoint_save(&c, &r->lineage, r->o->checkpoint, e);
}

static void resume(struct run *r)
{
	struct checkpoint c = checkpoint_of(r);
	struct err e;

	if (!r->o->resume)
		return;
	if (access(r->o->checkpoint, F_OK) != 0 && errno == ENOENT) {
		progress_say("no checkpoint \"%s\" yet: starting from the beginning",
			r->o->checkpoint);
		return;
	}
	if (checkpoint_load(&c, &r->lineage, r->o->checkpoint, &e))
		die_err(&e);
	progress_say("resuming after %u epochs and %zu items", r->train.position.epoch,
		r->train.position.item);
}

static void on_step(void *arg, uint32_t epoch, size_t items_done)
{
	struct run *r = arg;

	(void)epoch;
	cli_train_show_step(&r->train, r->first_epoch, r->start, items_done);
}

static int on_epoch(void *arg, const struct train_report *report, struct err *e)
{
	struct run *r = arg;
	uint32_t every = r->o->checkpoint_every > 0 ? (uint32_t)r->o->checkpoint_every : 1;

	cli_train_say_epoch(report, r->d != NULL);
	if (r->log != NULL && cli_train_log(r->log, report, e))
		return err_in(e, r->o->log);
	if (r->o->checkpoint == NULL || report->epoch % every != 0)
		return 0;
	return save_checkpoint(r, e);
}

static void open_log(struct run *r)
{
	if (r->o->log == NULL)
		return;
	r->log = cli_train_open_log(r->o->log, r->train.position.epoch);
	if (r->log == NULL)
		die("\"%s\": cannot write: %s", r->o->log, strerror(errno));
}

static void run_training(struct run *r)
{
	struct err e;
	int result;

	r->train.arg = r;
	r->train.on_step = on_step;
	r->train.on_epoch = on_epoch;
	r->train.stop = die_on_signal_later();
	r->first_epoch = r->train.position.epoch;
	r->start = progress_seconds();
	result = train_run(&r->train, &e);
	if (result == 1 && r->o->checkpoint != NULL && save_checkpoint(r, &e) == 0)
		warn("interrupted; the checkpoint is in \"%s\"", r->o->checkpoint);
	else if (result == 1 && r->o->checkpoint != NULL)
		warn("interrupted; %s", e.text);
	if (result == 1)
		die_by_signal();
	die_on_signal_now(); /* what follows may take long: the model goes into a pipe */
	if (result < 0)
		die_err(&e);
	if (r->log != NULL && fclose(r->log) != 0)
		die("\"%s\": cannot write: %s", r->o->log, strerror(errno));
}

static void save_model(struct run *r)
{
	struct err e;

	if (model_describe(&r->lineage, r->net, r->net->param, &r->preprocess,
		    r->data.class_names, &e) ||
		tensor_file_save(&r->lineage, r->o->output, TENSOR_LEVEL, r->workers, &e))
		die_err(&e);
}

static void release(struct run *r)
{
	tensor_set_release(&r->lineage);
	batcher_release(&r->batcher);
	loss_release(&r->loss);
	optim_release(&r->optim);
	net_free(r->net);
	free(r->train.best);
	free(r->item);
	free(r->validation_item);
	if (r->d != NULL)
		soft_targets_release(&r->soft);
	if (r->train.validation == &r->validation)
		dataset_release(&r->validation);
	dataset_release(&r->data);
	workers_free(r->workers);
}

static void check_files(
	const struct train_options *o, const struct distill_options *distill, const char *data)
{
	const char *const given[] = {data, o->validation, o->init};
	const struct cli_file files[] = {
		{"the data set", data, CLI_INPUT},
		{"--targets", distill != NULL ? distill->targets : NULL, CLI_INPUT},
		{"--validation", o->validation, CLI_INPUT},
		{"--init", o->init, CLI_INPUT},
		{"--net", o->net, CLI_INPUT},
		{"--output", o->output, CLI_RESULT},
		{"--checkpoint", o->checkpoint, CLI_RECORD},
		{"--log", o->log, CLI_RECORD},
	};

	options_one_stdin(given, 3, distill != NULL ? distill->targets : NULL);
	if (o->checkpoint != NULL && strcmp(o->checkpoint, "-") == 0)
		die_usage("--checkpoint needs a file: each replaces the one before");
	if (o->log != NULL && strcmp(o->log, "-") == 0 && strcmp(o->output, "-") == 0)
		die_usage("model and log cannot both go to standard output");
	if (o->dry_run)
		return;
	cli_files_check(files, sizeof files / sizeof files[0]);
	cli_output_check(o->output);
	if (o->checkpoint != NULL)
		cli_output_check(o->checkpoint);
}

void cli_train(
	const struct train_options *o, const struct distill_options *distill, const char *data)
{
	struct run r = {.o = o, .d = distill, .data_path = data};
	struct err e;

	cli_train_check_options(o, distill);
	check_files(o, distill, data);
	cli_train_load(&r);
	cli_train_make_net(&r);
	cli_train_prepare(&r);
	if (o->dry_run) {
		if (cli_train_describe(r.net, &r.optim, r.batcher.batch, &e))
			die_err(&e);
		release(&r);
		return;
	}
	if (o->verbose)
		progress_say("kernels of the products: %s", sgemm_kernels());
	cli_train_record(&r);
	resume(&r);
	open_log(&r);
	run_training(&r);
	save_model(&r);
	release(&r);
}
