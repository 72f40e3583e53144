#include "policy/client_name.h"

#include <string.h>

enum policy_client policy_client_verdict(unsigned found)
{
    unsigned verdict = 0;

    while (verdict < POLICY_CLIENT_GOOD && !(found & 1u << verdict))
        verdict++;
    return (enum policy_client)verdict;
}

const char *policy_client_text(enum policy_client verdict)
{
    static const char *const texts[] = {
        [POLICY_CLIENT_UNTRUSTED] = "it leads to no CA that devices' certificates are taken from",
        [POLICY_CLIENT_WEAK] = "it, or its chain, is made by an algorithm or a key that is too weak",
        [POLICY_CLIENT_REVOKED] = "it was revoked",
        [POLICY_CLIENT_EARLY] = "it is not valid yet",
        [POLICY_CLIENT_ENDED] = "it has ended",
        [POLICY_CLIENT_USE] = "it is not for clients (extended key usage)",
        [POLICY_CLIENT_NO_CRL] = "the server has no CRL of its CA",
        [POLICY_CLIENT_OLD_CRL] = "the server's CRL of its CA has ended",
        [POLICY_CLIENT_NO_NAME] = "it has no name of the form that devices' have",
        [POLICY_CLIENT_TWO_NAMES] = "it has several names that could be a device's",
        [POLICY_CLIENT_BAD_NAME] = "its name holds no device's id",
        [POLICY_CLIENT_GOOD] = "it is good",
    };

    return texts[verdict];
}

static const struct {
    const char *prefix;
    bool alone;  /* two of them are two, whether they fit or not */
    bool labels; /* of a DNS name */
} kinds[POLICY_CLIENT_KINDS] = {
    [POLICY_CLIENT_CN] = {"cn:", true, false},
    [POLICY_CLIENT_DNS] = {"dns:", false, true},
    [POLICY_CLIENT_URI] = {"uri:", false, false},
};

static bool printable(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s <= ' ' || *s > '~')
            return false;
    }
    return true;
}

static bool find_kind(const char *text, enum policy_client_kind *ret)
{
    for (unsigned i = 0; i < POLICY_CLIENT_KINDS; i++) {
        if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) {
            *ret = (enum policy_client_kind)i;
            return true;
        }
    }
    return false;
}

bool policy_client_pattern(const char *text, struct policy_client_pattern *ret, const char **ret_why)
{
    enum policy_client_kind kind;
    const char *star;

    if (!find_kind(text, &kind)) {
        *ret_why = "begin it with cn:, dns: or uri:";
        return false;
    }
    text += strlen(kinds[kind].prefix);
    star = strchr(text, '*');
    if (!star || strchr(star + 1, '*')) {
        *ret_why = "one * stands for the device's id";
        return false;
    }
    if (!printable(text)) {
        *ret_why = "printable characters of ASCII alone, and no space";
        return false;
    }
    *ret = (struct policy_client_pattern){.kind = kind,
                                          .before = text,
                                          .before_len = (size_t)(star - text),
                                          .behind = star + 1,
                                          .behind_len = strlen(star + 1)};
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(const char *a, const char *b, size_t len, bool any_case)
{
    for (size_t i = 0; i < len; i++) {
        if (any_case ? lower(a[i]) != lower(b[i]) : a[i] != b[i])
            return false;
    }
    return true;
}

static bool fits(const struct policy_client_pattern *p, const struct policy_client_name *name)
{
    bool any_case = kinds[p->kind].labels;

    /* Neither length is more than that of a line of the configuration. */
    return name->len >= p->before_len + p->behind_len &&
           same(name->text, p->before, p->before_len, any_case) &&
           same(name->text + name->len - p->behind_len, p->behind, p->behind_len, any_case);
}

/* Another spelling of the same DNS name, or a name below it, would be another device's. */
static bool is_plain_label(const char *id, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (id[i] == '.' || id[i] != lower(id[i]))
            return false;
    }
    return true;
}

static enum policy_client take_id(const struct policy_client_pattern *p,
                                  const struct policy_client_name *name, char ret[OTTER_NAME_BUF])
{
    const char *id = name->text + p->before_len;
    size_t len = name->len - p->before_len - p->behind_len; /* fits() */

    if (!otter_device_id_valid(id, len) || (kinds[p->kind].labels && !is_plain_label(id, len)))
        return POLICY_CLIENT_BAD_NAME;
    memcpy(ret, id, len); /* a valid one has room */
    ret[len] = '\0';
    return POLICY_CLIENT_GOOD;
}

enum policy_client policy_client_device(const struct policy_client_pattern *pattern,
                                        const struct policy_client_name *names, size_t count,
                                        char ret[OTTER_NAME_BUF])
{
    const struct policy_client_name *found = NULL;

    if (kinds[pattern->kind].alone && count > 1)
        return POLICY_CLIENT_TWO_NAMES;
    for (size_t i = 0; i < count; i++) {
        if (memchr(names[i].text, '\0', names[i].len))
            return POLICY_CLIENT_BAD_NAME;
        if (!fits(pattern, &names[i]))
            continue;
        if (found)
            return POLICY_CLIENT_TWO_NAMES;
        found = &names[i];
    }
    return found ? take_id(pattern, found, ret) : POLICY_CLIENT_NO_NAME;
}
