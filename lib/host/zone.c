/* A zone is read once, into a table of its offsets: what is asked for with each poll is a search in it. */
#include "host/zone.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 256u

#define END INT64_C(4294967296) /* 2106: as far as the fleet's own times go */

struct change {
    int64_t at;
    int32_t offset;
};

struct host_zone {
    const struct host_zone *next;
    char name[HOST_ZONE_NAME_MAX + 1];
    unsigned count;
    struct change *changes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;       /* of who adds one */
static _Atomic(const struct host_zone *) known_zones[BUCKETS]; /* read without it; some 600 at the most */

/* A name in tzdata: no path out of it, none of the rules ("CET-1CEST") that GLib would take, too, and none of
 * what lies beside the zones: "right/UTC" counts leap seconds, "localtime" is whatever the machine's is. */
static bool well_formed(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

    return n > 0 && n <= HOST_ZONE_NAME_MAX && name[n] == '\0' && g_ascii_isupper(name[0]) &&
           !strstr(name, "//");
}

/* GLib makes zones of POSIX rules as well, and complains aloud of other files: a zone is what tzdata has a
 * file of that begins as one. */
static bool in_tzdata(const char *name)
{
    const char *dir = g_getenv("TZDIR");
    char *path = g_build_filename(dir ? dir : "/usr/share/zoneinfo", name, NULL);
    FILE *file = g_file_test(path, G_FILE_TEST_IS_REGULAR) ? fopen(path, "rbe") : NULL;
    char head[44]; /* of RFC 8536 */
    bool is = file && fread(head, 1, sizeof(head), file) == sizeof(head) && memcmp(head, "TZif", 4) == 0;

    if (file)
        (void)fclose(file);
    g_free(path);
    return is;
}

/* The first second behind that interval of the zone; END if there is none. Intervals rise with time. */
static int64_t interval_end(GTimeZone *tz, int64_t from, int interval)
{
    int64_t low = from, high = END;

    while (low + 1 < high) {
        int64_t mid = low + (high - low) / 2;

        if (g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, mid) <= interval)
            low = mid;
        else
            high = mid;
    }
    return high;
}

/* False when out of memory. */
static bool add_change(struct host_zone *zone, int64_t at, int32_t offset)
{
    struct change *bigger;

    if (zone->count > 0 && zone->changes[zone->count - 1].offset == offset)
        return true; /* only the abbreviation changed */
    bigger = realloc(zone->changes, (zone->count + 1) * sizeof(*bigger));
    if (!bigger)
        return false;
    zone->changes = bigger;
    zone->changes[zone->count++] = (struct change){.at = at, .offset = offset};
    return true;
}

static bool read_changes(struct host_zone *zone, GTimeZone *tz)
{
    for (int64_t at = 0; at < END;) {
        int interval = g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, at);

        if (!add_change(zone, at, g_time_zone_get_offset(tz, interval)))
            return false;
        at = interval_end(tz, at, interval);
    }
    return true;
}

/* NULL: GLib cannot read it, or out of memory. */
static struct host_zone *read_zone(const char *name)
{
    GTimeZone *tz = g_time_zone_new_identifier(name);
    struct host_zone *zone = tz ? calloc(1, sizeof(*zone)) : NULL;

    if (zone && !read_changes(zone, tz)) {
        free(zone->changes);
        free(zone);
        zone = NULL;
    }
    if (zone)
        memcpy(zone->name, name, strlen(name) + 1); /* well_formed: it fits */
    if (tz)
        g_time_zone_unref(tz);
    return zone;
}

static _Atomic(const struct host_zone *) *bucket_of(const char *name)
{
    return &known_zones[g_str_hash(name) % BUCKETS];
}

/* Zones are added at the head and never taken away: this needs no lock. */
static const struct host_zone *find(const char *name)
{
    const struct host_zone *zone = atomic_load_explicit(bucket_of(name), memory_order_acquire);

    while (zone && strcmp(zone->name, name) != 0)
        zone = zone->next;
    return zone;
}

static const struct host_zone *find_or_read(const char *name)
{
    const struct host_zone *known = find(name);
    struct host_zone *zone = known ? NULL : read_zone(name);

    if (!zone)
        return known;
    zone->next = atomic_load_explicit(bucket_of(name), memory_order_relaxed);
    atomic_store_explicit(bucket_of(name), zone, memory_order_release);
    return zone;
}

/* Of a name that is none nothing is kept: devices name their zones themselves. */
const struct host_zone *host_zone_find(const char *iana)
{
    const struct host_zone *zone = find(iana);

    if (zone || !well_formed(iana) || !in_tzdata(iana))
        return zone;
    (void)pthread_mutex_lock(&lock);
    zone = find_or_read(iana);
    (void)pthread_mutex_unlock(&lock);
    return zone;
}

const char *host_zone_name(const struct host_zone *zone)
{
    return zone->name;
}

int32_t host_zone_offset(const struct host_zone *zone, int64_t t, int64_t *ret_until)
{
    unsigned low = 0, high = zone->count;

    while (low + 1 < high) {
        unsigned mid = low + (high - low) / 2;

        if (zone->changes[mid].at <= t)
            low = mid;
        else
            high = mid;
    }
    *ret_until = low + 1 < zone->count ? zone->changes[low + 1].at : INT64_MAX;
    return zone->changes[low].offset;
}
