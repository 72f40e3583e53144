#include "fake_hal.h"

#include "ports/cortex_m/cortex_m.h"

#include <string.h>

#define RNG_SECS 0x04u
#define RNG_CECS 0x02u
#define RNG_SEIS 0x40u
#define RNG_CEIS 0x20u

struct fake_chip fake_chip;
struct fake_rng fake_rng;
jmp_buf fake_reset;

SCB_Type hal_stub_scb;
GPIO_TypeDef hal_stub_gpio[7];
IWDG_TypeDef hal_stub_iwdg;
RNG_TypeDef hal_stub_rng;
USART_TypeDef hal_stub_usart3;

uint32_t program_noinit[CORTEX_M_NOINIT_LEN / sizeof(uint32_t)];
extern const uint32_t g_pfnVectors[];
const uint32_t g_pfnVectors[2];

static struct {
    bool gpio[7], usart, rng;
} clock_on;

void fake_hal_init(void)
{
    memset(&fake_chip, 0, sizeof(fake_chip));
    memset(&fake_rng, 0, sizeof(fake_rng));
    memset(&clock_on, 0, sizeof(clock_on));
    hal_stub_rng = (RNG_TypeDef){0};
    fake_flash_init();
    fake_eth_init();
}

void cortex_m_reset(void)
{
    longjmp(fake_reset, 1);
}

/* ---- core and clocks ---- */

void __enable_irq(void)
{
}

void __WFI(void)
{
    fake_chip.sleeps++;
    fake_chip.tick++;
}

void SystemCoreClockUpdate(void)
{
}

HAL_StatusTypeDef HAL_Init(void)
{
    return HAL_OK;
}

uint32_t HAL_GetTick(void)
{
    return fake_chip.tick;
}

void HAL_IncTick(void)
{
    fake_chip.tick++;
}

void HAL_Delay(uint32_t Delay)
{
    fake_chip.tick += Delay + 1;
}

/* A PLL within its limits (DS9405, PLL characteristics): 1 to 2 MHz in, 48 MHz for the RNG. */
static bool is_sound(const RCC_PLLInitTypeDef *pll)
{
    uint32_t in = (pll->PLLSource == RCC_PLLSOURCE_HSE ? HSE_VALUE : HSI_VALUE) / pll->PLLM;

    return in >= 1000000 && in <= 2000000 && in * pll->PLLN / pll->PLLP == 168000000 &&
           in * pll->PLLN / pll->PLLQ == 48000000;
}

