/* What any store must do, whatever is behind it: run over SQLite now, over PostgreSQL later. */
#ifndef OTTER_TEST_STORE_CONFORMANCE_H
#define OTTER_TEST_STORE_CONFORMANCE_H

#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* An empty store, made anew for each test. */
struct backend {
    struct store *writer;
    struct store *reader;
    /* Closes both and opens them again. */
    void (*reopen)(struct backend *self);
};

#define OK(call) assert_int_equal((call), OTTER_OK)

/* What the cases share: the store that writes, and its transactions. */
struct store *writer_of(void **state);
void begin(struct store *s);
void commit(struct store *s);

typedef void conformance_test(void **state); /* *state is a struct backend */
struct conformance_case {
    const char *name;
    conformance_test *run;
};
extern const struct conformance_case conformance_cases[];
extern const unsigned conformance_count;
/* Operators' work: conformance_fleet.c. */
extern const struct conformance_case conformance_fleet_cases[];
extern const unsigned conformance_fleet_count;
/* Rollouts' plans, events and members, losses, groups, operators: conformance_plan.c. */
extern const struct conformance_case conformance_plan_cases[];
extern const unsigned conformance_plan_count;
/* The audit log: conformance_audit.c. */
extern const struct conformance_case conformance_audit_cases[];
extern const unsigned conformance_audit_count;

/* Devices' credentials: conformance_credentials.c. */
extern const struct conformance_case conformance_credentials_cases[];
extern const unsigned conformance_credentials_count;

#endif
