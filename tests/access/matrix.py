"""Who may open which endpoint, and whose rows it shows: one line an endpoint, written by hand.

tests/access/test_matrix.py compares this with the application: an endpoint without a line fails, a line without an
endpoint fails, and every endpoint is asked once by every role and by a visitor.

To add a page, add a line to MATRIX:

    "TaskView.approve": only(REVIEWERS, "tasks of the own organization"),

- `everybody(rows)`: no sign-in asked. `signed_in(rows)`: every role. `only(roles, rows)`: these roles.
- `rows` says in words whose rows it is; the row scope (tests/access/test_scope.py) or the page's own tests prove it.
- `args={"kind_code": "x"}` when the address needs something else than 999999, "x" or the first of its choices.
- generated screens: one line `**generated("TitleView", read=STAFF, write=ADMIN)` for all their endpoints;
  `without={"add", "edit"}` for routes the view excludes.
The matrix is about the coarse half. That a role may open the page and still sees no foreign row is tested elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VISITOR = "(visitor)"
APPLICANT = frozenset({"Applicant"})
UNITS = frozenset({"Employer", "Agency", "HrDepartment"})  # those that people can belong to
REVIEWERS = UNITS | {"CompetentDepartment", "Convener", "Issuer"}
CONVENER = frozenset({"Convener"})
ADMIN = frozenset({"Admin"})
STAFF = ADMIN | {"Ops"}
ALL_ROLES = APPLICANT | REVIEWERS | STAFF


@dataclass(frozen=True)
class Rule:
    """`roles` may open it (VISITOR among them: everybody); `rows`: whose; `args`: of the address."""

    roles: frozenset[str]
    rows: str
    args: Mapping[str, Any] = field(default_factory=dict)


def everybody(rows: str, **more: Any) -> Rule:
    return Rule(ALL_ROLES | {VISITOR}, rows, **more)


def signed_in(rows: str, **more: Any) -> Rule:
    return Rule(ALL_ROLES, rows, **more)


def only(roles: frozenset[str], rows: str, **more: Any) -> Rule:
    return Rule(roles, rows, **more)


READING = ("list", "show", "options")
WRITING = ("add", "edit", "delete")


def generated(
    view: str, *, read: frozenset[str], write: frozenset[str] = frozenset(), rows: str = "all",
    without: frozenset[str] | set[str] = frozenset(), actions: bool = False,
) -> dict[str, Rule]:
    """The lines of a SafeModelView. `action` and `action_post` check the action's own permission, after its name."""
    lines = {f"{view}.{route}": only(read, rows) for route in READING if route not in without}
    lines |= {f"{view}.{route}": only(write, rows) for route in WRITING if route not in without}
    acting = write if actions else frozenset()
    name = {"name": "unlock"} if actions else {}
    lines[f"{view}.action"] = Rule(acting or ALL_ROLES | {VISITOR}, rows if actions else "none: no actions", name)
    lines[f"{view}.action_post"] = Rule(acting or ALL_ROLES | {VISITOR}, rows if actions else "none: no actions", name)
    return lines


_DICTIONARIES = (
    "CodeTableView", "CodeItemView", "RegionView", "TitleSeriesView", "TitleLevelView", "TitleView", "SpecialtyView",
    "AchievementCategoryView", "AchievementKindView", "SeriesFormView", "RouteFormView", "OrganizationView", "OrganizationRoleView",
    "JurisdictionView", "RouteRuleView", "RouteStepView",
)
_PLANS = (
    "ReviewPlanView", "PlanLevelView", "PlanOfferingView", "ReviewStandardView", "StandardSectionView",
    "StandardGroupView", "StandardItemView", "AttachmentSlotView",
)

