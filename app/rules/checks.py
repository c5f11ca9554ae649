"""开始检测: every rule over one application, and the progress that the filling pages show.

The rules live in checks_<group>.py; importing this module registers them all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.rules import (
    checks_achievements,
    checks_choice,
    checks_eligibility,
    checks_evidence,
    checks_files,
    checks_history,
    checks_items,
    checks_personal,
    checks_standing,
    checks_summary,
    checks_titles,
)
from app.rules.check_settings import OFF
from app.rules.checks_material import Material
from app.rules.checks_registry import BLOCK, GROUPS, RULES, WARN, Finding, Gap, Rule

__all__ = ["BLOCK", "GROUPS", "RULES", "VERSION_RULE", "WARN", "Finding", "Gap", "Judgement", "Report", "Rule", "examine"]

_MODULES = (
    checks_eligibility, checks_standing, checks_choice, checks_personal, checks_titles, checks_items, checks_history,
    checks_achievements, checks_files, checks_evidence, checks_summary,
)
_ORDERED = sorted(RULES.values(), key=lambda rule: (GROUPS.index(rule.group), rule.id))
VERSION_RULE = "I02"  # binds a result to the version it was made on; says nothing about the content


@dataclass(frozen=True)
class Judgement:
    """One line of the result: 符合 (finding None), 不符合 or 提示."""

    rule: Rule
    finding: Finding | None


@dataclass(frozen=True)
class Report:
    """The result of a check. `percent`: how much of what has to be filled in is there, 100 only without blocks."""

    judgements: tuple[Judgement, ...]
    percent: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What does not hold, blocks first."""
        found = [judgement.finding for judgement in self.judgements if judgement.finding]
        return tuple(sorted(found, key=lambda finding: finding.level != BLOCK))

    @property
    def content(self) -> tuple[Finding, ...]:
        """The findings without the one about the version of the check."""
        return tuple(finding for finding in self.findings if finding.rule != VERSION_RULE)

    @property
    def is_clean(self) -> bool:
        """Whether the content may be submitted: no blocking finding."""
        return not any(finding.level == BLOCK for finding in self.content)

    def gaps(self, level: str) -> tuple[Gap, ...]:
        """Every open point of a level, in the order of the rules."""
        return tuple(gap for finding in self.content if finding.level == level for gap in finding.gaps)

    def gaps_of(self, page: str, level: str = BLOCK) -> tuple[Gap, ...]:
        """The open points of one page."""
        return tuple(gap for gap in self.gaps(level) if gap.page == page)


def examine(material: Material) -> Report:
    """Run every registered rule at the level the plan gives it; those that are off, that the route waives or that are about
    another route are left out.
    """
    levels = {rule_id: setting.level for rule_id, setting in material.settings.items()}
    judgements = tuple(
        _judged(rule, material, levels.get(rule.id, rule.level))
        for rule in _ORDERED if levels.get(rule.id) != OFF and rule.id not in material.waived and rule.about(material)
    )
    total = sum(judgement.rule.points_of(material) for judgement in judgements)
    missing = sum(
        min(len(judgement.finding.gaps), judgement.rule.points_of(material))
        for judgement in judgements
        if judgement.finding and judgement.finding.level == BLOCK
    )
    report = Report(judgements, 100 * (total - missing) // total if total else 100)
    return report if report.is_clean or report.percent < 100 else Report(judgements, 99)


def _judged(rule: Rule, material: Material, level: str) -> Judgement:
    finding = rule.check(material)
    return Judgement(rule, replace(finding, level=level) if finding else None)
