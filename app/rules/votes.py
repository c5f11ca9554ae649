"""Votes of a review committee (人社部令第40号 第19, 20条): who must be there, and what it takes to pass."""

from __future__ import annotations

from dataclasses import dataclass

OUTCOMES = {"passed": "通过", "failed": "未通过"}


@dataclass(frozen=True)
class Votes:
    """A secret vote on one application. Abstentions count as present."""

    members: int
    present: int
    agree: int
    against: int
    abstain: int

    @property
    def outcome(self) -> str:
        """Passed when two thirds of those present are in favour."""
        return "passed" if self.agree * 3 >= self.present * 2 else "failed"

    def errors(self) -> dict[str, str]:
        """What is wrong, by field; empty when the vote stands."""
        found: dict[str, str] = {}
        if self.members < 1:
            found["members"] = "请填写评委总人数。"
        elif self.present > self.members:
            found["present"] = "出席人数不能多于评委总人数。"
        elif self.present * 2 < self.members:
            found["present"] = f"出席人数须不少于评委总人数的二分之一（至少 {-(-self.members // 2)} 人），表决无效。"
        if min(self.agree, self.against, self.abstain) < 0:
            found["agree"] = "票数不能是负数。"
        elif self.agree + self.against + self.abstain != self.present:
            found["agree"] = f"同意、不同意、弃权票数之和须等于出席人数（{self.present} 人），不得委托或补充投票。"
        return found
