"""开始检测: how findings are collected, counted and shown. Each rule is tried in test_check_rules.py."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from app.rules import deadlines
from app.rules.checks import BLOCK, examine
from app.rules.checks_items import limits
from app.rules.checks_material import Ban, Requirement, Rival, Slot
from app.rules.checks_registry import rule
from app.rules.field_definitions import Condition
from app.rules.snapshot import compose, digest, hours
from tests.factories.material import GOOD, found, item


def test_a_good_application_has_no_finding_at_all():
    report = examine(GOOD)
    assert [finding.message for finding in report.findings] == []
    assert report.is_clean
    assert report.percent == 100


def test_a_rule_is_registered_once():
    with pytest.raises(RuntimeError, match="A01"):
        rule("A01", group="资格", title="again")


@pytest.mark.parametrize("moment", [deadlines.opens_at(GOOD.plan.opens_on), deadlines.closes_at(GOOD.plan.closes_on)
                                    - dt.timedelta(seconds=1)])
def test_a05_holds_from_the_first_to_the_last_second(moment: dt.datetime):
    assert found(replace(GOOD, now=moment), "A05") == ""


def test_a02_drafts_of_other_plans_do_not_count():
    assert found(replace(GOOD, rivals=(Rival("别的计划", "editing", False),)), "A02") == ""


def test_a03_a_ban_that_is_over_or_still_to_come_does_not_count():
    over = Ban("x", dt.date(2020, 1, 1), dt.date(2026, 11, 23))
    coming = Ban("x", dt.date(2026, 11, 25), dt.date(2027, 1, 1))
    assert found(replace(GOOD, bans=(over, coming)), "A03") == ""


def test_a09_other_documents_are_not_judged_by_the_rules_of_resident_ids():
    officer = replace(GOOD.person, id_doc_type="02", id_number="军字第1234号")
    assert found(replace(GOOD, person=officer), "A09") == ""


def test_h01_a_slot_whose_condition_does_not_hold_is_not_asked():
    asked = Slot("exam", "笔试申请表", is_required=True, condition=Condition("specialty_field", ("化工工程",)),
                 types=("pdf",), max_mb=3, max_count=1)
    assert found(replace(GOOD, slots=(asked,)), "H01") == ""
    assert "笔试申请表" in found(
        replace(GOOD, slots=(asked,), professional={**GOOD.professional, "specialty_field": "化工工程"}), "H01")


def test_the_progress_grows_with_everything_that_is_filled_in():
    empty = replace(GOOD, personal={}, professional={}, items=(), slots=(replace(GOOD.slots[0], files=()),))
    half = replace(GOOD, items=())
    assert 0 < examine(empty).percent < examine(half).percent < 100


def test_gaps_point_at_the_place_that_mends_them():
    report = examine(replace(GOOD, items=GOOD.items[:-1], slots=(replace(GOOD.slots[0], files=()),)))
    assert {(gap.page, gap.anchor) for gap in report.gaps(BLOCK)} == {
        ("section-1", "requirement-11"), ("attachments", "slot-id_card")}
    assert report.gaps_of("attachments")[0].message == "附件：请上传身份证正反面。"


@pytest.mark.parametrize(("low", "high", "words"), [
    (0, 0, "项数不限"), (1, 0, "至少 1 项"), (0, 3, "最多 3 项"), (1, 3, "至少 1 项、最多 3 项"), (2, 2, "须 2 项")])
def test_limits_are_said_in_the_words_of_the_manual(low: int, high: int, words: str):
    assert limits(Requirement(1, 1, "x", low, high, "")) == words


def test_hours_are_summed_by_course_type_and_nonsense_is_skipped():
    courses = [item(n, data={"course_type": course, "hours": n_hours}) for n, (course, n_hours) in enumerate(
        [("公需课", "30"), ("公需课", "0.5"), ("专业课", "72"), ("公需课", None)])]
    assert hours(courses) == {"专业课": "72", "公需课": "30.5"}


class Names(dict):
    def __call__(self, table: str) -> dict:
        return {}


def test_the_snapshot_is_plain_json_masks_the_id_number_and_has_a_stable_digest():
    snapshot = compose(GOOD, Names())
    assert digest(snapshot) == digest(compose(GOOD, Names()))
    assert ["证件编号", "340***********0778"] in snapshot["header"]
    assert "340103198205120778" not in str(snapshot)
    assert ["出生地", "合肥"] in snapshot["personal"]
    assert snapshot["sections"][0]["groups"][0]["items"][0]["cells"] == ["单位5"]
    assert snapshot["facts"]["employer"] == "合肥市第八中学"
