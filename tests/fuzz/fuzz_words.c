/*
 * Words that people type: numbers, durations, rates, addresses, roles and products. What is taken is within
 * its bounds, and what is written of it is taken again as the same.
 */
#include "fuzz.h"

#include "parse.h"
#include "policy/rights.h"

#include <stdio.h>

#define CENTURY (UINT64_C(100) * 366 * 86400)

static void check_numbers(const char *s)
{
    char text[32];
    uint64_t v = 7, again = 0;

    if (!cli_parse_number(s, 4096, true, &v))
        MUST(v == 7);
    MUST(v <= 4096);
    if (!cli_parse_number(s, UINT64_MAX, false, &v))
        return;
    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
    MUST(cli_parse_number(text, UINT64_MAX, false, &again) && again == v);
}

static void check_duration(const char *s)
{
    char text[CLI_SPAN_STR];
    uint64_t v = 7, again = 0;

    if (!cli_parse_duration(s, &v)) {
        MUST(v == 7);
        return;
    }
    MUST(v >= 1 && v <= CENTURY);
    cli_duration_format(v, text);
    MUST(cli_parse_duration(text, &again) && again == v);
}

static void check_mac(const char *s)
{
    uint8_t mac[6], again[6];
    char text[24];

    if (!cli_parse_mac(s, mac))
        return;
    snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
    MUST(cli_parse_mac(text, again) && memcmp(mac, again, sizeof(mac)) == 0);
}

struct rights_maker {
    struct cli_piece piece;
    struct policy_rights rights;
    unsigned taken;
};

/* "ROLE:PRODUCT", as grants of an operator come from a command line. */
static bool take_grant(struct cli_piece *self, const char *text)
{
    struct rights_maker *m = (struct rights_maker *)self; /* its first member */
    const char *product = strchr(text, ':');
    struct policy_grant grant;
    char role[512];

    if (product == NULL)
        return true;
    memcpy(role, text, (size_t)(product - text));
    role[product++ - text] = '\0';
    if (!policy_role_find(role, &grant.role) || !policy_grant_product_valid(product))
        return true;
    MUST(strcmp(policy_role_name(grant.role), role) == 0 && strlen(product) < sizeof(grant.product));
    memcpy(grant.product, product, strlen(product) + 1);
    if (!policy_rights_add(&m->rights, &grant))
        return true;
    m->taken++;
    MUST(policy_may(&m->rights, POLICY_SEE, strcmp(product, POLICY_EVERYWHERE) == 0 ? "any" : product));
    return true;
}

static void check_grants(const char *s)
{
    struct rights_maker m = {.piece.piece = take_grant};

    (void)cli_split(s, ',', &m.piece);
    MUST(m.rights.count <= POLICY_GRANTS_MAX && m.rights.count <= m.taken);
    MUST((m.rights.everywhere & ~m.rights.anywhere) == 0);
    MUST(!policy_may(&m.rights, POLICY_SEE, NULL) || m.rights.everywhere != 0);
    for (unsigned bit = 1; bit <= POLICY_ADMINISTER; bit <<= 1)
        MUST(policy_may_anywhere(&m.rights, (enum policy_right)bit) ||
             !policy_may(&m.rights, (enum policy_right)bit, "p"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum otter_selftest mode;
    uint8_t percent = 1;
    char *s = malloc(size + 1);

    MUST(s != NULL);
    memcpy(s, data, size);
    s[size] = '\0';
    check_numbers(s);
    check_duration(s);
    check_mac(s);
    check_grants(s);
    if (cli_parse_selftest(s, &mode, &percent))
        MUST(percent >= 1 && percent <= 100);
    free(s);
    return 0;
}
