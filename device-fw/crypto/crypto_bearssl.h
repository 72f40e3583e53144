/*
 * The verify table of lib/core by BearSSL: what bootloader, client and emulator check with. Constant time, no
 * malloc; p256_verify needs about 2.3 KB of stack (device.md, Crypto on the device).
 */
#ifndef OTTER_CRYPTO_BEARSSL_H
#define OTTER_CRYPTO_BEARSSL_H

#include "core/crypto.h"

extern const struct otter_crypto otter_crypto_bearssl;

#endif
