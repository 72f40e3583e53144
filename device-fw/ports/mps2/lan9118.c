#include "ports/mps2/lan9118.h"

#include "core/bytes.h"

#include <string.h>

/* Registers of the bus (data sheet, 5.2 and 5.3). */
enum {
    RX_DATA = 0x00,
    TX_DATA = 0x20,
    RX_STATUS = 0x40,
    TX_STATUS = 0x48,
    IRQ_CFG = 0x54,
    INT_STS = 0x58,
    INT_EN = 0x5c,
    BYTE_TEST = 0x64,
    FIFO_INT = 0x68,
    RX_CFG = 0x6c,
    TX_CFG = 0x70,
    HW_CFG = 0x74,
    RX_FIFO_INF = 0x7c,
    TX_FIFO_INF = 0x80,
    PMT_CTRL = 0x84,
    MAC_CSR_CMD = 0xa4,
    MAC_CSR_DATA = 0xa8
};

#define BYTES_IN_ORDER    0x87654321u
#define HW_CFG_RESET      0x00000001u
#define HW_CFG_TX_5K      0x00050000u
#define PMT_READY         0x00000001u
#define IRQ_PUSH_PULL_UP  0x00000111u /* enabled, active high, driven */
#define INT_RX_STATUS     0x00000008u /* more statuses of frames received than FIFO_INT says: than none */
#define FIFO_INT_LEVELS   0x48000000u
#define TX_CFG_ON         0x00000002u
#define RX_STATUS_ERROR   0x00008000u
#define TX_FIRST_AND_LAST 0x00003000u
#define TX_COMMANDS       8u /* bytes before each frame, and as many to spare */

/* Registers of the MAC, behind MAC_CSR_CMD (5.4). */
enum { MAC_CR = 1, MAC_ADDRH = 2, MAC_ADDRL = 3, MAC_MII_ACC = 6, MAC_MII_DATA = 7 };

#define MAC_BUSY      0x80000000u
#define MAC_READ      0x40000000u
#define MAC_CR_ON     0x0010000cu /* full duplex, transmitter, receiver; our address and broadcasts */
#define MII_BUSY      1u
#define MII_WRITE     2u
#define MII_PHY       (1u << 11) /* the internal one */
#define PHY_CONTROL   0u
#define PHY_STATUS    1u
#define PHY_RESET     0x8000u
#define PHY_NEGOTIATE 0x1200u
#define PHY_LINK      0x0004u

/* Reads of a register until it is given up: the PHY's reset takes the longest, up to half a second. */
#define PATIENCE 1000000u

#define FCS_LEN      4u
#define DROPS_A_CALL 8u

static uint32_t get(const struct lan9118 *e, uint32_t reg)
{
    return e->base[reg / 4];
}

static void put(const struct lan9118 *e, uint32_t reg, uint32_t value)
{
    e->base[reg / 4] = value;
}

/* Waits until these bits of the register have this value. */
static bool wait_for(const struct lan9118 *e, uint32_t reg, uint32_t bits, uint32_t value)
{
    for (uint32_t i = 0; i < PATIENCE; i++) {
        if ((get(e, reg) & bits) == value)
            return true;
    }
    return false;
}

static bool mac_write(const struct lan9118 *e, uint32_t reg, uint32_t value)
{
    put(e, MAC_CSR_DATA, value);
    put(e, MAC_CSR_CMD, MAC_BUSY | reg);
    return wait_for(e, MAC_CSR_CMD, MAC_BUSY, 0);
}

static bool mac_read(const struct lan9118 *e, uint32_t reg, uint32_t *ret)
{
    put(e, MAC_CSR_CMD, MAC_BUSY | MAC_READ | reg);
    if (!wait_for(e, MAC_CSR_CMD, MAC_BUSY, 0))
        return false;
    *ret = get(e, MAC_CSR_DATA);
    return true;
}

static bool phy_idle(const struct lan9118 *e)
{
    uint32_t access = MII_BUSY;

    for (uint32_t i = 0; (access & MII_BUSY) != 0 && i < PATIENCE; i++) {
        if (!mac_read(e, MAC_MII_ACC, &access))
            return false;
    }
    return (access & MII_BUSY) == 0;
}

static bool phy_write(const struct lan9118 *e, uint32_t reg, uint32_t value)
{
    return mac_write(e, MAC_MII_DATA, value) &&
           mac_write(e, MAC_MII_ACC, MII_PHY | reg << 6 | MII_WRITE | MII_BUSY) && phy_idle(e);
}

static bool phy_read(const struct lan9118 *e, uint32_t reg, uint32_t *ret)
{
    return mac_write(e, MAC_MII_ACC, MII_PHY | reg << 6 | MII_BUSY) && phy_idle(e) &&
           mac_read(e, MAC_MII_DATA, ret);
}

static bool phy_start(const struct lan9118 *e)
{
    uint32_t control = PHY_RESET;

    if (!phy_write(e, PHY_CONTROL, PHY_RESET))
        return false;
    for (uint32_t i = 0; (control & PHY_RESET) != 0 && i < PATIENCE; i++) {
        if (!phy_read(e, PHY_CONTROL, &control))
            return false;
    }
    return (control & PHY_RESET) == 0 && phy_write(e, PHY_CONTROL, PHY_NEGOTIATE);
}

