"""The registry of 开始检测: rules are small functions; what they find is a sentence, a page and a place on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.rules.checks_material import Material

BLOCK, WARN = "block", "warn"
GROUPS = ("资格", "申报选择", "个人信息", "现有职称", "经历学历", "继续教育/考核", "申报业绩", "附件", "汇总")


@dataclass(frozen=True)
class Gap:
    """One thing to do: a sentence, the key of the page that mends it and the place on that page.

    The place is an HTML id; on the page `basic` the key of a field, or an id after “#”.
    """

    message: str
    page: str
    anchor: str = ""


@dataclass(frozen=True)
class Finding:
    """A rule that does not hold. `level`: block (不符合, cannot be submitted) or warn (提示)."""

    rule: str
    level: str
    source: str
    gaps: tuple[Gap, ...]

    @property
    def message(self) -> str:
        """All its sentences in one."""
        return "".join(gap.message for gap in self.gaps)

    @property
    def page(self) -> str:
        """The page of the first gap."""
        return self.gaps[0].page


Check = Callable[[Material], Finding | None]


@dataclass(frozen=True)
class Rule:
    """`source`: manual, law, or product (our own). `points`: how many things of the progress bar it judges.
    `about`: whether it is about an application at all, by its 申报形式; what a route waives is data (RouteForm.waives).
    """

    id: str
    group: str
    level: str
    source: str
    title: str
    check: Check
    points: int | Callable[[Material], int]
    about: Callable[[Material], bool]

    def points_of(self, material: Material) -> int:
        """The points that count for this application."""
        return self.points if isinstance(self.points, int) else self.points(material)


RULES: dict[str, Rule] = {}


def rule(
    rule_id: str, *, group: str, title: str, level: str = BLOCK, source: str = "manual",
    points: int | Callable[[Material], int] = 0, about: Callable[[Material], bool] = lambda _: True,
) -> Callable[[Callable[[Material], Sequence[Gap]]], Check]:
    """Register a rule: the decorated function returns the gaps it finds, the registered one a Finding or None (also for
    an application it is not about).
    """
    if group not in GROUPS or level not in (BLOCK, WARN) or rule_id in RULES:
        raise RuntimeError(f"rule {rule_id} is registered twice or badly")

    def register(find: Callable[[Material], Sequence[Gap]]) -> Check:
        def check(material: Material) -> Finding | None:
            gaps = tuple(find(material)) if about(material) else ()
            return Finding(rule_id, level, source, gaps) if gaps else None

        check.__name__, check.__doc__ = find.__name__, find.__doc__
        RULES[rule_id] = Rule(rule_id, group, level, source, title, check, points, about)
        return check

    return register
