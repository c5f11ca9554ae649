"""Numbers of certificates: a template that staff edit, counted under everything before the serial."""

from __future__ import annotations

import pytest

from app.errors import Invalid
from app.rules.numbering import city_digits, number_of, prefix_of

TEMPLATE = "9{province}{year}{city}{series}{level}{serial:6}"
VALUES = {"province": "34", "year": "2026", "city": "01", "series": "22", "level": "12"}


def test_the_serial_is_counted_under_everything_before_it() -> None:
    prefix = prefix_of(TEMPLATE, VALUES)
    assert prefix == "9342026012212"
    assert number_of(TEMPLATE, prefix, 1) == "9342026012212000001"
    assert number_of(TEMPLATE, prefix, 999_999) == "9342026012212999999"


def test_a_serial_that_no_longer_fits_its_digits_is_refused_instead_of_widened() -> None:
    with pytest.raises(Invalid, match="已用完"):
        number_of(TEMPLATE, "9342026012212", 1_000_000)


@pytest.mark.parametrize("template", ["9{province}{year}", "9{serial}", "{serial:6}{year}", "9{year}{serial:6} "])
def test_a_template_must_end_in_the_serial(template: str) -> None:
    with pytest.raises(Invalid, match="结尾"):
        prefix_of(template, VALUES)


@pytest.mark.parametrize("template", ["9{town}{serial:6}", "9{year{serial:6}", "9}{serial:6}", "9{serial:3}{serial:6}"])
def test_a_place_that_nobody_knows_is_refused(template: str) -> None:
    with pytest.raises(Invalid, match="占位符"):
        prefix_of(template, VALUES)


@pytest.mark.parametrize(("region", "digits"), [("340000", "00"), ("340100", "01"), ("341822", "18"), ("110000", "99")])
def test_the_city_is_two_digits_of_the_region(region: str, digits: str) -> None:
    assert city_digits(region, "34") == digits
