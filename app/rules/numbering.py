"""Numbers of certificates, from a template that staff edit: `9{province}{year}{city}{series}{level}{serial:6}`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.errors import Invalid

_PLACE = re.compile(r"\{(\w+)(?::(\d{1,2}))?\}")
PLACES = frozenset({"province", "year", "city", "series", "level"})


def prefix_of(template: str, values: Mapping[str, str]) -> str:
    """The template without its serial, filled in: the key under which serials are counted.

    Invalid when the template does not end in `{serial:n}` or names an unknown place.
    """
    head, serial = _parts(template)
    del serial
    unknown = {match[1] for match in _PLACE.finditer(head)} - PLACES
    if unknown or "{" in _PLACE.sub("", head) or "}" in _PLACE.sub("", head):
        raise Invalid(f"证书编号模板中有不认识的占位符：{'、'.join(sorted(unknown)) or '{'}。请在“系统设置”中修改。")
    return _PLACE.sub(lambda match: values[match[1]], head)


def number_of(template: str, prefix: str, serial: int) -> str:
    """The whole number; Invalid when the serial no longer fits its digits."""
    _, digits = _parts(template)
    if serial >= 10**digits:
        raise Invalid(f"证书流水号已用完（{digits} 位）。请在“系统设置”中增加证书编号模板的位数。")
    return f"{prefix}{serial:0{digits}}"


def _parts(template: str) -> tuple[str, int]:
    match = re.search(r"\{serial:(\d{1,2})\}$", template)
    if match is None:
        raise Invalid("证书编号模板必须以 {serial:位数} 结尾，例如 {serial:6}。请在“系统设置”中修改。")
    return template[: match.start()], int(match[1])


def city_digits(region_code: str, province: str) -> str:
    """The two digits of the city inside a certificate number; 00 for the province itself."""
    return region_code[2:4] if region_code.startswith(province) else "99"