MATRIX: dict[str, Rule] = {
    # The frame
    "static": everybody("none", args={"filename": "css/base.css"}),
    "IndexView.index": everybody("none"),
    "BackView.back": everybody("none"),
    "LanguageView.index": everybody("none", args={"locale": "en"}),
    "LoginView.login": everybody("none"),
    "LoginView.logout": everybody("own session"),
    "PasswordView.index": signed_in("own account"),
    "SecurityView.index": signed_in("own account"),
    "SecurityView.remove": signed_in("own account"),
    "SecurityView.end": signed_in("own account"),
    "SecurityView.end_others": signed_in("own account"),
    "SignOnView.start": everybody("none"),
    "SignOnView.callback": everybody("the attempt of this browser"),
    "SignOnView.prove": everybody("the attempt of this browser"),
    **{f"QrSignInView.{name}": everybody("the code of this browser") for name in ("new", "show", "state", "finish")},
    **{f"QrConfirmView.{name}": only(REVIEWERS, "a code that was scanned") for name in ("show", "confirm", "refuse")},
    "HomeView.index": signed_in("own person or own organization"),
    "NotificationView.index": signed_in("own account"),
    "NotificationView.mail": signed_in("own account"),
    "NotificationView.open": signed_in("own account"),
    "NotificationView.read": signed_in("own account"),
    "NotificationView.read_all": signed_in("own account"),
    # Files
    "FileView.download": signed_in("attachments in the row scope"),
    "FileView.stored": signed_in("files in the row scope"),
    "FileView.upload": signed_in("subjects the actor may edit"),
    "FileView.move": signed_in("attachments of subjects the actor may edit"),
    "FileView.rename": signed_in("attachments of subjects the actor may edit"),
    "FileView.delete": signed_in("attachments of subjects the actor may edit"),
    # Persons
    "SignUpView.sign_up": everybody("creates the own account"),
    "RegistrationView.fill": only(APPLICANT, "own person"),
    "PersonView.show": only(APPLICANT, "own person"),
    "PersonView.edit": only(APPLICANT, "own person"),
    "PhotoView.edit": only(APPLICANT, "own person"),
    "PhotoView.delete": only(APPLICANT, "own person"),
    "IdNumberView.reveal": only(APPLICANT | REVIEWERS, "own person, own unit's people, people whose case came here"),
    "EmploymentView.change": only(APPLICANT, "own person"),
    "EmploymentView.units": only(APPLICANT, "names of units, public"),
    "EmploymentView.withdraw": only(APPLICANT, "own person"),
    "UnitPersonView.index": only(UNITS, "own organization"),
    "UnitPersonView.show": only(UNITS, "own organization"),
    # Units
    "OrganizationSignUpView.sign_up": everybody("creates the own unit"),
    "OrganizationRegistrationView.fill": only(REVIEWERS, "own organization"),
    "OrganizationSettingsView.show": only(REVIEWERS, "own organization"),
    "OrganizationSettingsView.edit": only(REVIEWERS, "own organization"),
    **{f"AdministratorView.{name}": only(REVIEWERS, "accounts of the own organization")
       for name in ("index", "add", "deactivate", "hand_over")},
    # Achievements
    "AchievementView.index": only(APPLICANT, "own person"),
    "AchievementView.kind": only(APPLICANT, "own person"),
    "AchievementView.new": only(APPLICANT, "own person"),
    "AchievementView.show": only(APPLICANT, "own person"),
    "AchievementView.edit": only(APPLICANT, "own person"),
    "AchievementView.delete": only(APPLICANT, "own person"),
    "AchievementView.submit": only(APPLICANT, "own person"),
    "AchievementView.withdraw": only(APPLICANT, "own person"),
    **{f"AchievementView.{name}": only(APPLICANT, "own person") for name in (
        "autosave", "autosave_new", "copy", "submit_chosen")},
    **{f"AchievementImportView.{name}": only(APPLICANT, "own person") for name in (
        "begin", "confirm", "discard", "export", "show", "template")},
    **{f"PortfolioReviewView.{name}": only(UNITS, "own organization") for name in ("everything", "export", "return_")},
    "PortfolioReviewView.index": only(UNITS, "own organization"),
    "PortfolioReviewView.kind": only(UNITS, "own organization"),
    "PortfolioReviewView.show": only(UNITS, "own organization"),
    # Applications
    "PlanView.index": everybody("published plans"),
    "PlanView.show": everybody("published plans"),
    "PlanView.document": everybody("documents of published plans"),
    "ApplicationView.index": only(APPLICANT, "own person"),
    "ApplicationView.choose": only(APPLICANT, "own person"),
    "ApplicationView.pledge": only(APPLICANT, "own person"),
    "ApplicationView.show": only(APPLICANT, "own person"),
    "ApplicationView.exemption": only(APPLICANT, "own person"),
    "ApplicationView.delete": only(APPLICANT, "own person"),
    "ApplicationView.withdraw": only(APPLICANT, "own person"),
    **{f"FillingView.{name}": only(APPLICANT, "own person") for name in (
        "attachments", "autosave", "basic", "change_item", "changes", "check", "choice", "files", "importing", "items", "overview",
        "section", "submit",
    )},
    # Notices
    "PublicNoticeView.index": everybody("published notices"),
    "PublicNoticeView.show": everybody("published notices"),
    **generated("NoticeView", read=STAFF, write=STAFF),
    **{f"RouteFormPageView.{name}": only(APPLICANT, "own person") for name in ("fill", "autosave")},
    **{f"HeldTitleView.{name}": only(APPLICANT, "own person") for name in ("add", "edit", "change")},
    # Reviewing
    **{f"TaskView.{name}": only(REVIEWERS, "tasks of the own organization") for name in (
        "index", "show", "approve", "return_", "terminate", "withdraw", "claim", "release", "batch", "hand_over", "save_view",
        "delete_view",
    )},
    **{f"CommissionView.{name}": only(REVIEWERS, "letters from or to the own organization")
       for name in ("index", "plan", "letter", "receive", "return_")},
    **{f"SubstitutionView.{name}": only(REVIEWERS, "the own organization's") for name in ("index", "end")},
    **{f"StatisticsView.{name}": only(REVIEWERS, "what came to the own organization") for name in ("index", "export")},
    "TaskView.units": only(REVIEWERS, "names of organizations, public"),
    **{f"RecommendationView.{name}": only(REVIEWERS, "own open tasks at the unit") for name in ("save", "recommend")},
    "RecommendationView.publicity": only(REVIEWERS, "applications of the own unit"),
    **{f"PostQuotaView.{name}": only(REVIEWERS, "own organization")
       for name in ("index", "new", "show", "confirm", "replace", "template")},
    "ReviewView.export": only(REVIEWERS, "tasks of the own organization"),
    "ReviewView.index": only(REVIEWERS, "tasks of the own organization"),
    "ReviewView.show": only(REVIEWERS, "submissions the own organization handles"),
    "ExemptionView.decide": only(CONVENER, "applications to plans of the own organization"),
    # Seals and samples
    **{f"SealView.{name}": only(ADMIN, "all") for name in ("index", "install", "picture", "retire")},
    **{f"DocumentSampleView.{name}": only(ADMIN, "none: invented data", args={"file": "nothing"}) for name in ("index", "sample")},
    "VerifyView.file": everybody("none: the file that is sent"),
    # Results
    **{f"ResultView.{name}": only(CONVENER, "plans of the own organization") for name in (
        "index", "show", "vote", "template", "importing", "publicity", "objection", "issue", "retry",
    )},
    **{f"OpinionView.{name}": only(REVIEWERS, "opinions of the own account") for name in ("index", "edit", "delete")},
    **{f"ExportView.{name}": only(ALL_ROLES, "exports of the own account") for name in (
        "index", "show", "download")},
    # Forms
    "FormView.application": only(APPLICANT | REVIEWERS, "applications in the row scope", args={"kind": "review_form"}),
    "FormView.personal": only(APPLICANT | REVIEWERS, "requests in the row scope"),
    "FormView.plan": only(APPLICANT | REVIEWERS, "plans of the own organization"),
    "FormView.show": only(APPLICANT | REVIEWERS, "documents in the row scope"),
    # 异地职称, 补换证
    "RequestView.index": only(APPLICANT, "own person", args={"kind": "recognition"}),
    **{f"RequestView.{name}": only(APPLICANT, "own person") for name in (
        "recognition", "reissue", "show", "choice", "fill", "education", "education_delete", "attachments", "overview", "submit",
        "withdraw", "delete",
    )},
    "RequestReviewView.show": only(REVIEWERS, "requests the own organization handles"),
    # 诚信档案, 复查
    **{f"IntegrityView.{name}": only(REVIEWERS | STAFF, "own people, people whose case came here; platform: all")
       for name in ("index", "show", "lift")},
    **{f"IntegrityView.{name}": only(REVIEWERS, "own people, people whose case or certificate it handled") for name in ("new", "people")},
    "OwnIntegrityView.index": only(APPLICANT, "own person"),
    **{f"AppealView.{name}": only(APPLICANT, "own person") for name in ("new", "show", "withdraw")},
    "AppealReviewView.show": only(REVIEWERS, "appeals to the own organization"),
    # Certificates
    "CertificateView.index": only(APPLICANT, "own person"),
    "CertificateView.show": only(APPLICANT, "own person"),
    "IssuedCertificateView.revoke": only(CONVENER | {"Issuer"}, "issued by the own organization"),
    "VerifyView.machine": everybody("one certificate by its number, masked"),
    "IssuedCertificateView.index": only(CONVENER | {"Issuer"}, "issued or convened by the own organization"),
    "VerifyView.index": everybody("none"),
    "VerifyView.show": everybody("one certificate by its number, masked"),
    "VerifyView.check": everybody("none: the signature of a payload"),
    # Staff
    **{line: rule for view in _DICTIONARIES for line, rule in generated(view, read=STAFF, write=ADMIN).items()},
    "OrganizationView.action": only(ADMIN, "all", args={"name": "open_account"}),
    **{f"RouteSimulatorView.{name}": only(STAFF, "all") for name in ("index", "units", "plans")},
    "TerminationView.index": only(STAFF, "terminated applications"),
    "TerminationView.lift": only(STAFF, "terminated applications"),
    **{f"PostQuotaCorrectionView.{name}": only(STAFF, "all") for name in ("index", "correct")},
    **generated("HolidayView", read=STAFF, write=ADMIN),
    "KindFieldsView.edit": only(ADMIN, "all"),
    "FormFieldsView.series": only(ADMIN, "all"),
    "FormFieldsView.route": only(ADMIN, "all"),
    "BuiltInUnitView.index": only(STAFF, "all"),
    "BuiltInUnitView.account": only(ADMIN, "all"),
    **generated("AchievementKindVersionView", read=STAFF, write=ADMIN, without={"edit", "delete"}),
    **generated("PledgeView", read=STAFF, write=ADMIN, without={"edit", "delete"}),
    **generated("CommitteeView", read=STAFF | CONVENER, write=ADMIN, rows="own organization; platform: all"),
    **{line: rule for view in _PLANS for line, rule in generated(
        view, read=STAFF | CONVENER, write=ADMIN | CONVENER, rows="own organization; platform: all").items()},
    "ReviewPlanView.action": only(
        ADMIN | CONVENER, "own organization; platform: all", args={"name": "publish"}
    ),
    **generated("OpinionTemplateView", read=STAFF, write=ADMIN, rows="public ones"),
    **{f"PlanDeskView.{name}": only(ADMIN | CONVENER, "own organization; platform: all") for name in (
        "extend", "reopen", "copy", "revise", "publish_revision", "discard_revision", "describe", "offerings", "checks",
    )},
    **{f"PlanFormView.{name}": only(ADMIN | CONVENER, "own organization; platform: all") for name in ("index", "edit", "restore")},
    "PlanDeskView.preview": only(STAFF | CONVENER, "own organization; platform: all"),
    "PlanRosterView.roster": only(ADMIN | CONVENER, "applications that reached the own organization; Admin: all"),
    "PlanRosterView.export": only(ADMIN | CONVENER, "applications that reached the own organization; Admin: all"),
    **generated("SettingView", read=ADMIN, write=ADMIN, without={"add", "delete"}),
    **generated("AccountView", read=ADMIN, write=ADMIN, without={"delete"}, actions=True),
    **generated("RoleView", read=ADMIN, without={"add", "edit", "delete"}),
    # Operations
    "ops.index": only(STAFF, "figures of the whole platform"),
    "ops.rerun": only(STAFF, "failed jobs"),
    **{f"{console}.{name}": only(STAFF, "all") for console in ("ops_job", "ops_audit", "ops_setting")
       for name in ("index_view", "details_view", "action_view")},
}
