/* The services' functions, faked: answers that a test chooses, from memory or from a thread of its own. */
#ifndef OTTER_TEST_FAKE_SERVICE_H
#define OTTER_TEST_FAKE_SERVICE_H

#include "service/service.h"

#include <pthread.h>
#include <stdatomic.h>

#define FAKE_ADMIN     "admin-token"
#define FAKE_DEVICE    "device-token" /* of every device whose id begins with "dev" */
#define FAKE_BLOB_SIZE 300000u
#define FAKE_UPLOAD    "0123456789abcdef"

struct svc {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct svc_call *first, *last;
    bool stop;
    bool hold;        /* submitted calls wait */
    bool closing;     /* svc_submit refuses */
    atomic_bool full; /* svc_admit does */
    unsigned calls;   /* submitted */
    unsigned stats;   /* calls of svc_upload_stat() */
    bool blobs_public;
    bool ready;                     /* what svc_ready says */
    enum otter_status proof_status; /* what svc_auth_device_hmac answers */
    char last_proof[512]; /* "device method target nonce/length mac-length body-length" of the newest */
    int blob_fd;
    bool blob_mapped;         /* it is served from memory */
    struct otter_digest blob; /* its name */
    char upload[200000];
    size_t upload_len, upload_size; /* size 0: there is none */
    bool upload_bad;                /* the digest will not match */
    struct svc_in last_in;          /* of the newest operator's call; strings not valid any more */
    char last_text[256];            /* "id=.. number=.. filter=.. key=.. dry=.. json=.." of it */
};

/* The byte of the blob at an offset. */
char fake_blob_byte(uint64_t at);

struct svc *fake_open(void);
void fake_close(struct svc *svc);
void fake_hold(struct svc *svc, bool hold);
/* Waits until n calls have been submitted since fake_open(). */
void fake_wait_calls(struct svc *svc, unsigned n);
/* The like for svc_upload_stat(), which begins every PATCH. */
void fake_wait_stats(struct svc *svc, unsigned n);

#endif
