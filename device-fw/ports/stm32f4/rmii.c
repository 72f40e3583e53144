/* The pins between the Ethernet controller and its PHY (UM1974, table "Ethernet pins"). */
#include "core/bytes.h"
#include "ports/stm32f4/internal.h"

void rmii_connect(void)
{
    static const struct {
        GPIO_TypeDef *port;
        uint32_t pins;
    } rmii[] = {
        {GPIOA, GPIO_PIN_1 | GPIO_PIN_2 | GPIO_PIN_7}, /* REF_CLK, MDIO, CRS_DV */
        {GPIOB, GPIO_PIN_13},                          /* TXD1 */
        {GPIOC, GPIO_PIN_1 | GPIO_PIN_4 | GPIO_PIN_5}, /* MDC, RXD0, RXD1 */
        {GPIOG, GPIO_PIN_11 | GPIO_PIN_13},            /* TX_EN, TXD0 */
    };

    __HAL_RCC_GPIOA_CLK_ENABLE();
    __HAL_RCC_GPIOB_CLK_ENABLE();
    __HAL_RCC_GPIOC_CLK_ENABLE();
    __HAL_RCC_GPIOG_CLK_ENABLE();
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rmii); i++) {
        GPIO_InitTypeDef pins = {.Pin = rmii[i].pins,
                                 .Mode = GPIO_MODE_AF_PP,
                                 .Pull = GPIO_NOPULL,
                                 .Speed = GPIO_SPEED_FREQ_VERY_HIGH,
                                 .Alternate = GPIO_AF11_ETH};

        HAL_GPIO_Init(rmii[i].port, &pins);
    }
    __HAL_RCC_ETH_CLK_ENABLE();
}
