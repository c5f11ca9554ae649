"""Routes come from data: the first rule that holds, nearest region first, the series' own department before the general one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.routing import (
    Competence,
    Facts,
    NoRoute,
    Place,
    Rule,
    Step,
    Stop,
    matching,
    resolve,
    with_insertion,
    without_insertion,
)

SCHOOL = Stop("employer", 1, "合肥市第八中学")
CONVENER = Stop("convener", 9, "安徽省教育厅")
TEACHERS, DOCTORS = 1, 2
PROVINCE, HEFEI = Place("340000", "province", "安徽省"), Place("340100", "city", "合肥市")
SHUSHAN, WUHU = Place("340104", "county", "蜀山区"), Place("340200", "city", "芜湖市")
COMPETENCES = (
    Competence("competent_department", "340100", TEACHERS, 5, "合肥市教育局"),
    Competence("competent_department", "340000", TEACHERS, 9, "安徽省教育厅"),
    Competence("competent_department", "340100", None, 6, "合肥市人民政府办公室"),
    Competence("hr_department", "340100", None, 7, "合肥市人力资源和社会保障局"),
    Competence("hr_department", "340000", None, 8, "安徽省人力资源和社会保障厅"),
)
NEAREST = (Step("competent_department"), Step("hr_department"))
PROVINCIAL = (Step("competent_department", "province"), Step("hr_department", "province"))
RULES = (
    Rule("自主评审", (), own_committee="yes"),
    Rule("中央驻皖", PROVINCIAL, is_central="yes"),
    Rule("县区", (Step("hr_department", "county", True), Step("competent_department", "city"), Step("hr_department", "city")),
         unit_level="county", plan_level="province"),
    Rule("一般", NEAREST),
)


def facts(regions=(HEFEI, PROVINCE), series=TEACHERS, **more):
    return Facts(**{"employer": SCHOOL, "convener": CONVENER, "regions": regions, "series_id": series} | more)


def names(route):
    return [stop.organization for stop in route.stops]


def test_a_city_school_passes_its_own_citys_authorities():
    route = resolve(RULES, facts(), COMPETENCES)
    assert names(route) == ["合肥市第八中学", "合肥市教育局", "合肥市人力资源和社会保障局", "安徽省教育厅"]
    assert route.rule == "一般"
    assert route.reasons[1] == "管辖范围：合肥市的主管部门，负责该系列"


def test_a_county_without_authorities_of_its_own_goes_up_to_the_city_and_says_so():
    route = resolve(RULES, facts((SHUSHAN, HEFEI, PROVINCE)), COMPETENCES)
    assert names(route)[1:3] == ["合肥市教育局", "合肥市人力资源和社会保障局"]
    assert route.skipped == ("蜀山区没有人社部门，该步骤可以省略",)


def test_a_county_with_authorities_passes_them_before_the_citys():
    county = Competence("hr_department", "340104", None, 4, "蜀山区人力资源和社会保障局")
    route = resolve(RULES, facts((SHUSHAN, HEFEI, PROVINCE)), (*COMPETENCES, county))
    assert names(route)[1:] == ["蜀山区人力资源和社会保障局", "合肥市教育局", "合肥市人力资源和社会保障局", "安徽省教育厅"]


def test_a_central_unit_goes_to_the_province_wherever_it_sits():
    assert names(resolve(RULES, facts(is_central=True), COMPETENCES))[1:] == [
        "安徽省教育厅", "安徽省人力资源和社会保障厅", "安徽省教育厅"]


def test_a_university_with_its_own_committee_reviews_alone():
    own = Stop("convener", 1, "合肥市第八中学")
    assert [stop.node for stop in resolve(RULES, facts(convener=own), COMPETENCES).stops] == ["employer"]


def test_a_series_without_its_own_department_takes_the_general_one():
    assert names(resolve(RULES, facts(series=DOCTORS), COMPETENCES))[1] == "合肥市人民政府办公室"


def test_an_organization_that_would_follow_itself_is_visited_once():
    department = Stop("employer", 5, "合肥市教育局")
    route = resolve(RULES, facts(employer=department), COMPETENCES)
    assert names(route) == ["合肥市教育局", "合肥市人力资源和社会保障局", "安徽省教育厅"]
    assert "已在上一节点审核" in route.skipped[0]


def test_a_rule_can_name_a_unit():
    rule = Rule("指定", (Step("competent_department", "named", named=(77, "某集团")),), organization_id=1)
    assert names(resolve((rule, *RULES), facts(), COMPETENCES)) == ["合肥市第八中学", "某集团", "安徽省教育厅"]


@pytest.mark.parametrize(("condition", "fact"), [
    ({"nature_code": "50"}, {"nature_code": "50"}), ({"plan_type": "green"}, {"plan_type": "green"}),
    ({"level_id": 3}, {"level_id": 3}), ({"plan_id": 8}, {"plan_id": 8}), ({"series_id": 2}, {"series": 2}),
    ({"plan_level": "city"}, {"plan_level": "city"}), ({"unit_level": "city"}, {"regions": (WUHU, PROVINCE)}),
])
def test_every_condition_decides_only_where_it_holds(condition, fact):
    other = {"nature_code": "11", "level_id": 9, "plan_id": 9, "regions": (PROVINCE,)}
    rules = (Rule("条件", (), **condition), Rule("其他", ()))
    assert matching(rules, facts(**fact)).name == "条件"
    assert matching(rules, facts(**other)).name == "其他"


def test_a_missing_route_says_who_is_missing_and_that_nothing_is_lost():
    with pytest.raises(NoRoute, match="属地的主管部门.*不会丢失") as refused:
        resolve(RULES, facts(series=DOCTORS, regions=(WUHU,)), COMPETENCES)
    assert refused.value.missing == "合肥市第八中学属地的主管部门"
    with pytest.raises(NoRoute, match="审核路径规则"):
        resolve((), facts(), COMPETENCES)


HEALTH = Stop("extra", 20, "蚌埠市卫生健康委员会", inserted=True)


def test_an_added_unit_leads_back_and_an_agency_leads_on():
    route = resolve(RULES, facts(), COMPETENCES).stops
    added = with_insertion(route, 0, HEALTH, returns=True)
    assert [stop.organization for stop in added[:4]] == [
        "合肥市第八中学", "蚌埠市卫生健康委员会", "合肥市第八中学", "合肥市教育局"]
    assert [stop.organization for stop in with_insertion(route, 0, HEALTH, returns=False)[:3]] == [
        "合肥市第八中学", "蚌埠市卫生健康委员会", "合肥市教育局"]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=5))
def test_taking_back_an_addition_leaves_the_route_as_it_was(steps):
    """Whatever was added before: what the last approval added goes, and only that."""
    route = resolve(RULES, facts(), COMPETENCES).stops
    at = 0
    for ahead, returns in steps:
        before, offset = route, ahead
        # only the stop where the case stands can add, and what it added lies right behind it
        while at + 1 < len(route) and offset and not route[at + 1].inserted:
            at, offset = at + 1, offset - 1
        if at + 1 < len(route) and route[at + 1].inserted:
            continue
        route = with_insertion(route, at, HEALTH, returns=returns)
        assert without_insertion(route, at) == before
        at += 2 if returns else 1
