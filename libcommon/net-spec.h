/* SPDX-License-Identifier: ISC */
/*
 * Nets as text. The grammar's part that is understood today:
 *
 *	seq   := [ item { "," item } ]          item := [ INT "*" ] ( layer | group | mlp )
 *	group := "(" seq ")"                    mlp  := INT "-" INT { "-" INT }
 *	layer := KIND [INT "x" INT] [":" NUM] { "/" OPT [INT | "=" NUM] }
 *
 * White space is free, '#' starts a comment to the end of the line. 784-1200-10
 * is fc:1200,relu,fc:10 for inputs of 784 values.
 */
#ifndef NET_SPEC_H
#define NET_SPEC_H

#include "layer.h"

#define NET_MAX_LAYERS 1000

struct net_spec {
	struct layer_spec *layer; /* groups and repetitions written out */
	int layers;
};

/* 0, or -1 with the text, the place and what was expected. Release after success only. */
int net_spec_parse(struct net_spec *s, const char *text, struct err *e);
void net_spec_release(struct net_spec *s);

/* The layers as text that parses to the same: "fc:1200,relu,fc:10". malloc'ed; NULL out of
 * memory. */
char *net_spec_text(const struct net_spec *s);

#endif
