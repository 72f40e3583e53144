/* The LAN8742A (and its kin of the same maker) on the RMII: found by its identity, asked for the link. */
#ifndef OTTER_STM32F4_PHY_H
#define OTTER_STM32F4_PHY_H

#include <stdbool.h>
#include <stdint.h>
#include <stm32f4xx_hal.h>

enum phy_link { PHY_DOWN, PHY_10_HALF, PHY_10_FULL, PHY_100_HALF, PHY_100_FULL };

struct phy {
    ETH_HandleTypeDef *eth; /* whose management bus it hangs on */
    uint32_t address;
};

/* Finds it, resets it, starts the negotiation: half a second at the longest. False: nobody answers. */
bool phy_start(struct phy *phy);

/*
 * What was negotiated. PHY_DOWN while there is no carrier, while negotiating, when it does not answer, and
 * once after each loss of the carrier, however short.
 */
enum phy_link phy_link(struct phy *phy);

#endif
