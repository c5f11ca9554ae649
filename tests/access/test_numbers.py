"""Numbers in addresses: what no key can be is no page."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound


def test_a_number_larger_than_any_key_is_no_page_wherever_one_stands(application: Flask) -> None:
    at = application.url_map.bind("localhost")
    tried = 0
    for rule in application.url_map.iter_rules():
        named = [name for name, converter in rule._converters.items() if type(converter).__name__ == "Number"]
        if not named or named != list(rule.arguments):
            continue
        tried += 1
        method = "GET" if "GET" in rule.methods else "POST"
        address = at.build(rule.endpoint, dict.fromkeys(named, 1), method=method)
        at.match(address, method)
        for name in named:
            with pytest.raises(NotFound):
                at.match(rule.build({**dict.fromkeys(named, 1), name: 2**63}, append_unknown=False)[1], method)
    assert tried > 100
