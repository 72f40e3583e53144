/* Between the files of the test world. */
#ifndef OTTER_TESTS_CLIENT_WORLD_NET_H
#define OTTER_TESTS_CLIENT_WORLD_NET_H

#include "world.h"

/* Answers a whole request: fills net.out. */
void world_serve(struct world *w, const struct world_request *r);

void world_net_init(struct world *w);
/* The stream answers what only TLS can answer, from w->net. */
void world_net_tls(struct world *w);
/* Would a recv give something now? */
bool world_net_ready(const struct world *w);

#endif
