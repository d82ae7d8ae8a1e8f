/* SPDX-License-Identifier: ISC */
/* From the items of a net's text to its layers: who reads whom, under which names. */
#ifndef NET_GRAPH_H
#define NET_GRAPH_H

#include "net-spec.h"
#include "net.h"

/*
 * Fills n->layer and n->source: shapes, parameters and their places, slots. `text` is what the
 * items were read from. 0, or -1 with the text and the layer at fault.
 */
int net_graph_build(
	struct net *n, const struct net_spec *spec, const char *text, struct err *e);

#endif
