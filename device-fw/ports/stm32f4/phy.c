#include "ports/stm32f4/phy.h"

/* IEEE 802.3, 22.2.4, and DS00001989 (LAN8742A), 4.2. */
#define BCR                0u
#define BCR_RESET          (1u << 15)
#define BCR_NEGOTIATE      (1u << 12)
#define BCR_RENEGOTIATE    (1u << 9)
#define BSR                1u
#define BSR_NEGOTIATED     (1u << 5)
#define BSR_LINK           (1u << 2)
#define ID1                2u
#define ID1_MAKER          0x0007u
#define ID2                3u
#define ID2_MAKER_MASK     0xfc00u
#define ID2_MAKER          0xc000u
#define STATUS             31u
#define STATUS_SPEED_SHIFT 2u
#define STATUS_SPEED_MASK  7u
#define ADDRESSES          32u
#define RESET_MS           500u

static bool get(struct phy *phy, uint32_t reg, uint32_t *ret)
{
    return HAL_ETH_ReadPHYRegister(phy->eth, phy->address, reg, ret) == HAL_OK;
}

static bool set(struct phy *phy, uint32_t reg, uint32_t value)
{
    return HAL_ETH_WritePHYRegister(phy->eth, phy->address, reg, value) == HAL_OK;
}

/* An address without a PHY reads all ones. */
static bool find(struct phy *phy)
{
    for (phy->address = 0; phy->address < ADDRESSES; phy->address++) {
        uint32_t id1, id2;

        if (get(phy, ID1, &id1) && id1 == ID1_MAKER && get(phy, ID2, &id2) &&
            (id2 & ID2_MAKER_MASK) == ID2_MAKER)
            return true;
    }
    return false;
}

/* The bit falls when it is done. */
static bool reset(struct phy *phy)
{
    uint32_t bcr;

    if (!set(phy, BCR, BCR_RESET))
        return false;
    for (unsigned i = 0; i < RESET_MS; i++) {
        if (!get(phy, BCR, &bcr))
            return false;
        if ((bcr & BCR_RESET) == 0)
            return true;
        HAL_Delay(1);
    }
    return false;
}

bool phy_start(struct phy *phy)
{
    return find(phy) && reset(phy) && set(phy, BCR, BCR_NEGOTIATE | BCR_RENEGOTIATE);
}

enum phy_link phy_link(struct phy *phy)
{
    static const enum phy_link speeds[STATUS_SPEED_MASK + 1] = {
        [1] = PHY_10_HALF, [5] = PHY_10_FULL, [2] = PHY_100_HALF, [6] = PHY_100_FULL};
    const uint32_t ready = BSR_LINK | BSR_NEGOTIATED;
    uint32_t bsr, status;

    /* The link bit remembers a loss until it is read. */
    if (!get(phy, BSR, &bsr) || bsr > UINT16_MAX || (bsr & ready) != ready || !get(phy, STATUS, &status))
        return PHY_DOWN;
    return speeds[status >> STATUS_SPEED_SHIFT & STATUS_SPEED_MASK];
}
