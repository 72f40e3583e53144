#include "host/http_error.h"

#include <openssl/x509_vfy.h>
#include <string.h>

enum host_error_kind http_error_kind(const struct http_failure *f)
{
    switch (f->code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return HOST_ERROR_CONNECT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return HOST_ERROR_TLS;
    case CURLE_SSL_CACERT_BADFILE:
        return HOST_ERROR_FILE;
    case CURLE_OPERATION_TIMEDOUT:
        return HOST_ERROR_TIMEOUT;
    case CURLE_URL_MALFORMAT:
        return HOST_ERROR_FORMAT;
    case CURLE_UNSUPPORTED_PROTOCOL:
        /* Its other meaning: what came is no HTTP, as TLS's alert is none. */
        return strstr(f->reason, "HTTP/0.9") != NULL ? HOST_ERROR_NETWORK : HOST_ERROR_FORMAT;
    case CURLE_OUT_OF_MEMORY:
        return HOST_ERROR_MEMORY;
    default:
        return HOST_ERROR_NETWORK;
    }
}

/* A certificate that is not believed. */
static const char *advise_on_certificate(long verify)
{
    switch (verify) {
    case X509_V_OK: /* the chain is good, so it is the name; libcurl looks at the name first, and then says */
    case X509_V_ERR_UNSPECIFIED:
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "; the server's certificate is for another name: use a URL with a name that it is for";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "; the server's certificate has expired: renew it there (or is this machine's clock wrong?)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "; the server's certificate is not valid yet: is this machine's clock right?";
    default:
        return "; no CA that is trusted here has signed the server's certificate: name its CA with --cacert "
               "FILE or OTTER_CACERT";
    }
}

static const char *advise_on_tls(const struct http_failure *f)
{
    if (f->code == CURLE_PEER_FAILED_VERIFICATION)
        return advise_on_certificate(f->verify);
    if (strstr(f->reason, "wrong version number") != NULL || strstr(f->reason, "packet length") != NULL)
        return "; nothing speaks TLS at this address: is it the right port, or does the URL begin with "
               "http://?";
    /* Also a server without TLS that hangs up at once: whether its answer or the reset is seen first is luck.
     */
    return "; the TLS handshake failed: is it the right port, or does the URL begin with http://? TLS 1.2 "
           "and "
           "1.3 are spoken here";
}

const char *http_error_advice(const struct http_failure *f)
{
    switch (http_error_kind(f)) {
    case HOST_ERROR_CONNECT:
        return "; is the server running, and is its address right?";
    case HOST_ERROR_TLS:
        return advise_on_tls(f);
    case HOST_ERROR_FILE:
        return "; --cacert, OTTER_CACERT or cacert= must name a PEM file of CA certificates";
    case HOST_ERROR_TIMEOUT:
        return "; try again";
    case HOST_ERROR_NETWORK:
        return f->https ? "; try again" : "; try again, with https:// if the server speaks TLS";
    case HOST_ERROR_FORMAT:
        return "; a URL begins with http:// or https://";
    default:
        return "";
    }
}
