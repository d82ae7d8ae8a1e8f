/* SPDX-License-Identifier: ISC */
/*
 * Nets as text; net(5) describes the language.
 *
 *	net   := { def ";" } seq
 *	def   := NAME [ "(" NAME {"," NAME} ")" ] "=" seq
 *	seq   := item { "," item }
 *	item  := [ INT "*" ] ( layer | group | call | mlp )
 *	group := "(" seq ")" | [ "+" ] "(" [seq] {"|" [seq]} ")"
 *	call  := "@" NAME [ "(" NUM {"," NUM} ")" ]
 *	layer := KIND [INT "x" INT] [":" NUM] { "/" OPT [INT | "=" NUM] }
 *	mlp   := INT "-" INT { "-" INT }
 *
 * Within a definition $NAME may stand for any number. White space is free between these parts,
 * '#' starts a comment to the end of the line. 784-1200-10 is fc:1200,relu,fc:10 for inputs of
 * 784 values.
 */
#ifndef NET_SPEC_H
#define NET_SPEC_H

#include "layer.h"

#define NET_MAX_TEXT ((size_t)1 << 20)
#define NET_MAX_LAYERS 1000 /* joins among them */
#define NET_MAX_ITEMS 4000

/* What a net's text is made of once definitions, series and repetitions are written out. */
enum net_item_type { NET_LAYER, NET_OPEN, NET_NEXT, NET_CLOSE, NET_END };

struct net_item {
	enum net_item_type type;
	struct layer_spec layer; /* of a layer; where a join opens, the join's */
	int branches;		 /* where a join opens */
	size_t at;		 /* where in the text it was read */
};

/* A layer, or a join, its branches with NET_NEXT between them, and NET_CLOSE; last NET_END. */
struct net_spec {
	struct net_item *item;
	int items;  /* without the last */
	int layers; /* layers and joins among them */
};

/* 0, or -1 with the place, what was expected, and the text with a caret below the place.
 * Release after success only. */
int net_spec_parse(struct net_spec *s, const char *text, struct err *e);
void net_spec_release(struct net_spec *s);

/*
 * Makes the text of *e, which has one line, one about the character at text[at]: "net,
 * character 5: ...", or "net, line 2, character 5: ..." where the net has several lines, and
 * below it, in two lines more, what stands there and a caret. Returns -1.
 */
int net_spec_blame(struct err *e, const char *text, size_t at);

/* The net as text that parses to the same: "fc:1200,relu,fc:10", "conv3x3:16/same,+(bn|)".
 * malloc'ed; NULL out of memory. */
char *net_spec_text(const struct net_spec *s);

/* One layer, "conv3x3:16/same"; of a join its name. */
char *net_spec_layer_text(const struct layer_spec *l);

#endif
