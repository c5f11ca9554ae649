"""The look's rules: templates parse, nothing the CSP would refuse, readable colours, nothing of the packages' own screens left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import flask_admin
import flask_appbuilder
import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import Environment
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from views.hooks import asset

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "app" / "static"
ALL = sorted(TEMPLATES.rglob("*.html"))
# pdf/ and mail/ are read by ReportLab and mail programs, which know inline styles only.
SCREENS = [p for p in ALL if p.relative_to(TEMPLATES).parts[0] not in {"pdf", "mail"}]
STYLES = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))


def ids(paths: list[Path]) -> list[str]:
    return [str(p.relative_to(ROOT)) for p in paths]


def text_of(path: Path) -> str:
    """The template without its comments."""
    return re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.S)


@pytest.mark.parametrize("path", ALL, ids=ids(ALL))
def test_template_parses(path: Path) -> None:
    Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text(encoding="utf-8"))


FORBIDDEN = {
    "style attribute": r"\sstyle\s*=",
    "event handler": r"<[^>]*\son[a-z]+\s*=",
    "inline script": r"<script(?![^>]*\ssrc=)",
    "inline style": r"<style",
    "script address": r"javascript:",
    "remote asset": r"(?:src|href)\s*=\s*[\"'](?:https?:)?//",
    "jQuery or Bootstrap": r"data-toggle|data-dismiss|\$\(|bootstrap|jquery",
}


@pytest.mark.parametrize("path", SCREENS, ids=ids(SCREENS))
def test_screen_has_nothing_the_policy_refuses(path: Path) -> None:
    found = {what for what, pattern in FORBIDDEN.items() if re.search(pattern, text_of(path), re.I)}
    assert not found


@pytest.mark.parametrize("path", SCREENS, ids=ids(SCREENS))
def test_every_post_form_carries_a_token(path: Path) -> None:
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text_of(path), re.S | re.I):
        assert re.search(r"csrf|hidden_tag\(|caller\(\)", form), form[:200]


@pytest.mark.parametrize("path", SCREENS, ids=ids(SCREENS))
def test_icons_and_static_files_exist(path: Path) -> None:
    known = set(re.findall(r'<symbol id="([a-z-]+)"', (STATIC / "icons" / "icons.svg").read_text()))
    text = text_of(path)
    assert set(re.findall(r"\bicon\('([a-z-]+)'", text)) <= known
    for name in re.findall(r"(?:url_for\('static', filename=|asset\()'([^']+)'\)", text):
        assert (STATIC / name).is_file(), name


# The only screens of the packages that are not ours: the Redis console, which is not installed.
LEFT = {"admin/rediscli/console.html", "admin/rediscli/response.html"}


def test_every_screen_of_the_packages_is_ours() -> None:
    packages = [
        Path(flask_appbuilder.__file__).parent / "templates",
        Path(flask_admin.__file__).parent / "templates" / "bootstrap4",
    ]
    theirs = {str(p.relative_to(root)) for root in packages for p in root.rglob("*.html")}
    ours = {str(p.relative_to(TEMPLATES)) for p in ALL}
    assert theirs - ours == LEFT


def tokens() -> dict[str, str]:
    """Custom properties of :root that are plain colours, as #rrggbb."""
    text = (STATIC / "css" / "tokens.css").read_text()
    found = dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-fA-F]{3,6})\s*;", text))
    return {k: "#" + "".join(c * 2 for c in v[1:]) if len(v) == 4 else v for k, v in found.items()}


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT_ON = {
    "ink": [
        "bg",
        "surface",
        "surface-2",
        "brand-soft",
        "ok-soft",
        "warn-soft",
        "bad-soft",
        "info-soft",
        "mark",
    ],
    "ink-2": ["bg", "surface", "surface-2", "brand-soft", "warn-soft", "bad-soft"],
    "ink-3": ["bg", "surface", "surface-2", "brand-soft"],
    "brand": ["bg", "surface", "surface-2", "brand-soft"],
    "brand-ink": ["surface", "brand-soft"],
    "brand-deep": ["surface"],
    "on-brand": ["brand", "brand-ink", "brand-deep", "bad"],
    "ok": ["surface", "surface-2", "ok-soft", "brand-soft", "bg"],
    "warn": ["surface", "surface-2", "warn-soft", "brand-soft", "bg"],
    "bad": ["surface", "surface-2", "bad-soft", "brand-soft", "bg"],
}


@pytest.mark.parametrize(("ink", "ground"), [(i, g) for i, grounds in TEXT_ON.items() for g in grounds])
def test_text_contrast_is_at_least_4_5(ink: str, ground: str) -> None:
    colours = tokens()
    assert contrast(colours[ink], colours[ground]) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("ground", ["bg", "surface", "brand-soft"])
@pytest.mark.parametrize("part", ["edge", "focus"])
def test_control_borders_and_focus_ring_contrast_is_at_least_3(part: str, ground: str) -> None:
    colours = tokens()
    assert contrast(colours[part], colours[ground]) >= 3  # WCAG 2.2, 1.4.11


@pytest.mark.parametrize("path", STYLES, ids=ids(STYLES))
def test_styles_use_known_tokens_and_local_files(path: Path) -> None:
    text = path.read_text()
    defined = set(re.findall(r"--([a-z0-9-]+)\s*:", (STATIC / "css" / "tokens.css").read_text()))
    assert set(re.findall(r"var\(--([a-z0-9-]+)", text)) <= defined
    for address in re.findall(r"url\(\"?([^)\"]+)", text):
        assert (path.parent / address).resolve().is_file(), address


