"""Floating-point formats and the coefficients of the vector functions, with their origin and accuracy.

Coefficients are minimax fits of the relative error, computed with 60 digits by least squares with Lawson's reweighting.
The coefficient of lowest order was rounded to the format first, then the others were fitted again. The power of two in
each comment is the error of the polynomial alone, relative to the function. Every number is exact in its format.
"""

from __future__ import annotations

import dataclasses

LN_2 = (0.6931471805599453, 2.3190468138462996e-17)


@dataclasses.dataclass(frozen=True)
class Format:
    """Constants of one floating-point format; each number is exact in it."""

    bits: int
    mantissa: int  # stored bits
    bias: int
    least: float  # smallest normal number
    sqrt_half: int  # bits of the largest number ≤ √½
    ln2: tuple[float, float]  # nearest value, remainder
    ln2_below: tuple[float, float]  # rounded down, so that the remainder is positive, as needed for the logarithm of ∞
    quarter: tuple[float, float, float]  # π/2 in parts, rounded down: with positive parts the reduction preserves −0
    whole_range: tuple[float, float]  # exp is a normal number in between
    wave_range: float
    saturated: float  # tanh is 1 above
    exp: tuple[float, ...]  # Q
    log: tuple[float, ...]
    sine: tuple[float, ...]  # S
    cosine: tuple[float, ...]  # C

    @property
    def rounder(self) -> float:
        """1.5·2^mantissa: the low bits of x + rounder are the integer nearest to x."""
        return 1.5 * 2.0**self.mantissa


SINGLE = Format(
    bits=32,
    mantissa=23,
    bias=127,
    least=2.0**-126,
    sqrt_half=0x3F3504F3,
    ln2=(0.6931471824645996, -1.9046542121259336e-09),
    ln2_below=(0.6931471228599548, 5.769998878690785e-08),
    quarter=(1.570796251296997, 7.549789415861596e-08, 5.390302953474238e-15),
    whole_range=(-87.33654022216797, 88.72283172607422),
    wave_range=2.0**20,
    saturated=10.0,
    # 2^-28.2
    exp=(0.49999994, 0.166665211, 0.0416682623, 0.00836867094, 0.00138209993),
    # 2^-27.3: log(1 + f) = f − f²/2 + f³ P(f)
    log=(
        *(0.333333313, -0.250008196, 0.200012401, -0.166234076),
        *(0.142016277, -0.131596833, 0.127618611, -0.0763575062),
    ),
    # 2^-27.3 and 2^-32.1 for |r| ≤ 0.83
    sine=(-0.166666493, 0.00833184458, -0.000194746637),
    cosine=(0.0416666381, -0.00138869509, 2.4392235e-05),
)
DOUBLE = Format(
    bits=64,
    mantissa=52,
    bias=1023,
    least=2.0**-1022,
    sqrt_half=0x3FE6A09E667F3BCC,
    ln2=LN_2,
    ln2_below=LN_2,
    quarter=(1.5707963267948966, 6.123233995736765e-17, 1.082856673921914e-32),
    whole_range=(-708.3964185322641, 709.782712893384),
    wave_range=2.0**30,
    saturated=20.0,
    # 2^-57.9
    exp=(
        *(0.5000000000000011, 0.16666666666666444, 0.04166666666652705, 0.008333333333475872, 0.0013888888944312327),
        *(0.00019841269544789594, 2.480149248526748e-05, 2.755755359271488e-06, 2.763044337182979e-07),
        2.5010106472022488e-08,
    ),
    # 2^-59.5: log m = 2s + s³ L(s²), s = (m − 1)/(m + 1)
    log=(
        *(0.6666666666666734, 0.3999999999941693, 0.28571428741935484, 0.22222198615903513),
        *(0.18183562260069802, 0.15314100062834377, 0.1479548371827723),
    ),
    # 2^-57.9 and 2^-63.9 for |r| ≤ 0.7855
    sine=(
        *(-0.1666666666666663, 0.008333333333321905, -0.00019841269829443827),
        *(2.7557313576784288e-06, -2.5050741453661126e-08, 1.5895894113442736e-10),
    ),
    cosine=(
        *(0.041666666666666595, -0.001388888888887334, 2.480158728899942e-05),
        *(-2.75573142159308e-07, 2.087570520438304e-09, -1.1358737425777187e-11),
    ),
)
#: For powers: 2^-37.8: log₂ m = s L₂(s²); 2^-28.9: 2^r = 1 + r E(r), |r| ≤ ½; 2^-73.5: log m = 2s + ⅔s³ + s⁵ T(s²).
LOG2 = (2.8853900817900864, 0.9617966733414967, 0.5770835850265041, 0.4116727151058284, 0.3407301821542683)
EXP2 = (
    *(0.6931472028863734, 0.24022647913901088, 0.05550332402040815),
    *(0.009618437186446763, 0.0013398902460687316, 0.0001535343776126428),
)
LOG_TAIL = (
    *(0.3999999999999998, 0.28571428571443835, 0.22222222217791712, 0.18181818843716588),
    *(0.15384558448218538, 0.1333626374194686, 0.1167579571186952, 0.11981633281562708),
)
TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)
