"""The catalogues: English is complete and keeps the placeholders, Chinese pages show no English, English pages no Chinese.

After adding texts: `make translations`, then fill in the empty msgstr of translations/en.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import gettext

import config
from app.errors import Sentence
from app.extensions import db
from app.scope import system_scope
from app.workflow.procedure import NODES
from models.account import Account
from models.application import APPLICATION_STATES
from models.case import CASE_STATES, TASK_STATES
from models.dictionary import CodeTable
from tests.conftest import Login
from tests.factories import person as people
from tests.factories.rows import save

ROOT = config.ROOT
CHINESE = re.compile(r"[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
KEYWORDS: dict[str, Any] = {
    "_": None, "_l": None, "gettext": None, "lazy_gettext": None, "pgettext": ((1, "c"), 2),
}


def catalogue(locale: str, domain: str = "messages") -> Catalog:
    with (ROOT / "translations" / locale / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        return read_po(file, locale=locale)


def used() -> set[str]:
    """Every message of the templates and modules that babel.cfg names."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping(file)
    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _file, _line, message, *_rest in found}


def filled(locale: str, domain: str = "messages") -> list[Message]:
    return [message for message in catalogue(locale, domain) if message.id]


def test_english_has_every_message_that_is_used() -> None:
    known = {message.id for message in filled("en") if message.string}
    assert sorted(used() - known) == [], "run `make translations` and translate what is empty"


def test_english_keeps_nothing_that_is_no_longer_used() -> None:
    assert sorted({str(message.id) for message in filled("en")} - used()) == [], "run `make translations`"


def test_every_message_is_chinese_or_has_a_chinese_translation() -> None:
    translated = {message.id for message in filled("zh_Hans_CN") if CHINESE.search(str(message.string))}
    assert sorted(text for text in used() - translated if not CHINESE.search(text) and text != "；") == []


@pytest.mark.parametrize(("locale", "domain"), [("en", "messages"), ("zh_Hans_CN", "messages"), ("zh_Hans_CN", "admin")])
def test_no_translation_is_fuzzy_or_empty_or_loses_a_placeholder(locale: str, domain: str) -> None:
    wrong = [
        message.id for message in filled(locale, domain)
        if message.fuzzy or not message.string
        or sorted(PLACEHOLDER.findall(str(message.id))) != sorted(PLACEHOLDER.findall(str(message.string)))
    ]
    assert filled(locale, domain)
    assert wrong == []


def test_english_is_english() -> None:
    """Chinese stands in an English text only where it names what to choose or type."""
    quoted = re.compile(r"“[^”]*”")
    assert [m.id for m in filled("en") if CHINESE.search(quoted.sub("", str(m.string)))] == []


def test_templates_have_no_chinese_outside_messages() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted((ROOT / "templates").rglob("*.html")) if "pdf" not in path.parts
        for found in re.findall(r"[\u3400-\u9fff]+", _bare(path.read_text(encoding="utf-8")))
    ]
    assert wrong == []


def _bare(template: str) -> str:
    """The template without comments and without the literals given to `_()`."""
    text = re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL)
    return re.sub(r"_\(\s*('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", "_(", text)


def test_views_put_no_chinese_into_f_strings() -> None:
    """An f-string cannot be looked up in a catalogue: `_("…%(name)s…", name=…)` can."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "views").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr) and CHINESE.search(ast.unparse(node))
    ]
    assert wrong == []


# What visitors see. Texts of the page only: no tags, no scripts, no option lists of languages.

def _texts(html: str) -> Iterator[str]:
    body = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    yield from (text.strip() for text in re.findall(r">([^<>]+)<", body) if text.strip())
    yield from re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]+)"', body)


def _page(client: FlaskClient, path: str, language: str) -> str:
    client.set_cookie("language", language)
    response = client.get(path, follow_redirects=True)
    assert response.status_code == 200
    return response.text


def _without(texts: Iterator[str], data: set[str]) -> list[str]:
    for known in data:
        texts = iter([text.replace(known, "") for text in texts])
    return list(texts)


def _english_words(texts: list[str]) -> list[str]:
    return [text for text in texts if re.search(r"[A-Za-z]{3,}", text)]


@pytest.fixture
def compiled() -> None:
    for path in (ROOT / "translations").glob("*/LC_MESSAGES/*.po"):
        assert path.with_suffix(".mo").exists(), "make compiles the catalogues: pybabel compile -d translations"


@pytest.mark.usefixtures("compiled")
def test_the_login_page_speaks_one_language(client: FlaskClient) -> None:
    chinese = _without(_texts(_page(client, "/login/", "zh_Hans_CN")), {"English"})
    english = _without(_texts(_page(client, "/login/", "en")), {"中文"})
    assert _english_words(chinese) == []
    assert [text for text in english if CHINESE.search(text)] == []
    assert "Sign in" in english


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("path", ["/codetableview/list/", "/codetableview/add", "/accountview/list/", "/titleseriesview/list/"])
def test_generated_pages_speak_one_language(app: Flask, client: FlaskClient, login: Login, path: str) -> None:
    people.account("admin1", role="Admin")
    save(CodeTable(code="colour", name="颜色"))
    login(client, "admin1")
    data = {"颜色", "colour", "admin1", *_names()}
    chinese = _without(_texts(_page(client, path, "zh_Hans_CN")), {"English", *data})
    english = _without(_texts(_page(client, path, "en")), {"中文", *data})
    assert _english_words(chinese) == []
    assert [text for text in english if CHINESE.search(text)] == []


def _names() -> set[str]:
    """The names of the test's accounts, which are data."""
    with system_scope():
        accounts = db.session.query(Account).all()
        return {f"{row.last_name}{row.first_name}" for row in accounts}


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(("language", "text", "said"), [
    ("zh_Hans_CN", "Database Error", "数据库错误"),  # ours, beside FAB's own catalogue
    ("zh_Hans_CN", "Permissions", "权限"),  # FAB's own
    ("zh_Hans_CN", "首页", "首页"),
    ("en", "首页", "Home"),
    ("en", "Database Error", "Database Error"),
])
def test_our_catalogues_and_those_of_fab_are_one(app: Flask, language: str, text: str, said: str) -> None:
    with app.test_request_context("/", headers={"Cookie": f"language={language}"}):
        assert gettext(text) == said


