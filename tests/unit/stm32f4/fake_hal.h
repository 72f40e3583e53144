/*
 * A fake of ST's HAL behind the declarations of tests/support/hal_stub: what the port relies on, what the
 * hardware does behind it, and the errors of both. One chip; fake_hal_init makes it new.
 */
#ifndef OTTER_TEST_FAKE_HAL_H
#define OTTER_TEST_FAKE_HAL_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stm32f4xx_hal.h>

/* Everything as after a reset. The flash is mapped at its address and erased. */
void fake_hal_init(void);

/* ---- flash (fake_flash.c) ---- */

#define FAKE_FLASH_BASE 0x08000000u
#define FAKE_FLASH_SIZE 0x00200000u

/* What goes wrong at the operation (word or sector) number `at`, counted from 1. */
enum fake_flash_fault {
    FAULT_NONE,
    FAULT_ERROR,      /* an error flag, and nothing done */
    FAULT_KEEPS_LOCK, /* the same, and the HAL's lock stays held */
    FAULT_TIMEOUT,    /* HAL_TIMEOUT, nothing done */
    FAULT_SILENT,     /* HAL_OK, and a bit that did not change */
};

struct fake_flash {
    enum fake_flash_fault fault;
    uint32_t at;
    uint32_t operations; /* words and sectors so far */
    bool unlock_fails;
    bool is_locked;         /* FLASH_CR */
    uint32_t flags;         /* FLASH_SR */
    uint32_t protected;     /* a bit a sector: nWRP */
    uint32_t fed;           /* watchdog feeds seen when the last erase began */
    uint32_t erased_number; /* SNB, as the last erase wrote it into FLASH_CR */
};
extern struct fake_flash fake_flash;

/* What the cells hold, whatever the caches say. */
const uint8_t *fake_flash_cells(uint32_t addr);

/* ---- Ethernet (fake_eth.c) ---- */

#define FAKE_PHY_NONE 32u
#define FAKE_CHECK    4u /* the check sequence that the fake puts behind frames that come */
#define FAKE_SENT_MAX 16u

struct fake_eth {
    uint32_t phy_address; /* FAKE_PHY_NONE: no PHY */
    uint32_t phy_reset;   /* reads of BCR until the PHY's reset is over */
    bool negotiates;      /* the PHY does, still */
    bool bus_fails;       /* management frames time out */
    bool init_fails, start_fails;
    bool poll_is_lost;  /* the next poll demand of the HAL comes while the DMA looks elsewhere */
    bool send_is_lost;  /* the same of the transmitter's */
    uint32_t rx_errors; /* of the frames that come now */
    uint32_t missed;    /* frames for which the DMA had no descriptor */
    bool stalled;       /* the transmitter sends nothing */
    uint8_t sent[FAKE_SENT_MAX][1600];
    uint32_t sent_len[FAKE_SENT_MAX];
    uint32_t sent_count;
    uint32_t starts;
    ETH_MACConfigTypeDef mac; /* as at the last HAL_ETH_Start */
    uint8_t address[6];
};
extern struct fake_eth fake_eth;

/* What the PHY says from now on: carrier and negotiated, with PHYSCSR's speed bits; 0 = no carrier. */
void fake_phy_link(uint32_t speed_bits);

/* A frame comes from the wire, less its check sequence. */
void fake_eth_receive(const uint8_t *frame, uint32_t len);

/* The DMA sends what it was given, and remembers it in `sent`. */
void fake_eth_transmit(void);

/* A bus error stops the DMA until the controller is reset. */
void fake_eth_break(void);

/* ---- the rest (fake_hal.c) ---- */

struct fake_chip {
    uint32_t tick;
    uint32_t reset_flags; /* a bit for each RCC_FLAG_*, by its low five bits */
    bool hse_fails, hsi_fails;
    RCC_OscInitTypeDef oscillator; /* as last set with success */
    uint32_t latency;
    uint32_t sleeps;
    uint32_t watchdog_fed;
    uint32_t watchdog_inits, watchdog_init_fails; /* so many, the first ones */
    IWDG_InitTypeDef watchdog;
    uint32_t led;        /* GPIOB's last pin state */
    uint32_t no_clock;   /* uses of a peripheral without its clock */
    bool console_faults; /* the program crashes within HAL_UART_Transmit */
    char console[64];
    uint32_t console_len;
};
extern struct fake_chip fake_chip;

struct fake_rng {
    uint32_t words; /* drawn so far: word n is n * 0x01010101 unless it repeats */
    bool repeats;
    uint32_t hal_fails, seed_fails, clock_fails; /* so many draws from now on */
    uint32_t inits;
};
extern struct fake_rng fake_rng;

/* board_reset comes here: FAKE_RESETS(call) is true if it was called. */
extern jmp_buf fake_reset;
#define FAKE_RESETS(call) (setjmp(fake_reset) == 0 ? ((call), false) : true)

void fake_flash_init(void);
void fake_eth_init(void);

#endif
