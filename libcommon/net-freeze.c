/* SPDX-License-Identifier: ISC */
/* Parameters that training leaves alone. */
#include "err.h"
#include "net-share.h"
#include "net.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Freezes the parameters of these names; how many there are. */
static size_t freeze_matches(struct net *n, const char *pattern)
{
	size_t matches = 0;

	for (struct layer *l = n->layer; l < n->layer + n->layers; l++)
		for (int i = 0; i < l->params; i++) {
			char name[NET_PARAM_NAME];

			if (fnmatch(pattern, net_param_name(l, &l->param[i], name), 0) != 0)
				continue;
			l->frozen |= 1U << i;
			matches++;
		}
	return matches;
}

/* Takes the list of patterns apart, in place. */
static int freeze_list(struct net *n, char *list, struct err *e)
{
	const struct layer_param *p;
	const struct layer *first = net_param(n, 0, &p);
	char name[NET_PARAM_NAME];

	for (char *pattern = list, *rest; pattern != NULL; pattern = rest) {
		rest = strchr(pattern, ',');
		if (rest != NULL)
			*rest++ = '\0';
		if (freeze_matches(n, pattern) == 0)
			return err_set(e,
				"\"%.200s\" matches no name of a parameter: they are %s and so "
				"on",
				pattern, net_param_name(first, p, name));
	}
	return 0;
}

/* Gradients go back no further than to the first parameter that is trained. */
static void stop_gradients(struct net *n)
{
	for (struct layer *l = n->layer; l < n->layer + n->layers; l++) {
		l->needs_din = 0;
		for (int i = 0; i < l->sources; i++) {
			struct layer_source *s = &l->source[i];

			s->needs_din =
				s->layer >= 0 && (n->layer[s->layer].needs_din ||
							 layer_trains(&n->layer[s->layer]));
			l->needs_din |= s->needs_din;
		}
	}
}

int net_freeze(struct net *n, const char *patterns, struct err *e)
{
	char *list = strdup(patterns);
	int failed;

	if (list == NULL)
		return err_set(e, "out of memory");
	failed = n->params == 0 ? err_set(e, "the net has no parameters")
				: freeze_list(n, list, e);
	free(list);
	if (failed)
		return -1;
	stop_gradients(n);
	net_share(n);
	if (net_trained(n) == 0)
		return err_set(e, "nothing is left to train");
	return 0;
}

size_t net_trained(const struct net *n)
{
	size_t values = 0;

	for (const struct layer *l = n->layer; l < n->layer + n->layers; l++)
		for (int i = 0; i < l->params; i++)
			if (!(l->frozen >> i & 1))
				values += l->param[i].count;
	return values;
}
