/*
 * The MAC and its DMA as descriptors, the HAL's part of them, and the PHY. As in HAL 1.8.5: a buffer is asked
 * for by callback for each descriptor that goes back to the DMA, and the last one's is used again if the
 * callback does not say NULL.
 */
#include "fake_hal.h"

#include <string.h>

#define READY   1u /* gState */
#define STARTED 2u
#define UNASKED 0x5a5a5a5au /* in a poll demand register: nobody has written it */

#define BCR            0u
#define BSR            1u
#define BSR_LINK       0x04u
#define BSR_NEGOTIATED 0x20u
#define STATUS         31u
#define BCR_RESET      0x8000u

struct fake_eth fake_eth;
ETH_TypeDef hal_stub_eth;

struct rx_slot {
    uint8_t *buffer;
    bool dma; /* the DMA's, not the CPU's */
    bool first, last;
    uint32_t len, errors;
};

static struct {
    struct rx_slot slot[ETH_RX_DESC_CNT];
    uint32_t dma_at, hal_at, build_at, to_build;
    bool asleep;
    void *start, *end;
    uint32_t errors;
} rx;

static struct {
    ETH_TxPacketConfigTypeDef packet[ETH_TX_DESC_CNT];
    uint8_t *data[ETH_TX_DESC_CNT];
    uint32_t len[ETH_TX_DESC_CNT];
    bool dma[ETH_TX_DESC_CNT];
    uint32_t hal_at, dma_at, free_at, in_use;
    bool asleep;
} tx;

static struct {
    uint32_t bcr;
    bool up, was_lost;
    uint32_t speed;
} phy;

static ETH_HandleTypeDef *handle; /* of the last HAL_ETH_Init */
static ETH_MACConfigTypeDef config;
static uint32_t status; /* DMASR */
static bool has_clock, mdio_is_slow;

void fake_eth_init(void)
{
    memset(&fake_eth, 0, sizeof(fake_eth));
    memset(&rx, 0, sizeof(rx));
    memset(&tx, 0, sizeof(tx));
    memset(&phy, 0, sizeof(phy));
    handle = NULL;
    status = 0;
    has_clock = mdio_is_slow = false;
}

/* ---- PHY ---- */

void fake_phy_link(uint32_t speed_bits)
{
    phy.was_lost = phy.was_lost || (phy.up && speed_bits == 0);
    phy.up = speed_bits != 0;
    phy.speed = speed_bits;
}

/* The carrier's bit shows a loss once, even if it is back. What was negotiated stands until it is anew. */
static uint32_t read_bsr(void)
{
    bool up = phy.up && !phy.was_lost && (phy.bcr & 0x1200u) == 0x1200u;

    phy.was_lost = false;
    return 0x7809u | (up ? BSR_LINK : 0) | (fake_eth.negotiates ? 0 : BSR_NEGOTIATED);
}

static uint32_t read_bcr(void)
{
    if (fake_eth.phy_reset > 0 && --fake_eth.phy_reset == 0)
        phy.bcr &= ~BCR_RESET;
    return phy.bcr;
}

HAL_StatusTypeDef HAL_ETH_ReadPHYRegister(ETH_HandleTypeDef *heth, uint32_t PHYAddr, uint32_t PHYReg,
                                          uint32_t *pRegValue)
{
    if (heth != handle || !mdio_is_slow || fake_eth.bus_fails)
        return HAL_ERROR;
    *pRegValue = 0xffffu;
    if (PHYAddr != fake_eth.phy_address)
        return HAL_OK;
    switch (PHYReg) {
    case BCR:
        *pRegValue = read_bcr();
        break;
    case BSR:
        *pRegValue = read_bsr();
        break;
    case 2:
        *pRegValue = 0x0007u;
        break;
    case 3:
        *pRegValue = 0xc131u;
        break;
    case STATUS:
        *pRegValue = 0x1040u | phy.speed << 2;
        break;
    default:
        break;
    }
    return HAL_OK;
}

HAL_StatusTypeDef HAL_ETH_WritePHYRegister(const ETH_HandleTypeDef *heth, uint32_t PHYAddr, uint32_t PHYReg,
                                           uint32_t RegValue)
{
    if (heth != handle || !mdio_is_slow || fake_eth.bus_fails)
        return HAL_ERROR;
    if (PHYAddr == fake_eth.phy_address && PHYReg == BCR)
        phy.bcr = RegValue;
    return HAL_OK;
}

void HAL_ETH_SetMDIOClockRange(ETH_HandleTypeDef *heth)
{
    mdio_is_slow = heth == handle;
}

/* ---- start and stop ---- */

