"""What axe-core finds on a page, the rules of WCAG 2.2 AA included."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python

from tests.e2e.people import Someone

SCRIPT = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# A bar that stays at the edge of the window covers what can be scrolled out from under it: such bars lie still meanwhile.
LIE_STILL = """[...document.querySelectorAll('*')].filter(one => ['sticky', 'fixed'].includes(getComputedStyle(one).position))
    .forEach(one => { one.dataset.position = one.style.position; one.style.position = 'static'; })"""
STAY_AGAIN = "document.querySelectorAll('[data-position]').forEach(one => { one.style.position = one.dataset.position; delete one.dataset.position; })"
RUN = "axe.run({resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"


def violations(someone: Someone) -> list[str]:
    """One line each: the rule, how bad, where first, and how often."""
    someone.settles()
    someone.page.evaluate(SCRIPT)
    someone.page.evaluate(LIE_STILL)
    found = someone.page.evaluate(RUN)["violations"]
    someone.page.evaluate(STAY_AGAIN)
    return [
        f"{entry['id']} ({entry['impact']}): {entry['nodes'][0]['html'][:200]} … {len(entry['nodes'])}×" for entry in found
    ]


def resize(someone: Someone, width: int, height: int) -> None:
    """Another size of the window, once the page has taken it in."""
    someone.page.set_viewport_size({"width": width, "height": height})
    someone.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def clean(someone: Someone) -> None:
    """axe finds nothing, and the page does not scroll sideways."""
    assert violations(someone) == [], someone.page.url
    wide, width = someone.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= width, f"{someone.page.url} is {wide} px wide in a window of {width}"
