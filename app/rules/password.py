"""Passwords: long enough, not among the ones everybody tries, not the account's own name. No composition rules."""

from __future__ import annotations

from app.errors import Invalid, Sentence

SHORTEST, LONGEST = 8, 128
_TRIED_FIRST = frozenset(
    ["12345678", "123456789", "1234567890", "11111111", "88888888", "66666666", "00000000", "12341234", "password", "password1", "qwertyui", "qwerty123", "abc12345", "abcd1234", "1q2w3e4r", "1qaz2wsx", "a1234567", "aa123456", "woaini1314", "5201314520", "iloveyou", "admin123", "zhicheng", "anhui123"]
)


def check_password(password: str, *, username: str) -> str:
    """The password as it is; Invalid with a sentence that says what to choose instead."""
    if len(password) < SHORTEST:
        raise Invalid(Sentence("密码至少 %(n)s 位，可以使用一句自己记得住的话。", n=SHORTEST))
    if len(password) > LONGEST:
        raise Invalid(Sentence("密码最多 %(n)s 位。", n=LONGEST))
    folded = password.casefold()
    if folded in _TRIED_FIRST or len(set(folded)) < 3:
        raise Invalid("这个密码太常见，容易被猜到，请换一个。")
    if username and username.casefold() in folded:
        raise Invalid("密码不能包含用户名，请换一个。")
    return password
