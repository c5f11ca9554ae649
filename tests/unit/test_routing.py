"""Routes come from data: nearest region first, the series' own department before the general one."""

import pytest

from app.errors import Invalid
from app.rules.routing import Competence, Facts, Stop, resolve

NODES = ("employer", "competent_department", "hr_department", "convener")
SCHOOL = Stop("employer", 1, "合肥市第八中学")
CONVENER = Stop("convener", 9, "安徽省教育厅")
TEACHERS, DOCTORS = 1, 2
COMPETENCES = (
    Competence("competent_department", "340100", TEACHERS, 5, "合肥市教育局"),
    Competence("competent_department", "340000", TEACHERS, 9, "安徽省教育厅"),
    Competence("competent_department", "340100", None, 6, "合肥市人民政府办公室"),
    Competence("hr_department", "340100", None, 7, "合肥市人力资源和社会保障局"),
    Competence("hr_department", "340000", None, 8, "安徽省人力资源和社会保障厅"),
)


def facts(path=("340100", "340000"), series=TEACHERS):
    return Facts(employer=SCHOOL, convener=CONVENER, region_path=path, series_id=series)


def names(stops):
    return [stop.organization for stop in stops]


def test_a_city_school_passes_its_own_citys_authorities():
    assert names(resolve(NODES, facts(), COMPETENCES)) == [
        "合肥市第八中学", "合肥市教育局", "合肥市人力资源和社会保障局", "安徽省教育厅",
    ]


def test_a_county_without_authorities_of_its_own_goes_up_to_the_city():
    assert names(resolve(NODES, facts(("340111", "340100", "340000")), COMPETENCES))[1] == "合肥市教育局"


def test_a_series_without_its_own_department_takes_the_general_one():
    assert names(resolve(NODES, facts(series=DOCTORS), COMPETENCES))[1] == "合肥市人民政府办公室"


def test_an_organization_that_would_follow_itself_is_visited_once():
    stops = resolve(("competent_department", "convener"), facts(("340000",)), COMPETENCES)
    assert [(stop.node, stop.organization) for stop in stops] == [("competent_department", "安徽省教育厅")]


def test_a_missing_route_says_who_is_missing_and_that_nothing_is_lost():
    with pytest.raises(Invalid, match="主管部门.*不会丢失"):
        resolve(NODES, facts(series=DOCTORS, path=("340200",)), COMPETENCES)
