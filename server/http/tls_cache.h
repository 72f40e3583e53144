/*
 * TLS sessions by their ID, for clients that know no tickets (BearSSL). Bounded: the one not asked for the
 * longest makes room. Any thread. Private to server/http.
 */
#ifndef OTTER_HTTP_TLS_CACHE_H
#define OTTER_HTTP_TLS_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_TLS_ID_MAX      32u   /* bytes of a session's ID */
#define HTTP_TLS_SESSION_MAX 4096u /* bytes of a session; a larger one is not kept */

struct http_tls_cache;

/* Room for `max` sessions, at least 1. NULL when out of memory. */
struct http_tls_cache *http_tls_cache_new(unsigned max);
/* Wipes and frees all. NULL is nothing to do. */
void http_tls_cache_free(struct http_tls_cache *cache);

/* Keeps a copy, in place of what the ID had. False: not kept. */
bool http_tls_cache_put(struct http_tls_cache *cache, const void *id, size_t id_len, const void *data,
                        size_t len);
/* Copies a session into out; its length, or 0: there is none. */
size_t http_tls_cache_get(struct http_tls_cache *cache, const void *id, size_t id_len,
                          unsigned char out[HTTP_TLS_SESSION_MAX]);
void http_tls_cache_remove(struct http_tls_cache *cache, const void *id, size_t id_len);
unsigned http_tls_cache_count(struct http_tls_cache *cache);

#endif