HAL_StatusTypeDef HAL_RCC_OscConfig(const RCC_OscInitTypeDef *RCC_OscInitStruct)
{
    bool hse = RCC_OscInitStruct->OscillatorType == RCC_OSCILLATORTYPE_HSE;

    if ((hse ? fake_chip.hse_fails : fake_chip.hsi_fails) || !is_sound(&RCC_OscInitStruct->PLL) ||
        hse != (RCC_OscInitStruct->PLL.PLLSource == RCC_PLLSOURCE_HSE))
        return HAL_TIMEOUT;
    fake_chip.oscillator = *RCC_OscInitStruct;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_RCC_ClockConfig(const RCC_ClkInitTypeDef *RCC_ClkInitStruct, uint32_t FLatency)
{
    if (RCC_ClkInitStruct->APB1CLKDivider != RCC_HCLK_DIV4 ||
        RCC_ClkInitStruct->APB2CLKDivider != RCC_HCLK_DIV2)
        return HAL_ERROR; /* 42 and 84 MHz are the most that the buses bear */
    fake_chip.latency = FLatency;
    return HAL_OK;
}

uint32_t __HAL_RCC_GET_FLAG(uint8_t flag)
{
    return fake_chip.reset_flags >> (flag & 31u) & 1u;
}

void __HAL_RCC_CLEAR_RESET_FLAGS(void)
{
    fake_chip.reset_flags = 0;
}

void __HAL_RCC_PWR_CLK_ENABLE(void)
{
}

void __HAL_PWR_VOLTAGESCALING_CONFIG(uint32_t regulator)
{
    (void)regulator;
}

void __HAL_RCC_GPIOA_CLK_ENABLE(void)
{
    clock_on.gpio[0] = true;
}

void __HAL_RCC_GPIOB_CLK_ENABLE(void)
{
    clock_on.gpio[1] = true;
}

void __HAL_RCC_GPIOC_CLK_ENABLE(void)
{
    clock_on.gpio[2] = true;
}

void __HAL_RCC_GPIOD_CLK_ENABLE(void)
{
    clock_on.gpio[3] = true;
}

void __HAL_RCC_GPIOG_CLK_ENABLE(void)
{
    clock_on.gpio[6] = true;
}

void __HAL_RCC_USART3_CLK_ENABLE(void)
{
    clock_on.usart = true;
}

void __HAL_RCC_RNG_CLK_ENABLE(void)
{
    clock_on.rng = true;
}

/* ---- pins and console ---- */

void HAL_GPIO_Init(GPIO_TypeDef *GPIOx, const GPIO_InitTypeDef *GPIO_Init)
{
    (void)GPIO_Init;
    fake_chip.no_clock += !clock_on.gpio[GPIOx - hal_stub_gpio];
}

void HAL_GPIO_WritePin(GPIO_TypeDef *GPIOx, uint16_t GPIO_Pin, GPIO_PinState PinState)
{
    if (GPIOx == GPIOB && GPIO_Pin == GPIO_PIN_0)
        fake_chip.led = PinState;
}

HAL_StatusTypeDef HAL_UART_Init(UART_HandleTypeDef *huart)
{
    fake_chip.no_clock += !clock_on.usart;
    huart->gState = huart->Instance == USART3 ? HAL_UART_STATE_READY : HAL_UART_STATE_RESET;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *huart, const uint8_t *pData, uint16_t Size,
                                    uint32_t Timeout)
{
    if (huart->gState != HAL_UART_STATE_READY)
        return HAL_BUSY;
    if (fake_chip.console_faults) {
        huart->gState = HAL_UART_STATE_BUSY_TX;
        longjmp(fake_reset, 1);
    }
    if (Timeout == UINT32_MAX || fake_chip.console_len + Size > sizeof(fake_chip.console))
        return HAL_TIMEOUT;
    memcpy(fake_chip.console + fake_chip.console_len, pData, Size);
    fake_chip.console_len += Size;
    return HAL_OK;
}

/* ---- watchdog ---- */

HAL_StatusTypeDef HAL_IWDG_Init(IWDG_HandleTypeDef *hiwdg)
{
    if (++fake_chip.watchdog_inits <= fake_chip.watchdog_init_fails)
        return HAL_TIMEOUT;
    fake_chip.watchdog = hiwdg->Init;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_IWDG_Refresh(IWDG_HandleTypeDef *hiwdg)
{
    if (hiwdg->Instance != IWDG)
        return HAL_ERROR;
    fake_chip.watchdog_fed++;
    return HAL_OK;
}

/* ---- RNG: as HAL 1.8.5, it hands out what the register holds, whatever the error flags say ---- */

HAL_StatusTypeDef HAL_RNG_Init(RNG_HandleTypeDef *hrng)
{
    fake_chip.no_clock += !clock_on.rng;
    if (hrng->Instance != RNG)
        return HAL_ERROR;
    fake_rng.inits++;
    RNG->SR = 0;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_RNG_DeInit(RNG_HandleTypeDef *hrng)
{
    return hrng->Instance == RNG ? HAL_OK : HAL_ERROR;
}

static bool count_down(uint32_t *n)
{
    return *n > 0 && (*n)-- > 0;
}

HAL_StatusTypeDef HAL_RNG_GenerateRandomNumber(RNG_HandleTypeDef *hrng, uint32_t *random32bit)
{
    if (hrng->Instance != RNG || count_down(&fake_rng.hal_fails))
        return HAL_ERROR;
    if (count_down(&fake_rng.seed_fails))
        RNG->SR = RNG_SEIS | (fake_rng.seed_fails % 2 == 0 ? RNG_SECS : 0);
    if (count_down(&fake_rng.clock_fails))
        RNG->SR = RNG_CEIS | (fake_rng.clock_fails % 2 == 0 ? RNG_CECS : 0);
    if (!fake_rng.repeats)
        fake_rng.words++;
    *random32bit = fake_rng.words * 0x01010101u;
    return HAL_OK;
}

int __HAL_RNG_GET_FLAG(const RNG_HandleTypeDef *hrng, uint32_t flag)
{
    return (hrng->Instance->SR & flag) == flag;
}

int __HAL_RNG_GET_IT(const RNG_HandleTypeDef *hrng, uint32_t interrupt)
{
    return (hrng->Instance->SR & interrupt) == interrupt;
}
