"""National Provider Identifiers: ten digits, of which the last is a check digit.

Source: CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit": the Luhn formula (ISO/IEC 7812)
over the number with the prefix 80840 (80 for health applications, 840 for the United States).
"""

from __future__ import annotations

PREFIX = "80840"


def is_npi(text: str) -> bool:
    """Whether it is ten ASCII digits with the right check digit. Says nothing of whether anybody has that number."""
    return len(text) == 10 and text.isascii() and text.isdigit() and _luhn_sum(PREFIX + text) % 10 == 0


def _luhn_sum(digits: str) -> int:
    """Every second digit from the right counts twice, and a product over nine as the sum of its digits."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return sum(int(digit) for digit in digits[-1::-2]) + sum(doubled)
