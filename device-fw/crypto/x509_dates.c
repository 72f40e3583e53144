#include "crypto/x509_dates.h"

#include <string.h>

enum way { ENTER, SKIP, SKIP_OR_NEXT, TAKE };

/* What stands before the validity, in order. */
static const struct {
    uint8_t tag;
    enum way way;
} elements[] = {
    {0x30, ENTER},        /* Certificate */
    {0x30, ENTER},        /* tbsCertificate */
    {0xa0, SKIP_OR_NEXT}, /* version: absent in version 1 */
    {0x02, SKIP},         /* serialNumber */
    {0x30, SKIP},         /* signature */
    {0x30, SKIP},         /* issuer */
    {0x30, TAKE},         /* validity */
};

void otter_x509_dates_init(struct otter_x509_dates *d)
{
    memset(d, 0, sizeof(*d));
}

/* `count` digits, or false. */
static bool digits(const uint8_t *p, unsigned count, uint32_t *ret)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < count; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (uint32_t)(p[i] - '0'); /* at most four digits */
    }
    *ret = v;
    return true;
}

static bool is_leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 0000-01-01 to the first of a month (1..12); year <= 9999. */
static uint32_t days_to(uint32_t year, uint32_t month)
{
    static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    uint32_t days = year * 365 + before[month - 1];

    if (year > 0)
        days += (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1; /* the year 0 is a leap year */
    return days + (month > 2 && is_leap(year) ? 1 : 0);
}

static uint32_t month_length(uint32_t year, uint32_t month)
{
    static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return length[month - 1] + (uint32_t)(month == 2 && is_leap(year));
}

/* One Time at *at of len bytes: "YYMMDDHHMMSSZ" or "YYYYMMDDHHMMSSZ" and nothing else (RFC 5280, 4.1.2.5). */
static bool take_time(const uint8_t *p, size_t len, size_t *at, uint64_t *ret)
{
    bool general = len - *at >= 17 && p[*at] == 0x18 && p[*at + 1] == 15;
    bool utc = len - *at >= 15 && p[*at] == 0x17 && p[*at + 1] == 13;
    const uint8_t *t = p + *at + 2;
    uint32_t year, month, day, hour, minute, second;

    if ((!general && !utc) || !digits(t, general ? 4 : 2, &year))
        return false;
    t += general ? 4 : 2;
    if (utc)
        year += year < 50 ? 2000 : 1900;
    if (!digits(t, 2, &month) || !digits(t + 2, 2, &day) || !digits(t + 4, 2, &hour) ||
        !digits(t + 6, 2, &minute) || !digits(t + 8, 2, &second) || t[10] != 'Z' || month < 1 || month > 12 ||
        day < 1 || day > month_length(year, month) || hour > 23 || minute > 59 || second > 59)
        return false;
    *ret = (uint64_t)(days_to(year, month) + day - 1) * 86400 + (hour * 3600 + minute * 60 + second);
    *at += general ? 17 : 15;
    return true;
}

static enum otter_x509_dates_state judge(struct otter_x509_dates *d)
{
    size_t at = 0;

    if (!take_time(d->held, d->held_len, &at, &d->not_before) ||
        !take_time(d->held, d->held_len, &at, &d->not_after) || at != d->held_len)
        return OTTER_X509_BAD;
    return OTTER_X509_DONE;
}

/* Tag and length are there: into the element, over it, or it is the one. */
static enum otter_x509_dates_state begin_value(struct otter_x509_dates *d)
{
    enum way way = elements[d->element].way;

    d->in_length = false;
    if (way == TAKE)
        return d->left == 0 || d->left > OTTER_X509_VALIDITY_MAX ? OTTER_X509_BAD : OTTER_X509_INSIDE;
    if (way == ENTER)
        d->left = 0;
    d->element++;
    return OTTER_X509_BEFORE;
}

static enum otter_x509_dates_state feed_tag(struct otter_x509_dates *d, uint8_t byte)
{
    if (elements[d->element].way == SKIP_OR_NEXT && byte != elements[d->element].tag)
        d->element++;
    if (byte != elements[d->element].tag)
        return OTTER_X509_BAD;
    d->in_length = true;
    d->length_left = 0;
    d->left = 0;
    return OTTER_X509_BEFORE;
}

static enum otter_x509_dates_state feed_length(struct otter_x509_dates *d, uint8_t byte)
{
    if (d->length_left > 0) {
        d->left = d->left << 8 | byte; /* at most three bytes: below 2^24 */
        return --d->length_left > 0 ? OTTER_X509_BEFORE : begin_value(d);
    }
    if (byte < 0x80) {
        d->left = byte;
        return begin_value(d);
    }
    d->length_left = byte & 0x7f;
    return d->length_left == 0 || d->length_left > 3 ? OTTER_X509_BAD : OTTER_X509_BEFORE;
}

enum otter_x509_dates_state otter_x509_dates_feed(struct otter_x509_dates *d, uint8_t byte)
{
    switch (d->state) {
    case OTTER_X509_BEFORE:
        if (d->in_length)
            d->state = feed_length(d, byte);
        else if (d->left > 0)
            d->left--;
        else
            d->state = feed_tag(d, byte);
        break;
    case OTTER_X509_INSIDE:
        d->held[d->held_len++] = byte; /* left <= the array, from begin_value() */
        if (--d->left == 0)
            d->state = judge(d);
        break;
    default:
        break;
    }
    return d->state;
}
