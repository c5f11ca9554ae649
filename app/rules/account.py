"""User names and e-mail addresses: what an account may be called, and where it can be written to."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from app.errors import Invalid, Sentence

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{3,31}")


def check_username(value: str) -> str:
    """The user name without blanks around it."""
    username = value.strip()
    if not _USERNAME.fullmatch(username):
        raise Invalid("用户名为 4 至 32 位字母、数字、下划线、点或减号，以字母开头。")
    return username


def check_email(value: str, *, limit: int = 120) -> str:
    """The address as it was given, without blanks around it. No mail server is asked."""
    address = value.strip()
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise Invalid("电子邮箱格式不正确，例如 zhangsan@example.com。") from None
    if len(address) > limit:
        raise Invalid(Sentence("电子邮箱最多 %(n)s 个字符。", n=limit))
    return address