@pytest.mark.usefixtures("compiled")
def test_states_and_refusals_are_translated_where_they_are_shown(app: Flask) -> None:
    known = {message.id for message in filled("en")}
    assert {*APPLICATION_STATES.values(), *CASE_STATES.values(), *TASK_STATES.values()} <= known
    assert {node.label for node in NODES.values()} | {node.stepper for node in NODES.values()} <= known
    with app.test_request_context("/", headers={"Cookie": "language=en"}):
        filters = app.jinja_env.filters
        assert (filters["case_state"]("open"), filters["node_label"]("employer")) == ("Under review", "Review by the unit")
        assert (filters["task_state"]("approved"), gettext("通过")) == ("Approved", "Approve")


def test_words_in_constants_and_sentences_of_errors_are_read() -> None:
    assert {"任务中心", "待领取", "主管部门审核", "被退回", "不能审核自己的申请，请由本单位其他管理员审核。"} <= used()


@pytest.mark.usefixtures("compiled")
def test_sentences_with_values_are_translated_where_they_are_shown(app: Flask) -> None:
    """By their template; texts among the values by themselves."""
    short = Sentence("密码至少 %(n)s 位，可以使用一句自己记得住的话。", n=8)
    named = Sentence("%(label)s最多 %(n)s 个字。", label="职称名称", n=20)
    assert (short, named) == ("密码至少 8 位，可以使用一句自己记得住的话。", "职称名称最多 20 个字。")
    with app.test_request_context("/", headers={"Cookie": "language=en"}):
        assert "8" in gettext(short)
        assert not CHINESE.search(gettext(short) + gettext(named))
        assert gettext(Sentence("“%(name)s”没有", name="100%")) == "“100%”没有"
        assert not CHINESE.search(app.jinja_env.from_string("{{ _(text) }}{{ text|gettext }}").render(text=named))


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("path", ["/register/", "/register/unit/"])
def test_what_is_wrong_with_a_registration_is_said_in_english(client: FlaskClient, path: str) -> None:
    client.set_cookie("language", "en")
    answer = client.post(path, data={
        "name": "x" * 60, "id_doc_type": "01", "id_number": "1", "uscc": "2", "username": "a", "password": "short", "again": "other",
        "password_again": "other", "mobile": "3", "email": "x@", "contact": "y" * 50, "legal_person_phone": "z", "region_code": "9"})
    assert answer.status_code == 422
    errors = re.findall(r'<ul class="errors">(.*?)</ul>', answer.text)
    assert len(errors) > 2
    assert [text for text in errors if CHINESE.search(text)] == []


def test_services_of_people_and_units_put_no_chinese_into_f_strings() -> None:
    """As in views; `Sentence` keeps the template."""
    wrong = [
        f"{name}:{node.lineno}"
        for name in ("services/registration", "services/organization", "services/administrator",
                     "services/person", "services/qr_sign_in", "services/sign_on", "rules/identity", "rules/account", "rules/password",
                     "rules/upload_image", "workflow/engine")
        for node in ast.walk(ast.parse((ROOT / "app" / f"{name}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr) and CHINESE.search(ast.unparse(node))
    ]
    assert wrong == []
