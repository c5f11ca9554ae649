"""Who may open what, as data: role name -> (view class name, permissions).

A permission is `can_<method>` of a view, the name of an action, or "*" for all of the view's; `menu_access` of menu
names follows from the views behind them. `flask release` writes this into the database; nothing else does.
This is the coarse half of authorisation. Whose rows: `app.scope`. Who may decide what: `app.permissions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Grant = tuple[str, str]

# The role of an organization's administrators, by each kind the organization works as (models.organization).
ROLE_OF_KIND: Mapping[str, str] = {
    "employer": "Employer", "competent_department": "CompetentDepartment", "hr_department": "HrDepartment",
    "convener": "Convener", "agency": "Agency", "issuer": "Issuer",
}

READ = ("can_list", "can_show", "can_options")


def _read(*views: str) -> list[Grant]:
    return [(view, permission) for view in views for permission in READ]


def _all(*views: str) -> list[Grant]:
    return [(view, "*") for view in views]


# One name a line, in every list of this file: two changes then meet in no line.
_SIGNED_IN = [
    *_all(
        "PasswordView",
        "SecurityView",
        "FileView",
        "NotificationView",
        "ExportView",
        "HomeView",
    ),
]
_UNIT = [
    *_SIGNED_IN,
    *_all(
        "IdNumberView",
        "TaskView",
        "ReviewView",
        "RecommendationView",
        "PostQuotaView",
        "CommissionView",
        "SubstitutionView",
        "StatisticsView",
        "FormView",
        "OrganizationRegistrationView",
        "OrganizationSettingsView",
        "AdministratorView",
        "QrConfirmView",
        "RequestReviewView",
        "OpinionView",
        "IntegrityView",
        "AppealReviewView",
    ),
]
_DICTIONARIES = (
    "CodeTableView",
    "CodeItemView",
    "RegionView",
    "TitleSeriesView",
    "TitleLevelView",
    "TitleView",
    "SpecialtyView",
    "OpinionTemplateView",
    "AchievementCategoryView",
    "AchievementKindView",
    "AchievementKindVersionView",
    "SeriesFormView",
    "PledgeView",
    "RouteFormView",
)
_ORGANIZATIONS = (
    "OrganizationView",
    "OrganizationRoleView",
    "JurisdictionView",
    "CommitteeView",
    "RouteRuleView",
    "RouteStepView",
)
_PLANS = (
    "ReviewPlanView",
    "PlanLevelView",
    "PlanOfferingView",
    "ReviewStandardView",
    "StandardSectionView",
    "StandardGroupView",
    "StandardItemView",
    "AttachmentSlotView",
)
_PLAN_DESK = (
    "PlanDeskView",
    "PlanFormView",
    "PlanRosterView",
)
_LOOKS_AT_INTEGRITY = tuple(("IntegrityView", f"can_{method}") for method in ("index", "show", "lift"))

ROLES: Mapping[str, Sequence[Grant]] = {
    "Public": [],
    "Applicant": [
        *_SIGNED_IN,
        *_all(
            "RegistrationView",
            "PersonView",
            "PhotoView",
            "IdNumberView",
            "EmploymentView",
            "AchievementView",
            "AchievementImportView",
            "ApplicationView",
            "FillingView",
            "HeldTitleView",
            "RouteFormPageView",
            "CertificateView",
            "FormView",
            "RequestView",
            "OwnIntegrityView",
            "AppealView",
        ),
    ],
    "Employer": [
        *_UNIT,
        *_all("UnitPersonView"),
        *_all("PortfolioReviewView"),
    ],
    "CompetentDepartment": [
        *_UNIT,
    ],
    "HrDepartment": [  # the unit of freelancers
        *_UNIT,
        *_all("UnitPersonView"),
        *_all("PortfolioReviewView"),
    ],
    "Agency": [
        *_UNIT,
        *_all("UnitPersonView"),
        *_all("PortfolioReviewView"),
    ],
    "Convener": [
        *_UNIT,
        *_all(*_PLANS, *_PLAN_DESK),
        *_read("CommitteeView"),
        *_all("ResultView"),
        *_all("ExemptionView"),
        *_all("IssuedCertificateView"),
    ],
    "Issuer": [
        *_UNIT,
        *_all("IssuedCertificateView"),
    ],
    "Ops": [
        *_SIGNED_IN,
        *_read(*_DICTIONARIES, *_ORGANIZATIONS, *_PLANS),
        *_read("HolidayView"),
        *_all(
            "Ops",
            "TerminationView",
            "RouteSimulatorView",
            "PostQuotaCorrectionView",
            "NoticeView",
        ),
        ("BuiltInUnitView", "can_index"),
        ("PlanDeskView", "can_preview"),
        *_LOOKS_AT_INTEGRITY,
    ],
    "Admin": [
        *_SIGNED_IN,
        *_all(*_DICTIONARIES, *_ORGANIZATIONS, *_PLANS, *_PLAN_DESK),
        *_all(
            "SettingView",
            "AccountView",
            "RoleView",
            "SealView",
            "DocumentSampleView",
            "BuiltInUnitView",
            "RouteSimulatorView",
            "TerminationView",
            "PostQuotaCorrectionView",
            "HolidayView",
            "NoticeView",
            "KindFieldsView",
            "FormFieldsView",
            "Ops",
        ),
        *_LOOKS_AT_INTEGRITY,
    ],
}
