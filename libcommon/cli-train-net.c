/* SPDX-License-Identifier: ISC */
/* The net of a run of training, and where its parameters start. */
#include "cli-train-setup.h"
#include "die.h"
#include "err.h"
#include "infile.h"
#include "model-init.h"
#include "net-spec.h"
#include "progress.h"

#include <stdlib.h>
#include <string.h>

/* A net without the classes of its data could not be told so later than here. */
static void check_classes(const struct run *r)
{
	size_t classes = r->d != NULL ? r->soft.classes : r->data.classes;

	if (r->d != NULL ? r->net->classes != classes : r->net->classes < classes)
		die("the net has %zu outputs where %s has %zu classes", r->net->classes,
			r->d != NULL ? "the teacher" : "the data set", classes);
	if (r->train.validation != NULL && r->train.validation->classes > r->net->classes)
		die("\"%s\": has %zu classes where the net has %zu outputs", r->o->validation,
			r->train.validation->classes, r->net->classes);
}

/* Whether --net names a file; no net ends so. */
static int is_file(const char *net)
{
	size_t n = strlen(net);

	return n >= 4 && strcmp(net + n - 4, ".net") == 0;
}

static struct net *new_net(const struct run *r, struct err *e)
{
	const char *path = r->o->net;
	struct net *net;
	char *text;

	if (!is_file(path))
		return net_new(path, &r->data.shape, r->workers, e);
	text = infile_text(path, NET_MAX_TEXT, e);
	if (text == NULL)
		return NULL;
	net = net_new(text, &r->data.shape, r->workers, e);
	if (net == NULL)
		err_in(e, path);
	free(text);
	return net;
}

static void say(const char *line)
{
	progress_say("%s", line);
}

/* What is not taken starts as it would without --init, which -q must not hide. */
static void take_init(struct run *r)
{
	const char *path = r->o->init;
	struct tensor_set s;
	struct err e;
	size_t taken, all;

	if (model_init_load(&s, path, &r->preprocess, r->workers, &e))
		die_err(&e);
	if (model_init_take(&s, r->net, &taken, &all, &e))
		die("\"%s\": %s", path, e.text);
	r->init_is_whole = taken == all;
	if (taken < all || r->o->verbose)
		model_init_tell(&s, r->net, say);
	if (taken == 0)
		die("\"%s\": holds no tensor of the net's names and shapes", path);
	if (taken < all)
		warn("\"%s\": %zu of the net's %zu tensors are taken, the others start at "
		     "random",
			path, taken, all);
	else
		progress_say("all %zu tensors are taken from \"%s\"", all, path);
	tensor_set_release(&s);
}

static void freeze(struct run *r)
{
	struct err e;

	if (net_freeze(r->net, r->o->freeze, &e))
		die("--freeze: %s", e.text);
	progress_say("%zu of %zu parameters are trained", net_trained(r->net), r->net->params);
}

void cli_train_make_net(struct run *r)
{
	struct err e;

	r->preprocess = (struct preprocess){r->o->mean, r->o->sd};
	r->net = new_net(r, &e);
	if (r->net == NULL)
		die_err(&e);
	check_classes(r);
	net_init(r->net, (enum initializer)r->o->initializer, r->o->seed);
	if (r->o->init != NULL)
		take_init(r);
	if (r->o->freeze != NULL)
		freeze(r);
}