static struct lan9118 *from_link(struct otter_link *self)
{
    return OTTER_CONTAINER_OF(self, struct lan9118, link);
}

static bool link_start(struct otter_link *self, const uint8_t mac[6])
{
    struct lan9118 *e = from_link(self);

    if (!wait_for(e, BYTE_TEST, UINT32_MAX, BYTES_IN_ORDER))
        return false;
    put(e, HW_CFG, HW_CFG_RESET);
    if (!wait_for(e, HW_CFG, HW_CFG_RESET, 0) || !wait_for(e, PMT_CTRL, PMT_READY, PMT_READY))
        return false;
    put(e, HW_CFG, HW_CFG_TX_5K);
    put(e, FIFO_INT, FIFO_INT_LEVELS);
    put(e, IRQ_CFG, IRQ_PUSH_PULL_UP); /* else the line is up at rest, and no sleep lasts */
    put(e, INT_STS, UINT32_MAX);
    put(e, INT_EN, INT_RX_STATUS);
    put(e, RX_CFG, 0);
    put(e, TX_CFG, TX_CFG_ON);
    return phy_start(e) && mac_write(e, MAC_ADDRH, otter_le16(mac + 4)) &&
           mac_write(e, MAC_ADDRL, otter_le32(mac)) && mac_write(e, MAC_CR, MAC_CR_ON);
}

static bool link_is_up(struct otter_link *self)
{
    uint32_t status;

    return phy_read(from_link(self), PHY_STATUS, &status) && (status & PHY_LINK) != 0;
}

/* Bytes as they come, a word at a time into the FIFO. */
struct packer {
    const struct lan9118 *e;
    uint32_t word;
    uint32_t bytes; /* in word */
};

static void pack(struct packer *p, const uint8_t *data, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        p->word |= (uint32_t)data[i] << (8 * p->bytes);
        if (++p->bytes < 4)
            continue;
        put(p->e, TX_DATA, p->word);
        p->word = 0;
        p->bytes = 0;
    }
}

/* What became of frames sent is nobody's business, but the FIFO of it must not fill up. */
static void drain_statuses(const struct lan9118 *e)
{
    for (uint32_t left = get(e, TX_FIFO_INF) >> 16 & 0xff; left > 0; left--)
        (void)get(e, TX_STATUS);
}

static bool link_send(struct otter_link *self, const struct otter_frame_piece *piece, uint32_t count)
{
    struct lan9118 *e = from_link(self);
    struct packer packer = {.e = e};
    uint32_t len = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (piece[i].len > OTTER_FRAME_MAX - len)
            return false;
        len += piece[i].len;
    }
    drain_statuses(e);
    if (len == 0 || (get(e, TX_FIFO_INF) & 0xffff) < len + 2 * TX_COMMANDS)
        return false;
    put(e, TX_DATA, TX_FIRST_AND_LAST | len);
    put(e, TX_DATA, len << 16 | len); /* the upper half is a tag, which comes back in the status */
    for (uint32_t i = 0; i < count; i++)
        pack(&packer, piece[i].data, piece[i].len);
    if (packer.bytes > 0)
        put(e, TX_DATA, packer.word);
    return true;
}

static bool frame_waits(const struct lan9118 *e)
{
    return (get(e, RX_FIFO_INF) >> 16 & 0xff) > 0;
}

/* Takes a frame's words out of the FIFO, all of them; the first `keep` bytes go to buf. */
static void take(const struct lan9118 *e, uint8_t *buf, uint32_t keep, uint32_t words)
{
    for (; words > 0; words--) {
        uint32_t word = get(e, RX_DATA);
        uint32_t n = keep < 4 ? keep : 4;

        memcpy(buf, &word, n);
        buf += n;
        keep -= n;
    }
}

/* The next frame; 0 = it was damaged or too long, and is gone. */
static uint32_t take_frame(struct lan9118 *e, void *buf, uint32_t cap)
{
    uint32_t status = get(e, RX_STATUS);
    uint32_t whole = status >> 16 & 0x3fff; /* with its check sequence: 4,096 words at most */
    bool ok = (status & RX_STATUS_ERROR) == 0 && whole > FCS_LEN && whole - FCS_LEN <= cap;

    take(e, buf, ok ? whole - FCS_LEN : 0, (whole + 3) / 4);
    if (ok)
        return whole - FCS_LEN;
    e->link.dropped++;
    return 0;
}

static uint32_t link_receive(struct otter_link *self, void *buf, uint32_t cap)
{
    struct lan9118 *e = from_link(self);

    for (uint32_t i = 0; i < DROPS_A_CALL; i++) {
        uint32_t len;

        if (!frame_waits(e)) {
            put(e, INT_STS, INT_RX_STATUS); /* the line falls; one that came meanwhile is seen at once */
            if (!frame_waits(e))
                return 0;
        }
        len = take_frame(e, buf, cap);
        if (len > 0)
            return len;
    }
    return 0;
}

void lan9118_init(struct lan9118 *e, uintptr_t base)
{
    memset(e, 0, sizeof(*e));
    e->link = (struct otter_link){
        .start = link_start, .is_up = link_is_up, .send = link_send, .receive = link_receive};
    e->base = (volatile uint32_t *)base;
}
