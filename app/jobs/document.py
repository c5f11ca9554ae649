"""What each kind of document prints: one function a kind composes facts into a form before it is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.errors import NotFound
from app.queries import personal_request
from app.queries.review_form import publicity_facts, review_form_facts
from app.reports import form, growth, publicity, request_form, review_form, route_form
from app.reports.form_blocks import facts_of
from app.reports.pledge import pledge_form
from app.reports.slip import Entry

# Archives of a plan, and what their files are called.
FORMS, CERTIFICATES = "plan_forms", "plan_certificates"
ARCHIVES = {FORMS: "评审表", CERTIFICATES: "职称证书"}


@dataclass(frozen=True)
class Composed:
    """A form before it is set: what is printed, whose photo, how the file is called.

    `entries`: what organizations added to it so far; None for a form that nobody adds to.
    """

    code: str
    context: Mapping[str, Any]
    name: str
    photo_id: int | None
    person_id: int | None
    run: int
    is_draft: bool
    entries: Sequence[Entry] | None = None

    @property
    def grows(self) -> bool:
        """Whether the document is one a submission to which organizations add."""
        return self.entries is not None and not self.is_draft and self.run > 0

    @property
    def base_key(self) -> str:
        """Names content and look, the photo included, without what was added."""
        return form.context_key(self.code, {**self.context, "photo_id": self.photo_id}, draft=self.is_draft)

    @property
    def cache_key(self) -> str:
        """Under which the document is kept."""
        return f"run:{self.run}" if self.grows else self.base_key

    @property
    def keys(self) -> list[str]:
        """The keys of the entries, in order."""
        return [entry.key for entry in self.entries or ()]

    def is_current(self, marks: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a document with these marks says what this says."""
        return not self.grows or growth.is_current([dict(mark) for mark in marks], self.keys, self.base_key)

    @property
    def facts(self) -> dict[str, list[list[str]]]:
        """The rows of facts of its boxes."""
        return facts_of(self.context.get("blocks", ()))


Composer = Callable[[Session, int, int | None], Composed]
_composers: dict[str, Composer] = {}
# Which forms of a subject grow when its nodes are passed.
GROWING: dict[str, tuple[str, ...]] = {
    "application": ("review_form", *route_form.KINDS.values(), "publicity_proof"), "recognition": ("recognition_form",),
    "reissue": ("reissue_form",),
}


def composer(kind: str) -> Callable[[Composer], Composer]:
    """Register how the form `kind` of a subject (id, run) is composed."""

    def register(function: Composer) -> Composer:
        _composers[kind] = function
        return function

    return register


def compose(session: Session, kind: str, subject_id: int, run: int | None) -> Composed:
    """The form as it would be made now. `run` None: of the latest submission; 0: of what is being edited.

    NotFound when the subject has no such form.
    """
    return _composers[kind](session, subject_id, run)


@composer("review_form")
def _review_form(session: Session, subject_id: int, run: int | None) -> Composed:
    facts = review_form_facts(session, subject_id, run=run)
    return Composed("review_form", review_form.review_form(facts), f"专业技术资格评审表-{facts['name']}", facts["photo_id"],
                    facts["person_id"], facts["run"], is_draft=run == 0, entries=review_form.review_entries(facts))


def _route_form(code: str, session: Session, subject_id: int, run: int | None) -> Composed:
    facts = review_form_facts(session, subject_id, run=run)
    own = facts["snapshot"].get("route_form")
    if own is None or route_form.KINDS.get(own["route"]) != code:
        raise NotFound("这份申报的申报形式没有这张表。")
    return Composed(code, route_form.route_paper(facts), f"{own['name']}-{facts['name']}", None, facts["person_id"],
                    facts["run"], is_draft=run == 0, entries=route_form.route_entries(facts))


for _code in route_form.KINDS.values():
    _composers[_code] = partial(_route_form, _code)


@composer("publicity_proof")
def _publicity_proof(session: Session, subject_id: int, run: int | None) -> Composed:
    facts = review_form_facts(session, subject_id, run=run)
    if not facts["run"]:
        raise NotFound("申报提交后，单位才公示。")
    facts["publicity"] = publicity_facts(session, subject_id, facts["run"])
    return Composed("publicity_proof", publicity.publicity_proof(facts), f"单位公示证明-{facts['name']}", None,
                    facts["person_id"], facts["run"], is_draft=False, entries=publicity.publicity_entries(facts))


@composer("pledge")
def _pledge(session: Session, subject_id: int, run: int | None) -> Composed:
    facts = review_form_facts(session, subject_id, run=run)
    return Composed("pledge", pledge_form(facts), f"诚信承诺书-{facts['name']}", None, facts["person_id"], facts["run"],
                    is_draft=False)


def _request(code: str, session: Session, subject_id: int, run: int | None) -> Composed:
    facts = personal_request.form_facts(session, subject_id)
    context = request_form.reissue_pledge(facts) if code == "reissue_pledge" else request_form.request_form(facts)
    pledge = code == "reissue_pledge"
    return Composed(code, context, f"{context['title']}-{facts['name']}", None if pledge else facts["photo_id"],
                    facts["person_id"], facts["run"], is_draft=facts["is_draft"] and not pledge,
                    entries=None if pledge else request_form.request_entries(facts))


for _code in ("recognition_form", "reissue_form", "reissue_pledge"):
    _composers[_code] = partial(_request, _code)
