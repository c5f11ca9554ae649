"""破格审批表 and 转评申报表: they appear with their 申报形式, save themselves, and are cleared with a warning only."""

from __future__ import annotations

import html
import re
import subprocess
from dataclasses import replace

import pytest
from flask import Flask

from app.errors import NotFound, WrongState
from app.jobs.worker import run_due
from app.queries.application import review_material
from app.rules.checks import RULES, examine
from app.services import application, application_form, submission
from app.transaction import current_session
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.templates import plan_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def li(app: Flask):
    return make.actor("applicant")


@pytest.fixture
def browser(client, login):
    return login(client, "applicant")


def begun(who, route: str = "exceptional") -> int:
    application_id = make.complete(who)
    chosen = make.selection(make.teacher_plan())
    application.change_choice(application_id=application_id, selection=replace(chosen, route=route), actor=who)
    return application_id


def filled(application_id: int) -> dict[str, str]:
    need = make.material(application_id).sections[0].requirements[0]
    return {"exception_type": "资历破格", "missing_condition": "任现职未满五年", "clause": str(need.id),
            "achievements": "获省级教学成果奖，符合破格条款。"}


def test_the_form_appears_with_its_route_and_is_part_of_check_overview_and_submission(browser, li):
    application_id = begun(li)
    base = f"/applications/{application_id}/fill"
    page = browser.get(f"{base}/form")
    for words in ("破格审批表", "破格类型", "不具备的条件", "破格依据条款", "主要业绩", "现职称", "一级教师（中小学教师，高中数学，中级）",
                  "考核表彰：表彰奖励"):
        assert words in page.text, words
    assert "B03" in [finding.rule for finding in examine(make.material(application_id)).findings]
    saved = application_form.save_route_form(application_id=application_id, raw=filled(application_id), actor=li)
    assert saved.errors == {}
    report = submission.check(application_id=application_id, actor=li)
    assert report.is_clean, [finding.message for finding in report.findings]
    assert "资历破格" in browser.get(f"{base}/overview").text
    submission.submit(application_id=application_id, actor=li)
    form = review_material(current_session(), application_id)["route_form"]
    assert form["name"] == "破格审批表"
    assert ["破格类型", "资历破格"] in form["fields"]
    assert ["破格依据条款", "考核表彰：表彰奖励"] in form["fields"]
    with pytest.raises(WrongState):
        application_form.save_route_form(application_id=application_id, raw={}, actor=li)


def test_autosave_merges_two_windows_here_too(browser, li):
    application_id = begun(li)
    address = f"/applications/{application_id}/fill/form"
    token = html.unescape(re.search(r'name="version" value="([^"]*)"', browser.get(address).text).group(1))
    headers = {"Accept": "application/json"}
    browser.post(f"{address}/autosave", data={"f_missing_condition": "甲", "version": token}, headers=headers)
    second = browser.post(
        f"{address}/autosave", headers=headers,
        data={"f_missing_condition": "乙", "f_exception_type": "学历破格", "version": token})
    assert second.json["conflicts"]["f_missing_condition"] == {"mine": "乙", "stored": "甲", "value": "甲"}
    assert make.material(application_id).route_values == {"missing_condition": "甲", "exception_type": "学历破格"}
    assert "破格审批表" in second.json["parts"]["tree"]


def test_whole_saving_names_what_is_missing(browser, li):
    application_id = begun(li)
    page = browser.post(f"/applications/{application_id}/fill/form", data={"f_exception_type": "越级", "version": "{}"})
    assert "请填写“不具备的条件”" in page.text
    assert make.material(application_id).route_values == {"exception_type": "越级"}


def test_an_ordinary_application_has_no_such_page(browser, li):
    application_id = make.started(li)
    assert browser.get(f"/applications/{application_id}/fill/form").status_code == 404
    with pytest.raises(NotFound):
        application_form.save_route_form(application_id=application_id, raw={}, actor=li)
    with pytest.raises(NotFound):
        application_form.save_route_form(
            application_id=application_id, raw={}, actor=make.actor("applicant2"))


def test_changing_the_route_lists_what_it_clears_and_asks_before_it_does(browser, li):
    application_id = begun(li)
    application_form.save_route_form(application_id=application_id, raw=filled(application_id), actor=li)
    address = f"/applications/{application_id}/fill/choice"
    chosen = make.selection(make.teacher_plan())
    data = {"route": "regular", "specialty_id": chosen.specialty_id, "title_id": chosen.title_id,
            "standard_id": chosen.standard_id, "sure": "y"}
    asked = browser.post(address, data=data)
    assert asked.status_code == 422
    assert "破格审批表中已填写的内容" in asked.text
    assert make.material(application_id).route_values != {}
    other = make.selection(make.teacher_plan(), standard=1).standard_id
    both = browser.post(address, data={**data, "standard_id": other})
    assert "申报业绩中已导入的" in both.text
    assert len(make.material(application_id).items) > 10
    assert browser.post(address, data={**data, "clear": "y"}).status_code == 302
    material = make.material(application_id)
    assert (material.choice.route, material.route_values, len(material.items) > 10) == ("regular", {}, True)


def test_b04_transfer_stays_on_its_level(li):
    application_id = begun(li)
    material = make.material(application_id)
    transfer = replace(material, choice=replace(material.choice, route="transfer"), route_fields=())
    assert "同级转评" in RULES["B04"].check(transfer).message
    level = replace(material.held_titles[0], rank=material.choice.rank)
    assert RULES["B04"].check(replace(transfer, held_titles=(level,))) is None


def test_the_paper_is_offered_where_it_is_filled_in_and_made_as_draft_and_as_submitted(app, client, login, browser, li):
    application_id = begun(li)
    application_form.save_route_form(application_id=application_id, raw=filled(application_id), actor=li)
    for page in ("form", "overview"):
        assert f"/forms/application/{application_id}/exceptional_form" in browser.get(f"/applications/{application_id}/fill/{page}").text
    assert "导出破格审批表" in browser.get("/applications/").text
    made = browser.post(f"/forms/application/{application_id}/exceptional_form")
    assert made.status_code == 303
    run_due(app)
    assert "这是带水印的草稿" in browser.get(made.location).text
    assert browser.post(f"/forms/application/{application_id}/transfer_form").status_code == 404
    report = submission.check(application_id=application_id, actor=li)
    assert report.is_clean
    submission.submit(application_id=application_id, actor=li)
    unit = login(client, "unit")
    assert "导出破格审批表" in unit.get(f"/reviews/{application_id}/").text
    made = unit.post(f"/forms/application/{application_id}/exceptional_form")
    run_due(app)
    link = re.search(r'href="(/files/[^"]+)"', unit.get(made.location).text)
    assert link is not None
    pdf = unit.get(link[1]).data
    said = re.sub(r"\s", "", subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode())
    for words in ("破格审批表", "李明", "资历破格", "任现职未满五年", "获省级教学成果奖，符合破格条款。", "考核表彰：表彰奖励", "审批机关意见"):
        assert words in said, words
    assert login(client, "company").post(f"/forms/application/{application_id}/exceptional_form").status_code == 404
