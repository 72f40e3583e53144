/*
 * QEMU's mps2-an386 as the board of a device: a Cortex-M4F with an STM32F429's flash map in file-backed
 * memory (design: Arm DAI 0386; the peripherals as QEMU has them). Clock: 25 MHz. Private to ports/mps2.
 */
#ifndef OTTER_PORTS_MPS2_H
#define OTTER_PORTS_MPS2_H

#include "port/system.h"

#define MPS2_CLOCK_HZ     25000000u
#define MPS2_ETHERNET_IRQ 13u

/* The whole file-backed memory: the map's 2 MB, nothing, and in its last 4 KB the control page. */
#define MPS2_FLASH_BASE    0x21000000u
#define MPS2_FLASH_SIZE    0x01000000u
#define MPS2_CONTROL_BASE  (MPS2_FLASH_BASE + MPS2_FLASH_SIZE - 0x1000u)
#define MPS2_CONTROL_MAGIC 0x4f545443u /* "CTTO" */
#define MPS2_EXIT_CUT      77

/*
 * The control page: how a test cuts the power. `operations` counts the units programmed and sectors erased in
 * this file's life; the one with number cut_at is torn as `seed` says, and is the process's last.
 */
struct mps2_control {
    uint32_t magic; /* without it nothing is counted */
    uint32_t operations;
    uint32_t cut_at; /* 0 = never */
    uint32_t seed;
    uint32_t fired;
};

/* What survives a reset, at the start of RAM, at one address for bootloader and application. */
struct mps2_noinit {
    struct otter_handover handover;
    uint32_t alive;  /* MPS2_ALIVE once a program has run: RAM is zero in a new process */
    uint32_t wanted; /* MPS2_WANTED: the reset is board_reset's */
};

struct mps2_noinit *mps2_noinit(void);
void mps2_note_reset(void); /* the reset to come is wanted */

/* Stray stores into flash or boot code fault from here on. Between unlock and lock the driver may write. */
void mps2_protect(void);
void mps2_flash_unlock(void);
void mps2_flash_lock(void);

/* Is this operation the one that the power fails in? Counts it. The flash is unlocked. */
bool mps2_cut_now(void);
/* A number that follows from the control page's seed: 0 .. UINT32_MAX. */
uint32_t mps2_cut_random(void);
/* The power is gone: notes it and leaves QEMU. */
_Noreturn void mps2_cut(void);

#endif
