"""What makes two achievements the same: DOI, ISBN, ISSN and title, patent and certificate numbers, made comparable.

A kind says it as data: [{"scheme": "doi", "fields": ["doi"]}, …]. Numbers are normalised by python-stdnum where it
knows the format. Keys are compared across kinds for numbers that are unique in the world, within a kind otherwise.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stdnum import isbn, issn

from app.errors import Invalid

MAX_KEY = 200
SCHEMES = {
    "doi": "DOI", "isbn": "ISBN", "issn_title": "ISSN 和题目", "patent": "专利号或登记号", "certificate": "证书或文号",
    "text": "相同的内容",
}
_WORLDWIDE = ("doi", "isbn", "issn_title", "patent")
_DOI = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class IdentityKey:
    """`key` is what is compared, `fields` the fields it was made of, `label` its name for people."""

    key: str
    fields: tuple[str, ...]
    label: str


def identity_keys(
    duplicate_keys: Sequence[Mapping[str, Any]], kind_code: str, data: Mapping[str, Any]
) -> tuple[IdentityKey, ...]:
    """The keys of one item; fields that are empty, or numbers that are none, give no key."""
    found: dict[str, IdentityKey] = {}
    for rule in duplicate_keys:
        scheme, fields = str(rule["scheme"]), tuple(rule["fields"])
        values = [str(data.get(field) or "").strip() for field in fields]
        if not all(values):
            continue
        text = _SCHEMES[scheme](values)
        if not text:
            continue
        place = scheme if scheme in _WORLDWIDE else f"{scheme}:{kind_code}.{'+'.join(fields)}"
        key = f"{place}:{text}"
        if len(key) > MAX_KEY:
            key = f"{place}:{hashlib.sha256(text.encode()).hexdigest()}"
        found.setdefault(key, IdentityKey(key, fields, SCHEMES[scheme]))
    return tuple(found.values())


def check_duplicate_keys(raw: object, keys: Collection[str]) -> list[dict[str, Any]]:
    """Rules that staff are about to save; Invalid when they cannot be used. `keys`: those of the kind's fields."""
    rules = raw if isinstance(raw, list) else None
    if rules is None:
        raise Invalid("查重规则须是一个列表。", {"duplicate_keys": "请写成 [{\"scheme\": …, \"fields\": […]}] 的形式。"})
    for rule in rules:
        fields = rule.get("fields") if isinstance(rule, Mapping) else None
        if not isinstance(rule, Mapping) or rule.get("scheme") not in SCHEMES or not isinstance(fields, list) or not fields:
            raise Invalid("查重规则写得不对。", {
                "duplicate_keys": f"每条规则须有方法（{'、'.join(SCHEMES)}）和字段代码。"
            })
        unknown = [str(field) for field in fields if field not in keys]
        if unknown:
            raise Invalid("查重规则写得不对。", {"duplicate_keys": f"字段“{'、'.join(unknown)}”不在字段定义中。"})
        if rule["scheme"] == "issn_title" and len(fields) != 2:
            raise Invalid("查重规则写得不对。", {"duplicate_keys": "“ISSN 和题目”须有两个字段：先 ISSN，后题目。"})
    return [{"scheme": rule["scheme"], "fields": list(rule["fields"])} for rule in rules]


def _plain(text: str) -> str:
    """Letters and digits only, in one width and one case: 《高中物理》 教学 is 高中物理教学."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _doi(values: Sequence[str]) -> str:
    text = _DOI.sub("", unicodedata.normalize("NFKC", values[0])).replace(" ", "").rstrip(".,;")
    return text.casefold() if text.startswith("10.") and "/" in text else ""


def _isbn(values: Sequence[str]) -> str:
    text = unicodedata.normalize("NFKC", values[0])
    return str(isbn.to_isbn13(isbn.compact(text))).replace("-", "") if isbn.is_valid(text) else ""


def _issn_title(values: Sequence[str]) -> str:
    text = unicodedata.normalize("NFKC", values[0])
    title = _plain(values[1])
    return f"{issn.compact(text)}:{title}" if issn.is_valid(text) and title else ""


def _patent(values: Sequence[str]) -> str:
    """ZL 2019 1 0123456.7 and CN201910123456.7 are one; a publication number keeps its letter."""
    text = _plain(values[0])
    return text[2:] if text[:2] in ("zl", "cn") and text[2:3].isdigit() else text


def _joined(values: Sequence[str]) -> str:
    return ":".join(filter(None, map(_plain, values)))


_SCHEMES: dict[str, Callable[[Sequence[str]], str]] = {
    "doi": _doi, "isbn": _isbn, "issn_title": _issn_title, "patent": _patent, "certificate": _joined, "text": _joined,
}
