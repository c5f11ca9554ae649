"""What a browser calls itself, in words people know. For display only: anybody can claim anything."""

from __future__ import annotations

_BROWSERS = (
    ("MicroMessenger", "微信"), ("AlipayClient", "支付宝"), ("Edg", "Edge"), ("QQBrowser", "QQ 浏览器"), ("360SE", "360 浏览器"),
    ("QIHU", "360 浏览器"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("OpenHarmony", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)


def describe(user_agent: str) -> list[str]:
    """The browser and its system, e.g. Chrome, Windows; those that are known."""
    found = (next((name for mark, name in table if mark in user_agent), "") for table in (_BROWSERS, _SYSTEMS))
    return [name for name in found if name]
