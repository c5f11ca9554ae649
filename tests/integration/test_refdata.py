"""Loading reference data: idempotent, and never over what staff changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, insert, select, update

from app.extensions import db
from app.refdata.loading import load
from app.refdata.reading import DATA, RefdataError
from app.scope import system_scope
from models.achievement import AchievementKind, AchievementKindVersion
from models.application import Pledge
from models.audit import AuditEvent
from models.dictionary import CodeItem, CodeTable
from models.region import Region
from models.series import Specialty, Title, TitleSeries
from models.series_form import SeriesForm
from models.setting import Setting
from tests.database import Databases, build_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    def fill() -> None:
        with system_scope():
            load()

    return build_template(application, store, "refdata", fill, base="empty")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the files: the next version of them."""
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    return copy


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """What is sent to the database during the test."""
    sent: list[str] = []

    def note(connection, cursor, statement, parameters, context, many) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


def commit(statement) -> None:
    db.session.execute(statement)
    db.session.commit()


def test_everything_is_there(db_session):
    assert count(TitleSeries) == 27
    assert count(AchievementKind) == count(AchievementKindVersion) == 22
    assert db_session.scalar(select(func.count()).where(Region.level == "city")) == 16
    assert db_session.scalar(select(Region.path).where(Region.code == "340103")) == "340000/340100/340103"
    assert count(Title) > 250
    assert db_session.scalars(
        select(Specialty.name).join(TitleSeries).where(TitleSeries.name == "审计专业人员")
    ).all() == ["通用"]
    assert db_session.scalar(select(func.count()).where(SeriesForm.series_id.is_(None))) == 1
    assert db_session.scalar(select(Setting.value).where(Setting.key == "certificate.province")) == "34"
    pledge = db_session.scalars(select(Pledge)).one()
    assert len(pledge.sha256) == 64
    assert len(pledge.clauses) >= 5


def test_dictionaries_keep_their_own_columns(db_session):
    item = db_session.scalars(
        select(CodeItem).join(CodeTable).where(CodeTable.code == "education_level", CodeItem.code == "21")
    ).one()
    assert (item.name, item.parent_code, item.enabled) == ("大学本科", "20", True)
    assert item.extra == {"standard_name": "大学本科毕业", "rank": "60"}
    unfinished = db_session.scalars(
        select(CodeItem).join(CodeTable).where(CodeTable.code == "education_level", CodeItem.code == "22")
    ).one()
    assert not unfinished.enabled


def test_a_second_load_writes_nothing_and_reads_each_table_once(app, db_session, statements):
    statements.clear()
    report = load()
    assert not report.changed
    assert report.kept == []
    assert not [s for s in statements if s.split()[0] in ("INSERT", "UPDATE", "DELETE")]
    reads = [s for s in statements if s.startswith("SELECT")]
    assert len(reads) == len(set(reads))


def test_a_load_leaves_one_audit_row(db_session):
    assert db_session.scalar(
        select(func.count()).where(AuditEvent.subject_type == "reference_data")
    ) == 1


def test_new_rows_and_changed_files_reach_rows_that_staff_never_touched(db_session, folder):
    replace(folder / "specialties.csv", "27,通用\n", "27,通用\n27,工程审计\n")
    replace(folder / "settings.yaml", "0551-88888888", "0551-12345678")
    report = load(folder)
    assert (report.inserted, report.updated) == ({"specialty": 1}, {"setting": 1})
    setting = db_session.scalars(select(Setting).where(Setting.key == "support.phone")).one()
    assert (setting.value, setting.version) == ("0551-12345678", 2)
    assert not load(folder).changed


def test_what_staff_edited_stays(db_session, folder):
    commit(update(Setting).where(Setting.key == "support.phone").values(value="0551-66666666"))
    replace(folder / "settings.yaml", "0551-88888888", "0551-12345678")
    report = load(folder)
    assert not report.changed
    assert report.kept == ["setting support.phone"]
    assert db_session.scalar(select(Setting.value).where(Setting.key == "support.phone")) == "0551-66666666"


def test_what_staff_deleted_stays_deleted(db_session):
    commit(delete(Specialty).where(Specialty.name == "师训"))
    report = load()
    assert report.kept == ["specialty 22/师训"]
    assert db_session.scalar(select(Specialty.id).where(Specialty.name == "师训")) is None


def test_what_staff_added_under_a_key_of_the_files_stays_theirs(db_session, folder):
    series_id = db_session.scalar(select(TitleSeries.id).where(TitleSeries.code == "27"))
    commit(insert(Specialty).values(series_id=series_id, name="工程审计", enabled=False))
    replace(folder / "specialties.csv", "27,通用\n", "27,通用\n27,工程审计\n")
    assert not load(folder).changed
    assert db_session.scalar(select(Specialty.enabled).where(Specialty.name == "工程审计")) is False


def test_a_switched_off_row_is_still_the_loaders_for_the_columns_of_the_files(db_session):
    """`enabled` is no column of regions.csv: switching a region off is no conflict."""
    commit(update(Region).where(Region.code == "340104").values(enabled=False))
    assert load().kept == []
    assert db_session.scalar(select(Region.enabled).where(Region.code == "340104")) is False


def test_fields_of_a_loaded_version_never_change_a_new_version_is_added(db_session, folder):
    path = folder / "achievements" / "basic.yaml"
    replace(path, "label: 所在部门", "label: 所在科室")
    with pytest.raises(RefdataError, match="raise its number"):
        load(folder)
    replace(path, "version: 1", "version: 2")
    assert load(folder).inserted == {"achievement_kind_version": 1}
    assert db_session.scalars(
        select(AchievementKindVersion.number).join(AchievementKind).where(AchievementKind.code == "work_experience")
        .order_by(AchievementKindVersion.number)
    ).all() == [1, 2]


def test_a_bad_file_changes_nothing(db_session, folder):
    replace(folder / "specialties.csv", "27,通用\n", "27,通用\n27,工程审计\n")
    replace(folder / "pledge.yaml", "title: 诚信承诺书", "title: 承诺书")  # frozen: refused in the last step
    with pytest.raises(RefdataError):
        load(folder)
    assert db_session.scalar(select(Specialty.id).where(Specialty.name == "工程审计")) is None


def test_the_command_says_what_it_did(app):
    result = app.test_cli_runner().invoke(args=["refdata", "load"])
    assert result.exit_code == 0, result.output
    assert result.output == "refdata: everything is up to date\n"
