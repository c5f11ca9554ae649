"""审核路径规则: which stops an application passes between its unit and the convener, as data that staff edit."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Code, Key, Timestamps, Versioned, one_of
from models.organization import Organization
from models.plan import PLAN_TYPES, ReviewPlan
from models.region import REGION_LEVELS
from models.series import TitleLevel, TitleSeries

STEP_NODES = {
    "agency": "人才服务中心", "competent_department": "主管部门", "hr_department": "人社部门", "extra": "其他单位",
}
# Where a step looks for the organization: regions of the unit's own path from the county up to the province.
PLACES = {
    "nearest": "单位属地起，逐级向上", "county": "单位所在县区", "city": "单位所在市，没有则省", "province": "省",
    "named": "指定单位",
}
YES_OR_NO = {"": "不限", "yes": "是", "no": "否"}


class RouteRule(Timestamps, Versioned, Base):
    """One rule. Of the enabled rules whose conditions hold, the one with the lowest `position` decides.

    An empty condition holds always. `unit_level` and `plan_level`: the level of the region of the unit and of the
    plan's committee; `own_committee`: whether the unit itself is the convener.
    """

    __tablename__ = "route_rule"
    __table_args__ = (
        one_of("unit_level", ("", *REGION_LEVELS)), one_of("plan_level", ("", *REGION_LEVELS)),
        one_of("plan_type", ("", *PLAN_TYPES)), one_of("is_central", YES_OR_NO), one_of("own_committee", YES_OR_NO),
        Index("ix_route_rule_position", "position"),
    )

    name: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int] = mapped_column(default=100)
    enabled: Mapped[bool] = mapped_column(default=True)
    unit_level: Mapped[str] = mapped_column(Code, default="")
    nature_code: Mapped[str] = mapped_column(String(20), default="")  # dictionary unit_nature
    is_central: Mapped[str] = mapped_column(Code, default="")
    own_committee: Mapped[str] = mapped_column(Code, default="")
    plan_type: Mapped[str] = mapped_column(Code, default="")
    plan_level: Mapped[str] = mapped_column(Code, default="")
    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"))  # only for this unit
    series_id: Mapped[int | None] = mapped_column(Key, ForeignKey("title_series.id"))
    level_id: Mapped[int | None] = mapped_column(Key, ForeignKey("title_level.id"))
    plan_id: Mapped[int | None] = mapped_column(Key, ForeignKey("review_plan.id"))
    note: Mapped[str] = mapped_column(String(200), default="")

    organization: Mapped[Organization | None] = relationship()
    series: Mapped[TitleSeries | None] = relationship()
    level: Mapped[TitleLevel | None] = relationship()
    plan: Mapped[ReviewPlan | None] = relationship()
    steps: Mapped[list[RouteStep]] = relationship(
        back_populates="rule", order_by="RouteStep.position", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return self.name


class RouteStep(Base):
    """One stop of a rule, after the unit and before the convener, in order of `position`.

    `is_optional`: left out when nobody is competent there; otherwise the application cannot be submitted.
    """

    __tablename__ = "route_step"
    __table_args__ = (
        UniqueConstraint("rule_id", "position"), one_of("node", STEP_NODES), one_of("place", PLACES),
    )

    rule_id: Mapped[int] = mapped_column(Key, ForeignKey("route_rule.id", ondelete="CASCADE"))
    position: Mapped[int]
    node: Mapped[str] = mapped_column(Code)
    place: Mapped[str] = mapped_column(Code, default="nearest")
    organization_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organization.id"))  # for place "named"
    is_optional: Mapped[bool] = mapped_column(default=False)

    rule: Mapped[RouteRule] = relationship(back_populates="steps")
    organization: Mapped[Organization | None] = relationship()

    def __str__(self) -> str:
        return STEP_NODES[self.node]
