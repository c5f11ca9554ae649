"""Rules of background work that need no database: retries, time buckets, the registry, mail addresses."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from app import mail
from app.jobs import lease, registry, schedule
from app.jobs.worker import describe
from app.services.notification import is_local, shorten

SERVER = mail.server_of("smtp://127.0.0.1:2525", sender_name="职称申报系统")


def test_retries_wait_three_times_longer_each_up_to_an_hour() -> None:
    for attempts, seconds in ((1, 5), (2, 15), (3, 45), (4, 135), (10, 3600), (500, 3600)):
        waits = {lease.backoff(attempts).total_seconds() for _ in range(50)}
        assert all(0.8 * seconds <= wait <= 1.2 * seconds for wait in waits)
        assert len(waits) > 1, "retries must spread"


def test_a_token_is_never_used_twice_and_fits_its_column() -> None:
    tokens = {lease.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert max(map(len, tokens)) <= 80


def test_a_bucket_lasts_as_long_as_its_period() -> None:
    entry = schedule.Periodic("x", dt.timedelta(hours=1))
    start = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)
    assert schedule.bucket(entry, start) == schedule.bucket(entry, start + dt.timedelta(minutes=59, seconds=59))
    assert schedule.bucket(entry, start) + 1 == schedule.bucket(entry, start + dt.timedelta(hours=1))


def test_all_periodic_kinds_have_a_handler() -> None:
    assert {entry.kind for entry in schedule.PERIODIC} <= set(registry.kinds())


def test_the_kinds_the_engine_asks_for_have_a_handler() -> None:
    assert {"notify.task_arrived", "notify.case_ended", "mail.notification"} <= set(registry.kinds())


def test_a_kind_has_one_handler() -> None:
    with pytest.raises(RuntimeError, match="registered twice"):
        registry.handler("notify.task_arrived")(lambda job: None)


def test_an_error_names_its_class_and_place() -> None:
    with pytest.raises(registry.UnknownKind) as caught:
        registry.handler_of("no.such.kind")
    assert describe(caught.value).startswith("UnknownKind: no handler for jobs of kind no.such.kind (registry.py:")


def test_a_database_error_is_kept_without_its_values() -> None:
    error = IntegrityError("INSERT INTO person …", {"id_number": "340101199001010011"}, Exception("NOT NULL failed\nDETAIL"))
    assert describe(error) == "IntegrityError: NOT NULL failed"


@pytest.mark.parametrize(("link", "local"), [
    ("/tasks/1", True), ("/", True), ("", False), ("tasks", False), ("//evil.example", False),
    ("https://evil.example", False), ("javascript:alert(1)", False), ("/\\evil.example", False), ("/\t/evil", False),
])
def test_only_paths_of_this_site_are_links(link: str, local: bool) -> None:
    assert is_local(link) is local


def test_a_title_is_one_line_and_cut_with_an_ellipsis() -> None:
    assert shorten(" 一\n二\r\n三 ") == "一 二 三"
    assert shorten("字" * 201) == "字" * 199 + "…"


@pytest.mark.parametrize("url", ["http://host", "smtp://", "host:25", "smtp:host"])
def test_a_mail_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="MAIL_URL"):
        mail.server_of(url, sender_name="x")


def test_a_mail_url_is_read() -> None:
    server = mail.server_of("smtps://us%40er:p%3Aw@mail.example?from=a@b.example", sender_name="x")
    assert (server.host, server.port, server.tls) == ("mail.example", 465, True)
    assert (server.user, server.password, server.sender) == ("us@er", "p:w", "a@b.example")


@pytest.mark.parametrize("to", ["", " ", "a", "@b", "a@b\r\nBcc: c@d", "a@b\nX: y", "a@b, c@d", "a@b c@d", "<a@b>"])
def test_what_is_no_single_address_is_refused(to: str) -> None:
    with pytest.raises(mail.MailError) as caught:
        mail.compose(server=SERVER, to=to, subject="s", text="t", key="k")
    assert caught.value.permanent


@pytest.mark.parametrize("subject", ["退回\r\nBcc: c@d.example", "退回\nBcc: c@d.example", "退回\rBcc: c@d.example", "\x0b退回\u2028x"])
def test_a_subject_makes_no_other_header(subject: str) -> None:
    message = mail.compose(server=SERVER, to="a@b.example", subject=subject, text="t", key="k")
    head = message.as_bytes().split(b"\n\n")[0]
    assert b"\nBcc" not in head
    assert message["To"] == "a@b.example"


def test_a_tag_stands_for_an_address_without_showing_it() -> None:
    assert mail.tag("A@b.example ", secret="s") == mail.tag("a@b.example", secret="s")
    assert mail.tag("a@b.example", secret="s") != mail.tag("a@b.example", secret="t")
    assert "a@b" not in mail.tag("a@b.example", secret="s")
