/*
 * The Ethernet MAC by ST's HAL (1.8), polled: no interrupt, so that nothing runs beside the main loop. Each
 * time that the link comes up the controller is reset and begun anew, at the speed negotiated. A mere
 * HAL_ETH_Stop and _Start would leave the HAL's index and the DMA's apart if a frame lay unread.
 */
#include "core/bytes.h"
#include "ports/stm32f4/internal.h"
#include "ports/stm32f4/phy.h"

#include <string.h>

#define BUFFER     1524u /* a frame with VLAN tag and check sequence, in words */
#define CHECK      4u    /* the check sequence, which the MAC leaves at the end */
#define HEADER     14u
#define RX_BUFFERS (ETH_RX_DESC_CNT + 2u) /* two are in our hands while the DMA has the others */
#define TX_BUFFERS ETH_TX_DESC_CNT

/* Where the DMA reaches: in SRAM, not in CCM (the linker script sees to it). Nothing clears it at a start. */
#define DMA __attribute__((section(".bss.eth_dma")))

struct rx_buffer {
    _Alignas(uint32_t) uint8_t data[BUFFER];
    struct rx_buffer *next; /* of those free, or of one frame */
    uint32_t len;
};

struct tx_buffer {
    _Alignas(uint32_t) uint8_t data[BUFFER];
    bool in_use;
};

static DMA ETH_DMADescTypeDef rx_descriptors[ETH_RX_DESC_CNT];
static DMA ETH_DMADescTypeDef tx_descriptors[ETH_TX_DESC_CNT];
static DMA struct rx_buffer rx_buffers[RX_BUFFERS];
static DMA struct tx_buffer tx_buffers[TX_BUFFERS];

static struct {
    struct otter_link link;
    ETH_HandleTypeDef hal;
    struct phy phy;
    uint8_t mac[6];
    bool is_started;
    enum phy_link state;
    struct rx_buffer *rx_free;
} eth;

/* ---- the HAL's callbacks ---- */

/* NULL must be said: else the HAL hands the DMA the buffer that it got last a second time. */
void HAL_ETH_RxAllocateCallback(uint8_t **buff)
{
    struct rx_buffer *b = eth.rx_free;

    *buff = NULL;
    if (b == NULL)
        return;
    eth.rx_free = b->next;
    *buff = b->data;
}

/* A descriptor's part of a frame: one, unless the frame is longer than Ethernet has them. */
void HAL_ETH_RxLinkCallback(void **pStart, void **pEnd, uint8_t *buff, uint16_t Length)
{
    struct rx_buffer *b = OTTER_CONTAINER_OF(buff, struct rx_buffer, data[0]);

    b->next = NULL;
    b->len = Length;
    if (*pStart == NULL)
        *pStart = b;
    else
        ((struct rx_buffer *)*pEnd)->next = b;
    *pEnd = b;
}

void HAL_ETH_TxFreeCallback(uint32_t *buff)
{
    ((struct tx_buffer *)(void *)buff)->in_use = false;
}

/* ---- start ---- */

static void free_frame(struct rx_buffer *first)
{
    while (first != NULL) {
        struct rx_buffer *next = first->next;

        first->next = eth.rx_free;
        eth.rx_free = first;
        first = next;
    }
}

static void free_all(void)
{
    eth.rx_free = NULL;
    for (unsigned i = 0; i < RX_BUFFERS; i++) {
        rx_buffers[i].next = NULL;
        free_frame(&rx_buffers[i]);
    }
    for (unsigned i = 0; i < TX_BUFFERS; i++)
        tx_buffers[i].in_use = false;
}

/* The handle is begun anew, too: HAL_ETH_Init leaves what was in flight in it. */
static bool reset_controller(void)
{
    free_all();
    memset(&eth.hal, 0, sizeof(eth.hal));
    eth.hal.Instance = ETH;
    eth.hal.Init = (ETH_InitTypeDef){.MACAddr = eth.mac,
                                     .MediaInterface = HAL_ETH_RMII_MODE,
                                     .TxDesc = tx_descriptors,
                                     .RxDesc = rx_descriptors,
                                     .RxBuffLen = BUFFER};
    if (HAL_ETH_Init(&eth.hal) != HAL_OK)
        return false;
    HAL_ETH_SetMDIOClockRange(&eth.hal); /* Init does not: the PHY would be asked at 4 MHz, and takes 2.5 */
    return true;
}

/* False: the controller's reset does not end (no clock from the PHY), or the PHY is not there. */
static bool start(struct otter_link *self, const uint8_t mac[6])
{
    (void)self;
    memcpy(eth.mac, mac, sizeof(eth.mac));
    rmii_connect();
    eth.state = PHY_DOWN;
    eth.phy.eth = &eth.hal;
    eth.is_started = reset_controller() && phy_start(&eth.phy);
    return eth.is_started;
}

/* ---- the link's state ---- */

/*
 * The check sequence stays on all frames, so that a frame's length is told in one way. Collisions, which are
 * with half duplex, are tried again.
 */
static bool run_at(enum phy_link state)
{
    bool half = state == PHY_10_HALF || state == PHY_100_HALF;
    ETH_MACConfigTypeDef mac = {0};

    if (!reset_controller() || HAL_ETH_GetMACConfig(&eth.hal, &mac) != HAL_OK)
        return false;
    mac.Speed = state == PHY_10_HALF || state == PHY_10_FULL ? ETH_SPEED_10M : ETH_SPEED_100M;
    mac.DuplexMode = half ? ETH_HALFDUPLEX_MODE : ETH_FULLDUPLEX_MODE;
    mac.RetryTransmission = half ? ENABLE : DISABLE;
    mac.CRCStripTypePacket = DISABLE;
    mac.AutomaticPadCRCStrip = DISABLE;
    return HAL_ETH_SetMACConfig(&eth.hal, &mac) == HAL_OK && HAL_ETH_Start(&eth.hal) == HAL_OK;
}

