#ifndef OTTER_HAL_STUB_ETH_H
#define OTTER_HAL_STUB_ETH_H

#include "stm32f4xx_hal_def.h"

#define ETH_SPEED_10M                  0u
#define ETH_SPEED_100M                 0x00004000u
#define ETH_HALFDUPLEX_MODE            0u
#define ETH_FULLDUPLEX_MODE            0x00000800u
#define ETH_TX_PACKETS_FEATURES_CSUM   0x01u
#define ETH_TX_PACKETS_FEATURES_CRCPAD 0x20u
#define ETH_CRC_PAD_INSERT             0u
#define ETH_CHECKSUM_DISABLE           0u

#define ETH_DMA_FLAG_FBE 0x00002000u
#define ETH_DMA_FLAG_RBU 0x00000080u
#define ETH_DMA_FLAG_R   0x00000040u
#define ETH_DMA_FLAG_TBU 0x00000004u

typedef struct {
    volatile uint32_t DMATPDR;
    volatile uint32_t DMARPDR;
} ETH_TypeDef;
extern ETH_TypeDef hal_stub_eth;
#define ETH (&hal_stub_eth)

/* As large as ST's, so that the port's RAM is what it will be. */
typedef struct {
    volatile uint32_t DESC[8];
    uint32_t BackupAddr[2];
} ETH_DMADescTypeDef;

typedef struct ETH_Buffer {
    uint8_t *buffer;
    uint32_t len;
    struct ETH_Buffer *next;
} ETH_BufferTypeDef;

typedef struct {
    uint32_t Attributes;
    uint32_t Length;
    ETH_BufferTypeDef *TxBuffer;
    uint32_t CRCPadCtrl;
    uint32_t ChecksumCtrl;
    void *pData;
} ETH_TxPacketConfigTypeDef;

typedef struct {
    FunctionalState CRCStripTypePacket;
    FunctionalState AutomaticPadCRCStrip;
    uint32_t Speed;
    uint32_t DuplexMode;
    FunctionalState RetryTransmission;
    uint32_t other; /* stands for the members that the port leaves as they are */
} ETH_MACConfigTypeDef;

typedef enum { HAL_ETH_MII_MODE, HAL_ETH_RMII_MODE = 0x00800000 } ETH_MediaInterfaceTypeDef;

typedef struct {
    uint8_t *MACAddr;
    ETH_MediaInterfaceTypeDef MediaInterface;
    ETH_DMADescTypeDef *TxDesc;
    ETH_DMADescTypeDef *RxDesc;
    uint32_t RxBuffLen;
} ETH_InitTypeDef;

typedef struct {
    ETH_TypeDef *Instance;
    ETH_InitTypeDef Init;
    volatile uint32_t gState; /* 0 until HAL_ETH_Init */
} ETH_HandleTypeDef;

HAL_StatusTypeDef HAL_ETH_Init(ETH_HandleTypeDef *heth);
HAL_StatusTypeDef HAL_ETH_Start(ETH_HandleTypeDef *heth);
HAL_StatusTypeDef HAL_ETH_Stop(ETH_HandleTypeDef *heth);
HAL_StatusTypeDef HAL_ETH_ReadData(ETH_HandleTypeDef *heth, void **pAppBuff);
HAL_StatusTypeDef HAL_ETH_Transmit_IT(ETH_HandleTypeDef *heth, ETH_TxPacketConfigTypeDef *pTxConfig);
HAL_StatusTypeDef HAL_ETH_ReleaseTxPacket(ETH_HandleTypeDef *heth);
HAL_StatusTypeDef HAL_ETH_GetRxDataErrorCode(const ETH_HandleTypeDef *heth, uint32_t *pErrorCode);
HAL_StatusTypeDef HAL_ETH_GetMACConfig(const ETH_HandleTypeDef *heth, ETH_MACConfigTypeDef *macconf);
HAL_StatusTypeDef HAL_ETH_SetMACConfig(ETH_HandleTypeDef *heth, ETH_MACConfigTypeDef *macconf);
HAL_StatusTypeDef HAL_ETH_ReadPHYRegister(ETH_HandleTypeDef *heth, uint32_t PHYAddr, uint32_t PHYReg,
                                          uint32_t *pRegValue);
HAL_StatusTypeDef HAL_ETH_WritePHYRegister(const ETH_HandleTypeDef *heth, uint32_t PHYAddr, uint32_t PHYReg,
                                           uint32_t RegValue);
void HAL_ETH_SetMDIOClockRange(ETH_HandleTypeDef *heth);
int __HAL_ETH_DMA_GET_FLAG(const ETH_HandleTypeDef *heth, uint32_t flag);
void __HAL_ETH_DMA_CLEAR_FLAG(ETH_HandleTypeDef *heth, uint32_t flag);

/* What the port defines and the HAL calls. */
void HAL_ETH_RxAllocateCallback(uint8_t **buff);
void HAL_ETH_RxLinkCallback(void **pStart, void **pEnd, uint8_t *buff, uint16_t Length);
void HAL_ETH_TxFreeCallback(uint32_t *buff);

#endif