void __HAL_RCC_ETH_CLK_ENABLE(void)
{
    has_clock = true;
}

/* A handle that is not new keeps what was in flight: a port must not rely on it. */
HAL_StatusTypeDef HAL_ETH_Init(ETH_HandleTypeDef *heth)
{
    if (!has_clock || heth->gState != 0 || heth->Instance != ETH || fake_eth.init_fails ||
        heth->Init.MediaInterface != HAL_ETH_RMII_MODE || heth->Init.RxBuffLen < 1524 ||
        heth->Init.RxBuffLen % 4 != 0)
        return HAL_ERROR;
    memset(&rx, 0, sizeof(rx));
    memset(&tx, 0, sizeof(tx));
    tx.asleep = true;
    status = 0;
    mdio_is_slow = false;
    ETH->DMARPDR = ETH->DMATPDR = UNASKED;
    config = (ETH_MACConfigTypeDef){.CRCStripTypePacket = ENABLE,
                                    .Speed = ETH_SPEED_100M,
                                    .DuplexMode = ETH_FULLDUPLEX_MODE,
                                    .other = 0x1234};
    memcpy(fake_eth.address, heth->Init.MACAddr, sizeof(fake_eth.address));
    handle = heth;
    heth->gState = READY;
    return HAL_OK;
}

/* Descriptors go back to the DMA, each with a buffer, for as long as there are some. */
static void build(void)
{
    uint8_t *buffer = NULL;
    uint32_t before = rx.to_build;

    while (rx.to_build > 0) {
        struct rx_slot *slot = &rx.slot[rx.build_at];

        if (slot->buffer == NULL) {
            HAL_ETH_RxAllocateCallback(&buffer);
            if (buffer == NULL)
                break;
            slot->buffer = buffer;
        }
        slot->dma = true;
        rx.build_at = (rx.build_at + 1) % ETH_RX_DESC_CNT;
        rx.to_build--;
    }
    if (rx.to_build == before)
        return;
    ETH->DMARPDR = fake_eth.poll_is_lost ? UNASKED : 0;
    if (fake_eth.poll_is_lost)
        status |= ETH_DMA_FLAG_RBU;
    fake_eth.poll_is_lost = false;
}

