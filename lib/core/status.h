/*
 * The one table of names: every refusal, reason and answer that Otter can give, with its wire name.
 * The names appear verbatim in JSON, in the CLI and in docs/protocol.md (generated from here by
 * tests/support/gen-names.c); renaming one is a change of protocol.
 *
 * Groups: G general, T transport, D signed documents, M manifest against device, I image, U update on the
 * device, P policy of the server, A operators' API.
 */
#ifndef OTTER_CORE_STATUS_H
#define OTTER_CORE_STATUS_H

#include <stdint.h>

/* X(SYMBOL, "wire-name", 'group', "meaning") */
#define OTTER_STATUS_TABLE(X)                                                                                \
    X(OK, "ok", 'G', "done")                                                                                 \
    X(TOO_LARGE, "too-large", 'G', "longer than its bound")                                                  \
    X(NO_SPACE, "no-space", 'G', "the buffer given is too small")                                            \
    X(BAD_JSON, "bad-json", 'G', "not well-formed JSON, or more tokens than allowed")                        \
    X(BAD_VALUE, "bad-value", 'G', "a member has the wrong type or is out of range")                         \
    X(MISSING_MEMBER, "missing-member", 'G', "a required member is absent")                                  \
    X(UNKNOWN_MEMBER, "unknown-member", 'G', "a member that the format does not know")                       \
    X(DUPLICATE_MEMBER, "duplicate-member", 'G', "a member that occurs twice")                               \
    X(BAD_ENCODING, "bad-encoding", 'G', "base64url or hex that is not canonical")                           \
    X(IO_ERROR, "io-error", 'G', "a read or write of the medium failed")                                     \
    X(INTERNAL, "internal", 'G', "a defect in Otter itself")                                                 \
    X(OTHER, "other", 'G', "a name that this program does not know: a newer device's")                       \
                                                                                                             \
    X(NET_UNREACHABLE, "net-unreachable", 'T', "no connection to the server")                                \
    X(NET_LOST, "net-lost", 'T', "the connection ended early")                                               \
    X(NET_TIMEOUT, "net-timeout", 'T', "no progress in time")                                                \
    X(NET_SLOW, "net-slow", 'T', "slower than the minimum rate")                                             \
    X(HTTP_MALFORMED, "http-malformed", 'T', "a reply that is not HTTP/1.1 within bounds")                   \
    X(HTTP_STATUS, "http-status", 'T', "an HTTP status that does not fit the request")                       \
    X(HTTP_RANGE, "http-range", 'T', "Content-Range or ETag does not answer the Range asked for")            \
    X(HTTP_REDIRECT, "http-redirect", 'T', "redirects are not followed")                                     \
    X(TLS_ABSENT, "tls-absent", 'T', "https, and the device's firmware speaks http alone")                   \
    X(TLS_NO_CA, "tls-no-ca", 'T', "https, and the factory data hold no usable CA certificate")              \
    X(TLS_NO_NAME, "tls-no-name", 'T', "https to an address: the factory data must give a TLS name")         \
    X(TLS_UNTRUSTED, "tls-untrusted", 'T', "the server's certificate does not lead to the device's CA")      \
    X(TLS_NAME, "tls-name", 'T', "the server's certificate is for another name")                             \
    X(TLS_EXPIRED, "tls-expired", 'T', "a certificate of the server is not valid at the device's time")      \
    X(TLS_RECORD, "tls-record", 'T',                                                                         \
      "a TLS record that the device's buffer cannot hold: longer than asked for")                            \
    X(TLS_FAILED, "tls-failed", 'T', "the TLS handshake did not succeed, or a record is damaged")            \
                                                                                                             \
    X(BAD_ENVELOPE, "bad-envelope", 'D', "not a JWS general serialization of the exact shape")               \
    X(BAD_HEADER, "bad-header", 'D', "protected header is not exactly {alg:ES256,kid}")                      \
    X(TOO_MANY_SIGNATURES, "too-many-signatures", 'D', "more than eight signatures")                         \
    X(DUPLICATE_SIGNATURE, "duplicate-signature", 'D', "a key signed twice")                                 \
    X(UNKNOWN_KEY, "unknown-key", 'D', "no signature by a key of the role")                                  \
    X(BAD_SIGNATURE, "bad-signature", 'D', "a signature by a known key does not verify")                     \
    X(THRESHOLD, "threshold-not-met", 'D', "fewer valid signatures than the role's threshold")               \
    X(WRONG_TYPE, "wrong-type", 'D', "a signed document of another type")                                    \
    X(NO_ROOT, "no-root", 'D', "no root has been published yet")                                             \
    X(ROOT_VERSION, "root-version", 'D', "the root's version is not the current one plus one")               \
    X(ROOT_KEYS, "root-keys", 'D', "a key's id is not the digest of its key, or it is no P-256 key")         \
    X(ROOT_ROLES, "root-roles", 'D',                                                                         \
      "a role names an unknown key, a bad threshold, or shares the offer key")                               \
    X(ROOT_EPOCH, "root-epoch", 'D', "the root's sequence epoch is below the current one")                   \
    X(ROOT_EXPIRED, "root-expired", 'D', "the newest root had expired when the offer was issued")            \
    X(CREATED_IN_FUTURE, "created-in-future", 'D', "created later than the publisher's clock")               \
    X(OFFER_DEVICE, "offer-device", 'D', "the offer is for another device")                                  \
    X(OFFER_NONCE, "offer-nonce", 'D', "the offer does not answer this poll")                                \
    X(OFFER_TIME, "offer-time", 'D', "the offer was issued before the device's time floor")                  \
    X(OFFER_DEADLINE, "offer-deadline", 'D', "the offer's deadline is not after its issue")                  \
                                                                                                             \
    X(MANIFEST_SIZE, "manifest-size", 'M', "the manifest's size is not the offer's")                         \
    X(MANIFEST_DIGEST, "manifest-digest", 'M', "the manifest's digest is not the offer's")                   \
    X(WRONG_PRODUCT, "wrong-product", 'M', "made for another product")                                       \
    X(WRONG_HARDWARE, "wrong-hardware", 'M', "made for other hardware")                                      \
    X(MANIFEST_EXPIRED, "manifest-expired", 'M', "the manifest had expired when the offer was issued")       \
    X(WRONG_EPOCH, "wrong-epoch", 'M', "the manifest's epoch is not the root's")                             \
    X(SEQUENCE, "sequence-not-above", 'M', "epoch and sequence are not above the confirmed ones")            \
    X(COUNTER, "counter-below", 'M', "the security counter is below the device's")                           \
    X(REQUIRES_FROM, "requires-from", 'M', "the running version is below requires.from")                     \
    X(REQUIRES_BELOW, "requires-below", 'M', "the running version is not below requires.below")              \
    X(IMAGE_MISMATCH, "image-mismatch", 'M', "the offer's image is not one of the manifest's")               \
    X(SLOT_RUNNING, "slot-running", 'M', "the image is for the slot that runs")                              \
    X(SLOT_UNSUPPORTED, "slot-unsupported", 'M', "the device has no such slot")                              \
    X(WRONG_LINK, "wrong-link", 'M', "the image is linked for another address than its slot's")              \
    X(IMAGE_TOO_LARGE, "image-too-large", 'M', "the image does not fit the slot less its trailer")           \
    X(DELTA_BASE, "delta-base", 'M', "the delta is for another running image")                               \
    X(DELTA_SIZE, "delta-size", 'M', "the delta is not smaller than the image")                              \
    X(DELTA_CONTAINER, "delta-container", 'M', "the delta's container disagrees with offer and manifest")    \
    X(DELTA_UNSUPPORTED, "delta-unsupported", 'M', "the device cannot apply deltas")                         \
                                                                                                             \
    X(IMAGE_LENGTH, "image-length", 'I', "more or fewer bytes than the manifest says")                       \
    X(IMAGE_DIGEST, "image-digest", 'I', "the bytes received are not the manifest's digest")                 \
    X(IMAGE_REREAD, "image-reread", 'I', "flash does not hold what was written to it")                       \
    X(IMAGE_MAGIC, "image-magic", 'I', "no MCUboot image header")                                            \
    X(IMAGE_HEADER, "image-header", 'I', "a header field is out of its bounds")                              \
    X(IMAGE_FLAGS, "image-flags", 'I', "encrypted, compressed, RAM-loaded or non-bootable")                  \
    X(IMAGE_TLV, "image-tlv", 'I', "the TLV area is damaged, or a needed entry is absent or twice there")    \
    X(IMAGE_HASH, "image-hash", 'I', "the hash TLV is not the hash of header, payload and protected TLVs")   \
    X(IMAGE_VERSION, "image-version", 'I', "the header's version is not the manifest's")                     \
    X(IMAGE_COUNTER, "image-counter", 'I', "SEC_CNT is not the manifest's security counter")                 \
    X(IMAGE_LINK, "image-link", 'I', "ROM_FIXED address is absent or not the slot's base")                   \
    X(IMAGE_KEY_UNKNOWN, "image-key-unknown", 'I', "signed by a key that the device does not hold")          \
    X(IMAGE_KEY_REVOKED, "image-key-revoked", 'I', "signed by a revoked image key")                          \
    X(IMAGE_SIGNATURE, "image-signature", 'I', "the image's signature does not verify")                      \
    X(IMAGE_FLOOR, "image-floor", 'I', "SEC_CNT is below the bootloader's counter floor")                    \
                                                                                                             \
    X(REJECTED_BEFORE, "rejected-before", 'U', "this digest failed on this device before")                   \
    X(INSTALL_LIMIT, "install-limit", 'U', "three installs of this digest without a confirm")                \
    X(ON_TRIAL, "on-trial", 'U', "nothing is installed while an image is on trial")                          \
    X(SLOT_CONFUSED, "slot-confused", 'U', "link symbol and boot hand-over name different slots")            \
    X(FLASH_ERROR, "flash-error", 'U', "flash could not be erased or programmed")                            \
    X(DEADLINE, "deadline", 'U', "the attempt was not finished by its deadline")                             \
    X(SELF_TEST, "self-test", 'U', "the application's self-test failed")                                     \
    X(WATCHDOG, "watchdog", 'U', "the image stopped feeding the watchdog")                                   \
    X(TRIAL_DEADLINE, "trial-deadline", 'U', "the self-test was not done by the trial deadline")             \
    X(TRIAL_NO_SERVER, "trial-no-server", 'U',                                                               \
      "self-test passed, but no authenticated poll reply in any trial")                                      \
    X(TRIAL_IMAGE, "trial-image", 'U', "the bootloader refused the image at its trial")                      \
    X(STOPPED, "stopped", 'U', "the server said not to continue")                                            \
                                                                                                             \
    X(UP_TO_DATE, "up-to-date", 'P', "the device runs the newest release that is for it")                    \
    X(NO_ROLLOUT, "no-rollout", 'P', "no rollout selects the device")                                        \
    X(NOT_IN_TARGET, "not-in-target", 'P', "the rollout's target does not select the device")                \
    X(NOT_IN_PHASE, "not-in-phase", 'P', "the device's cohort is in a later phase")                          \
    X(NOT_STARTED, "not-started", 'P', "the rollout has not been started")                                   \
    X(PAUSED, "paused", 'P', "the rollout is paused")                                                        \
    X(ABORTED, "aborted", 'P', "the rollout was aborted")                                                    \
    X(SUPERSEDED, "superseded", 'P', "another rollout comes first for this device")                          \
    X(ATTEMPT_OVER, "attempt-over", 'P', "the device's attempt in this rollout has ended")                   \
    X(ATTEMPT_ELSEWHERE, "attempt-elsewhere", 'P', "the device has an open attempt in another rollout")      \
    X(NO_IMAGE_FOR_SLOT, "no-image-for-slot", 'P', "the release has no image for the device's free slot")    \
    X(DEVICE_ON_TRIAL, "device-on-trial", 'P', "the device runs an image that it has not confirmed")         \
    X(SERVER_DOWN, "server-down", 'P', "the trial fell into time in which the server was not serving")       \
    X(ROLLOUT_COMPLETE, "rollout-complete", 'P', "the rollout is complete")                                  \
    X(FROZEN, "frozen", 'P', "an operator has frozen all rollouts")                                          \
    X(HELD, "held", 'P', "an operator holds the device back")                                                \
    X(PINNED, "pinned", 'P', "the device is pinned to another release")                                      \
    X(RELEASE_WITHDRAWN, "release-withdrawn", 'P', "the release was withdrawn")                              \
    X(IMAGES_PRUNED, "images-pruned", 'P', "the release's images were removed from the server")              \
    X(HALTED, "halted", 'P', "it was halted: the rollout waits for an operator")                             \
    X(ROLLED_BACK, "rolled-back", 'P', "the rollout was rolled back")                                        \
    X(NOT_A_MEMBER, "not-a-member", 'P', "the device came after the rollout, which takes none in")           \
    X(DOWNGRADE_NOT_ALLOWED, "downgrade-not-allowed", 'P',                                                   \
      "the release is of a lower version than the device runs")                                              \
    X(NOT_YET, "not-yet", 'P', "the rollout's time has not come")                                            \
    X(ROLLOUT_ENDED, "rollout-ended", 'P', "the rollout's time is over")                                     \
    X(OUTSIDE_WINDOW, "outside-window", 'P', "no maintenance window is open where the device is")            \
    X(RETRY_LATER, "retry-later", 'P', "the device's attempt was lost; it may be repeated later")            \
    X(PENALTY_BOX, "penalty-box", 'P', "the device lost its last attempts, and has to wait")                 \
    X(CAP_REACHED, "cap-reached", 'P', "as many devices are at it as may be")                                \
    X(RATE_REACHED, "rate-reached", 'P', "as many devices began as may in this time")                        \
    X(BANDWIDTH_REACHED, "bandwidth-reached", 'P', "the rollout's bytes a second are given away")            \
    X(SITE_BANDWIDTH_REACHED, "site-bandwidth-reached", 'P',                                                 \
      "the bytes a second of the device's site are given away")                                              \
    X(SILENT, "silent", 'P', "the device was not heard of any more")                                         \
    X(FAILURE_THRESHOLD, "threshold", 'P', "more attempts were lost than the rollout bears")                 \
                                                                                                             \
    X(UNKNOWN_DEVICE, "unknown-device", 'A', "no such device, or not its token")                             \
    X(UNAUTHORIZED, "unauthorized", 'A', "no or wrong token")                                                \
    X(CERTIFICATE_REFUSED, "certificate-refused", 'A', "the client certificate is not taken")                \
    X(LOCKED_OUT, "locked-out", 'A', "too many wrong tokens came from this address")                         \
    X(TOO_MANY_REQUESTS, "too-many-requests", 'A', "more requests than one device or address may send")      \
    X(FORBIDDEN, "forbidden", 'A', "the token does not allow this")                                          \
    X(NOT_FOUND, "not-found", 'A', "no such object")                                                         \
    X(METHOD_NOT_ALLOWED, "method-not-allowed", 'A', "the path exists, the method does not")                 \
    X(BODY_TOO_LARGE, "body-too-large", 'A', "the body is over the limit")                                   \
    X(LENGTH_REQUIRED, "length-required", 'A', "the request needs a Content-Length")                         \
    X(OFFSET_MISMATCH, "offset-mismatch", 'A', "Upload-Offset is not where the upload stands")               \
    X(DIGEST_MISMATCH, "digest-mismatch", 'A', "the uploaded bytes are not of the announced digest")         \
    X(BLOB_MISSING, "blob-missing", 'A', "an image of the release has not been uploaded")                    \
    X(SEQUENCE_TAKEN, "sequence-taken", 'A', "another release has this epoch and sequence")                  \
    X(ALREADY_EXISTS, "already-exists", 'A', "an object of this name exists and differs")                    \
    X(CONFLICT, "conflict", 'A', "not possible in the object's present state")                               \
    X(IDEMPOTENCY_REUSED, "idempotency-key-reused", 'A', "the key was used with another request")            \
    X(EMPTY_TARGET, "empty-target", 'A', "the target selects no device")                                     \
    X(BAD_TARGET, "bad-target", 'A', "the target expression does not parse")                                 \
    X(BAD_PHASES, "bad-phases", 'A', "phases must rise and end at 100")                                      \
    X(ATTEMPT_CLOSED, "attempt-closed", 'A', "the attempt is not open any more")                             \
    X(BAD_TRANSITION, "bad-transition", 'A', "the attempt cannot go from its state to this one")             \
    X(RANGE_NOT_SATISFIABLE, "range-not-satisfiable", 'A', "the range lies outside the blob")                \
    X(RELEASE_IN_USE, "release-in-use", 'A', "a rollout or a pin needs the release")                         \
    X(DEVICE_RETIRED, "device-retired", 'A', "the device was retired")                                       \
    X(DEVICE_PENDING, "device-pending", 'A', "an operator has to accept the device first")                   \
    X(TOO_BUSY, "too-busy", 'A', "the server is at its limit; try again later")                              \
    X(STORE_FULL, "store-full", 'A', "no room on the server's disk")                                         \
    X(STORE_DAMAGED, "store-damaged", 'A', "the server's database is damaged")

enum otter_status {
#define OTTER_STATUS_ENUM(symbol, name, group, meaning) OTTER_##symbol,
    OTTER_STATUS_TABLE(OTTER_STATUS_ENUM)
#undef OTTER_STATUS_ENUM
        OTTER_STATUS_COUNT
};

/* The wire name of a status; "?" for a value outside the table. The string is static. */
const char *otter_status_name(enum otter_status status);

/* The meaning, one line of English; "?" for a value outside the table. Static. */
const char *otter_status_meaning(enum otter_status status);

/* The group letter (see top); '?' outside the table. */
char otter_status_group(enum otter_status status);

/*
 * A status as flash holds it: the CRC-32 of its name, so that the enum's numbers may move between versions,
 * and so that a name which this program does not know stays what it was when it is written again.
 */
struct otter_status_code {
    uint32_t crc;
};

struct otter_status_code otter_status_code(enum otter_status status);

/* INTERNAL for a name that this program does not know. */
enum otter_status otter_status_of_code(struct otter_status_code code);

/* Finds a status by its wire name (len bytes, not NUL-terminated); OTTER_STATUS_COUNT if there is none. */
enum otter_status otter_status_find(const char *name, unsigned len);

#endif
