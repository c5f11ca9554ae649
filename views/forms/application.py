"""Forms of 职称申报选择 and 诚信承诺书."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired

from app.queries.plan import PlanPage
from app.services.application import Selection
from views.addresses import positive


class SelectionForm(FlaskForm):
    """职称申报选择. Every choice is listed at once, so that it works without scripts; the server checks that it fits."""

    route = RadioField(_("申报形式"), [InputRequired(_("请选择申报形式。"))], validate_choice=False)
    series = SelectField(_("申报系列"), validate_choice=False)
    specialty_id = RadioField(
        _("申报专业"), [InputRequired(_("请选择申报专业。"))], validate_choice=False, description=_("可输入关键字搜索申报专业"))
    title_id = RadioField(_("申报职称"), [InputRequired(_("请选择申报职称。"))], validate_choice=False)
    standard_id = RadioField(
        _("评审标准"), [InputRequired(_("请选择评审标准。"))], validate_choice=False,
        description=_("评审标准由组建单位设置，申报什么职称选择对应的评审标准"))
    sure = BooleanField(_("确认无误"), [InputRequired(_("请核对后勾选“确认无误”。"))])
    version = HiddenField()
    route_notes: Sequence[tuple[str, str]] = ()  # what people should know of a 申报形式
    follows: Mapping[str, Mapping[str, list[str]]] = {}  # which titles a specialty has, which standards fit a title

    def offer(self, plan: PlanPage, series_id: int | None) -> None:
        """Fill the choices with what the plan offers in one series (the first when none is given)."""
        series = {offer.series_id: offer.series for offer in plan.offers}
        chosen = series_id if series_id in series else next(iter(series), None)
        offers = [offer for offer in plan.offers if offer.series_id == chosen and offer.level_id in plan.level_ids]
        self.route.choices = [(row.key, _(row.name)) for row in plan.route_rows]
        self.route_notes = [(_(row.name), row.note) for row in plan.route_rows if row.note]
        self.series.choices = [(str(key), name) for key, name in series.items()]
        self.series.data = str(chosen) if chosen else ""
        self.specialty_id.choices = _unique([(str(o.specialty_id), o.specialty) for o in offers])
        self.title_id.choices = _unique([(str(o.title_id), f"{o.title}（{o.level}）") for o in offers])
        self.standard_id.choices = [(str(row.id), row.name) for row in plan.standards]
        titles: dict[str, list[str]] = {}
        for offer in offers:
            titles.setdefault(str(offer.specialty_id), []).append(str(offer.title_id))
        self.follows = {
            "specialty_id": titles,
            "title_id": {
                str(offer.title_id): [str(row.id) for row in plan.standards if row.fits(offer.level_id)] for offer in offers
            },
        }

    def selection(self) -> Selection:
        """What was chosen; nothing stands for what is no number."""
        return Selection(
            str(self.route.data or ""), positive(self.specialty_id.data) or 0, positive(self.title_id.data) or 0,
            positive(self.standard_id.data) or 0,
        )


def _unique(choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(choices))


class PledgeForm(FlaskForm):
    """诚信承诺书: which text was shown, and the tick."""

    pledge_id = HiddenField()
    read = BooleanField(_("我已阅读并承诺"), [InputRequired(_("请阅读全文后勾选“我已阅读并承诺”。"))])
