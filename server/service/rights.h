/*
 * Whom a call may concern: what handlers ask before they show or change an object of a product. What one may
 * not see is answered as if it were not there, in the very words; what one sees and may not change is
 * FORBIDDEN with the right and the product that are missing.
 */
#ifndef OTTER_SERVICE_RIGHTS_H
#define OTTER_SERVICE_RIGHTS_H

#include "service/internal.h"

/* Is the asker still who he was when the request came (auth_again.c)? OK, UNAUTHORIZED or FORBIDDEN. */
enum otter_status auth_again(struct svc *svc, struct svc_call *call);
/* And has he what the operation needs, for some product at least? Before the handler, each time. */
enum otter_status rights_check(struct svc *svc, struct svc_call *call);

/* Are objects of the product there for who asks? */
bool rights_see(const struct svc_call *call, const char *product);
bool rights_may(const struct svc_call *call, enum policy_right right, const char *product);
/* Those of all products? Then nothing needs to be left out. */
bool rights_see_all(const struct svc_call *call);
/* The device at a place of the fleet; takes no lock: its product never changes. */
bool rights_see_device(struct svc *svc, const struct svc_call *call, uint32_t index);

/* The operation's right, for a product: OK, or FORBIDDEN with the words in the call, or in *err. */
enum otter_status rights_need(struct svc_call *call, const char *product);
/* The like of another right, which the operation needs for what it does besides. */
enum otter_status rights_need_also(struct svc_call *call, enum policy_right right, const char *product);
enum otter_status rights_need_or(const struct svc_call *call, const char *product, struct host_error *err);

#endif