@pytest.mark.parametrize("path", SCRIPTS, ids=ids(SCRIPTS))
def test_scripts_import_what_exists_and_evaluate_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"(?:from|import\()\s*\"(\./[^\"]+)\"", text):
        assert (path.parent / name).is_file(), name
    assert not re.search(r"\beval\(|new Function\(|https?://", text)


def test_all_modules_are_started() -> None:
    text = (STATIC / "js" / "app.js").read_text()
    for path in SCRIPTS:
        assert path.name in {"app.js", "swagger-start.js", "texts.js"} or path.name in text, path.name


class Form(FlaskForm):
    name = StringField("姓名", [InputRequired("请填写姓名。")], description="与身份证一致")
    nation = SelectField("民族", choices=[("01", "汉族"), ("02", "<回族>")])
    free = RadioField("是否自由职业者", choices=[("y", "是"), ("n", "否")])
    kinds = SelectMultipleField("单位性质", choices=[("a", "事业单位"), ("b", "国有企业")])
    agreed = BooleanField("我已阅读并承诺")


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask("look", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    app.config.update(SECRET_KEY="look", BABEL_DEFAULT_LOCALE="zh_Hans_CN")
    Babel(app)
    CSRFProtect(app)
    app.jinja_env.globals["asset"] = asset
    with app.test_request_context("/", method="POST", data={"nation": "02", "kinds": "b"}):
        yield app


def test_refused_field_points_to_its_error_and_hint(app: Flask) -> None:
    form = Form()
    assert not form.validate()
    html = render_template_string("{% import 'macros/fields.html' as f %}{{ f.field(form.name) }}", form=form)
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    for target in described[1].split():
        assert f'id="{target}"' in html
    assert 'aria-invalid="true"' in html
    assert "请填写姓名。" in html
    assert 'for="name"' in html


def test_error_summary_links_each_refused_field(app: Flask) -> None:
    form = Form()
    form.validate()
    html = render_template_string(
        "{% import 'macros/fields.html' as f %}{{ f.error_summary(form) }}", form=form
    )
    assert 'role="alert"' in html
    assert 'href="#name"' in html


def test_choices_keep_the_answer_and_are_escaped(app: Flask) -> None:
    html = render_template_string("{% import 'macros/fields.html' as f %}{{ f.fields(form) }}", form=Form())
    assert '<option value="02" selected>&lt;回族&gt;</option>' in html
    assert re.search(r'type="checkbox" name="kinds" value="b" checked', html)
    assert "<legend>单位性质" in html
    assert html.count("<select") == 1


def test_confirmation_posts_to_the_row_it_names(app: Flask) -> None:
    html = render_template_string(
        "{% import 'macros/confirm.html' as a %}{{ a.confirm('删除', '/x/4', '确定删除“<b>”吗？') }}"
    )
    assert '<form method="post" action="/x/4">' in html
    assert 'name="csrf_token"' in html
    assert "“&lt;b&gt;”" in html


def test_values_are_escaped_and_spoken(app: Flask) -> None:
    say = "{% import 'macros/value.html' as v %}{{ v.show(x) }}"
    assert render_template_string(say, x="<script>") == "&lt;script&gt;"
    assert render_template_string(say, x=True) == "是"
    assert render_template_string(say, x=["甲", "<乙>"]) == "甲、&lt;乙&gt;"
    assert "—" in render_template_string(say, x=None)


def test_key_paging_marks_the_missing_direction(app: Flask) -> None:
    html = render_template_string(
        "{% import 'macros/table.html' as t %}{{ t.pager(none, '/?after=9', '共 10000+ 条') }}"
    )
    assert 'aria-disabled="true"' in html
    assert 'rel="next" href="/?after=9"' in html
    assert "共 10000+ 条" in html


def test_ring_chart_carries_its_numbers_as_a_table(app: Flask) -> None:
    html = render_template_string(
        "{% import 'macros/parts.html' as p %}{{ p.ring([{'label': '通过', 'value': 3}, {'label': '退回', 'value': 1}], '审核统计') }}"
    )
    assert "<caption" in html
    assert "审核统计" in html
    assert [float(a) for a in re.findall(r'stroke-dasharray="([\d.]+)', html)] == [75.0, 25.0]


@pytest.mark.parametrize("code", [400, 403, 404, 409, 413, 429, 500])
def test_error_pages_say_what_to_do_without_a_shell(app: Flask, code: int) -> None:
    html = app.jinja_env.get_template(f"error/{code}.html").render(message=None)
    assert str(code) in html
    assert "请" in html
    assert "回首页" in html


def test_every_sentence_of_the_scripts_has_its_english() -> None:
    known = set(re.findall(r'^  "([^"]+)":', (STATIC / "js" / "texts.js").read_text(encoding="utf-8"), re.M))
    used: set[str] = set()
    for path in SCRIPTS:
        code = re.sub(r"^\s*//.*$|//[^\"]*$", "", path.read_text(encoding="utf-8"), flags=re.M)
        spoken = re.findall(r'\bsay\("([^"]+)"', code)
        used.update(spoken)
        if path.name != "texts.js":
            chinese = {s for s in re.findall(r'"([^"\n]*)"', code) if re.search(r"[\u4e00-\u9fff]", s)}
            assert chinese <= set(spoken), path.name
    assert used == known