static bool has_failed(void)
{
    return __HAL_ETH_DMA_GET_FLAG(&eth.hal, ETH_DMA_FLAG_FBE);
}

static bool is_up(struct otter_link *self)
{
    enum phy_link now;

    (void)self;
    if (!eth.is_started)
        return false;
    now = phy_link(&eth.phy);
    if (now == eth.state && (now == PHY_DOWN || !has_failed()))
        return now != PHY_DOWN;
    (void)HAL_ETH_Stop(&eth.hal); /* refuses if it does not run */
    eth.state = now != PHY_DOWN && run_at(now) ? now : PHY_DOWN;
    return eth.state != PHY_DOWN;
}

/* ---- frames ---- */

/*
 * The DMA sleeps when it meets a descriptor that is not its own, and the HAL wakes it when it hands over the
 * next one. Should it have looked just before, nobody else would.
 */
static void wake_dma(void)
{
    if (__HAL_ETH_DMA_GET_FLAG(&eth.hal, ETH_DMA_FLAG_RBU)) {
        __HAL_ETH_DMA_CLEAR_FLAG(&eth.hal, ETH_DMA_FLAG_RBU);
        eth.hal.Instance->DMARPDR = 0;
    }
    if (__HAL_ETH_DMA_GET_FLAG(&eth.hal, ETH_DMA_FLAG_TBU)) {
        __HAL_ETH_DMA_CLEAR_FLAG(&eth.hal, ETH_DMA_FLAG_TBU);
        eth.hal.Instance->DMATPDR = 0;
    }
}

static struct tx_buffer *free_tx_buffer(void)
{
    (void)HAL_ETH_ReleaseTxPacket(&eth.hal);
    for (unsigned i = 0; i < TX_BUFFERS; i++)
        if (!tx_buffers[i].in_use)
            return &tx_buffers[i];
    return NULL;
}

/* The frame's length; 0 if it has none, or too much for Ethernet. */
static uint32_t gather(uint8_t *to, const struct otter_frame_piece *piece, uint32_t count)
{
    uint32_t len = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (piece[i].len > OTTER_FRAME_MAX - len)
            return 0;
        if (piece[i].len > 0)
            memcpy(to + len, piece[i].data, piece[i].len);
        len += piece[i].len;
    }
    return len;
}

/* While the link is down the HAL refuses. lwIP has made all checksums, and the MAC makes none. */
static bool send(struct otter_link *self, const struct otter_frame_piece *piece, uint32_t count)
{
    ETH_BufferTypeDef part = {0};
    ETH_TxPacketConfigTypeDef packet = {.Attributes =
                                            ETH_TX_PACKETS_FEATURES_CSUM | ETH_TX_PACKETS_FEATURES_CRCPAD,
                                        .TxBuffer = &part,
                                        .CRCPadCtrl = ETH_CRC_PAD_INSERT,
                                        .ChecksumCtrl = ETH_CHECKSUM_DISABLE};
    struct tx_buffer *buffer;

    (void)self;
    buffer = free_tx_buffer();
    if (buffer == NULL)
        return false;
    part.buffer = buffer->data;
    part.len = gather(buffer->data, piece, count);
    packet.Length = part.len;
    packet.pData = buffer;
    if (part.len == 0 || HAL_ETH_Transmit_IT(&eth.hal, &packet) != HAL_OK)
        return false;
    buffer->in_use = true;
    return true;
}

/* Its length if it is whole, of one buffer, and goes into cap; else 0. */
static uint32_t take(const struct rx_buffer *b, void *buf, uint32_t cap)
{
    uint32_t errors = 0, len;

    if (b == NULL || b->next != NULL || b->len > BUFFER || b->len < HEADER + CHECK)
        return 0;
    if (HAL_ETH_GetRxDataErrorCode(&eth.hal, &errors) != HAL_OK || errors != 0)
        return 0;
    len = b->len - CHECK;
    if (len > cap)
        return 0;
    memcpy(buf, b->data, len);
    return len;
}

static uint32_t receive(struct otter_link *self, void *buf, uint32_t cap)
{
    if (eth.state == PHY_DOWN)
        return 0;
    __HAL_ETH_DMA_CLEAR_FLAG(&eth.hal, ETH_DMA_FLAG_R); /* before looking: what comes now sets it again */
    wake_dma();
    for (unsigned i = 0; i < ETH_RX_DESC_CNT; i++) {
        void *first = NULL;
        uint32_t len;

        if (HAL_ETH_ReadData(&eth.hal, &first) != HAL_OK)
            return 0;
        len = take(first, buf, cap);
        free_frame(first);
        if (len > 0)
            return len;
        self->dropped++;
    }
    return 0;
}

bool link_eth_pending(void)
{
    return eth.state != PHY_DOWN && __HAL_ETH_DMA_GET_FLAG(&eth.hal, ETH_DMA_FLAG_R);
}

struct otter_link *board_link(void)
{
    eth.link.start = start;
    eth.link.is_up = is_up;
    eth.link.send = send;
    eth.link.receive = receive;
    return &eth.link;
}