HAL_StatusTypeDef HAL_ETH_Start(ETH_HandleTypeDef *heth)
{
    if (heth->gState != READY || fake_eth.start_fails)
        return HAL_ERROR;
    rx.to_build = ETH_RX_DESC_CNT;
    build();
    status |= ETH_DMA_FLAG_TBU; /* it has looked, and there was nothing to send */
    fake_eth.mac = config;
    fake_eth.starts++;
    heth->gState = STARTED;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_ETH_Stop(ETH_HandleTypeDef *heth)
{
    if (heth->gState != STARTED)
        return HAL_ERROR;
    heth->gState = READY;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_ETH_GetMACConfig(const ETH_HandleTypeDef *heth, ETH_MACConfigTypeDef *macconf)
{
    if (heth != handle)
        return HAL_ERROR;
    *macconf = config;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_ETH_SetMACConfig(ETH_HandleTypeDef *heth, ETH_MACConfigTypeDef *macconf)
{
    if (heth->gState != READY || macconf->other != 0x1234)
        return HAL_ERROR;
    config = *macconf;
    return HAL_OK;
}

/* ---- DMA ---- */

int __HAL_ETH_DMA_GET_FLAG(const ETH_HandleTypeDef *heth, uint32_t flag)
{
    return heth == handle && (status & flag) == flag;
}

void __HAL_ETH_DMA_CLEAR_FLAG(ETH_HandleTypeDef *heth, uint32_t flag)
{
    if (heth == handle)
        status &= ~flag;
}

void fake_eth_break(void)
{
    status |= ETH_DMA_FLAG_FBE;
}

static bool was_asked(volatile uint32_t *demand)
{
    bool asked = *demand != UNASKED;

    *demand = UNASKED;
    return asked;
}

/* A descriptor of the DMA's own, or it falls asleep until it is asked to look again. */
static struct rx_slot *next_slot(void)
{
    struct rx_slot *slot = &rx.slot[rx.dma_at];

    if (was_asked(&ETH->DMARPDR))
        rx.asleep = false;
    if (rx.asleep || !slot->dma) {
        rx.asleep = true;
        status |= ETH_DMA_FLAG_RBU;
        return NULL;
    }
    rx.dma_at = (rx.dma_at + 1) % ETH_RX_DESC_CNT;
    return slot;
}

void fake_eth_receive(const uint8_t *frame, uint32_t len)
{
    uint8_t whole[4096] = {0};
    uint32_t total = len + (fake_eth.mac.CRCStripTypePacket == ENABLE ? 0 : FAKE_CHECK);

    if (handle == NULL || handle->gState != STARTED || (status & ETH_DMA_FLAG_FBE) != 0)
        return;
    memcpy(whole, frame, len);
    memset(whole + len, 0xcc, FAKE_CHECK);
    for (uint32_t at = 0; at < total; at += handle->Init.RxBuffLen) {
        struct rx_slot *slot = next_slot();
        uint32_t n = total - at < handle->Init.RxBuffLen ? total - at : handle->Init.RxBuffLen;

        if (slot == NULL) {
            fake_eth.missed++;
            return;
        }
        memcpy(slot->buffer, whole + at, n);
        slot->first = at == 0;
        slot->last = at + n == total;
        slot->len = slot->last ? total : n; /* the frame's length is told with its last part */
        slot->errors = slot->last ? fake_eth.rx_errors : 0;
        slot->dma = false;
    }
    status |= ETH_DMA_FLAG_R;
}

HAL_StatusTypeDef HAL_ETH_ReadData(ETH_HandleTypeDef *heth, void **pAppBuff)
{
    uint32_t most = ETH_RX_DESC_CNT - rx.to_build, seen = 0;
    bool whole = false;

    if (heth != handle || heth->gState != STARTED)
        return HAL_ERROR;
    for (; !whole && seen < most && !rx.slot[rx.hal_at].dma; seen++) {
        struct rx_slot *slot = &rx.slot[rx.hal_at];

        if (slot->first || rx.start != NULL) {
            HAL_ETH_RxLinkCallback(&rx.start, &rx.end, slot->buffer, (uint16_t)slot->len);
            slot->buffer = NULL;
            rx.errors = slot->errors;
            whole = slot->last;
        }
        rx.hal_at = (rx.hal_at + 1) % ETH_RX_DESC_CNT;
    }
    rx.to_build += seen;
    if (rx.to_build > 0)
        build();
    if (!whole)
        return HAL_ERROR;
    *pAppBuff = rx.start;
    rx.start = NULL;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_ETH_GetRxDataErrorCode(const ETH_HandleTypeDef *heth, uint32_t *pErrorCode)
{
    *pErrorCode = heth == handle ? rx.errors : 1;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_ETH_Transmit_IT(ETH_HandleTypeDef *heth, ETH_TxPacketConfigTypeDef *pTxConfig)
{
    uint32_t i = tx.hal_at;

    if (heth != handle || heth->gState != STARTED || tx.dma[i] || tx.packet[i].pData != NULL ||
        pTxConfig->ChecksumCtrl != ETH_CHECKSUM_DISABLE || pTxConfig->TxBuffer->next != NULL)
        return HAL_ERROR;
    tx.packet[i] = *pTxConfig;
    tx.data[i] = pTxConfig->TxBuffer->buffer;
    tx.len[i] = pTxConfig->TxBuffer->len;
    tx.dma[i] = true;
    tx.hal_at = (i + 1) % ETH_TX_DESC_CNT;
    tx.in_use++;
    if ((status & ETH_DMA_FLAG_TBU) != 0) {
        if (!fake_eth.send_is_lost) {
            status &= ~ETH_DMA_FLAG_TBU;
            ETH->DMATPDR = 0;
        }
        fake_eth.send_is_lost = false;
    }
    return HAL_OK;
}

void fake_eth_transmit(void)
{
    if (was_asked(&ETH->DMATPDR))
        tx.asleep = false;
    while (!tx.asleep && !fake_eth.stalled && tx.dma[tx.dma_at]) {
        uint32_t i = tx.dma_at, to = fake_eth.sent_count++ % FAKE_SENT_MAX;

        memcpy(fake_eth.sent[to], tx.data[i], tx.len[i]);
        fake_eth.sent_len[to] = tx.len[i];
        tx.dma[i] = false;
        tx.dma_at = (i + 1) % ETH_TX_DESC_CNT;
    }
    if (!tx.dma[tx.dma_at] || tx.asleep) {
        tx.asleep = true;
        status |= ETH_DMA_FLAG_TBU;
    }
}

HAL_StatusTypeDef HAL_ETH_ReleaseTxPacket(ETH_HandleTypeDef *heth)
{
    if (heth != handle)
        return HAL_ERROR;
    while (tx.in_use > 0 && !tx.dma[tx.free_at]) {
        HAL_ETH_TxFreeCallback(tx.packet[tx.free_at].pData);
        tx.packet[tx.free_at].pData = NULL;
        tx.free_at = (tx.free_at + 1) % ETH_TX_DESC_CNT;
        tx.in_use--;
    }
    return HAL_OK;
}
