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


_SIGNED_IN = _all("PasswordView", "SecurityView", "FileView", "NotificationView", "HomeView")
_UNIT = [
    *_SIGNED_IN,
    *_all("IdNumberView"),
    *_all("TaskView", "ReviewView", "RecommendationView", "PostQuotaView", "CommissionView", "SubstitutionView", "StatisticsView", "FormView", "OrganizationRegistrationView", "OrganizationSettingsView", "AdministratorView"),
    *_all("QrConfirmView"),
    *_all("RequestReviewView"),
    *_all("OpinionView"),
]
_DICTIONARIES = (
    "CodeTableView", "CodeItemView", "RegionView", "TitleSeriesView", "TitleLevelView", "TitleView", "SpecialtyView",
    "OpinionTemplateView",
    "AchievementCategoryView", "AchievementKindView", "AchievementKindVersionView", "SeriesFormView", "PledgeView",
    "AchievementCategoryView", "AchievementKindView", "AchievementKindVersionView", "SeriesFormView", "RouteFormView", "PledgeView",
)
_ORGANIZATIONS = (
    "OrganizationView", "OrganizationRoleView", "JurisdictionView", "CommitteeView", "RouteRuleView", "RouteStepView",
)
_PLANS = (
    "ReviewPlanView", "PlanLevelView", "PlanOfferingView", "ReviewStandardView", "StandardSectionView",
    "StandardGroupView", "StandardItemView", "AttachmentSlotView",
)
_PLAN_DESK = ("PlanDeskView", "PlanRosterView")

ROLES: Mapping[str, Sequence[Grant]] = {
    "Public": [],
    "Applicant": [
        *_SIGNED_IN,
        *_all("RegistrationView", "PersonView", "PhotoView", "IdNumberView", "EmploymentView", "AchievementView", "ApplicationView", "FillingView", "HeldTitleView", "RouteFormPageView", "FillingView",
              "CertificateView"),
        *_all("FormView", "RequestView"),
        *_all("AchievementImportView"),
    ],
    "Employer": [
        *_UNIT,
        *_all("UnitPersonView", "PortfolioReviewView"),
    ],
    "CompetentDepartment": _UNIT,
    "HrDepartment": [*_UNIT, *_all("UnitPersonView", "PortfolioReviewView")],  # the unit of freelancers
    "Agency": [*_UNIT, *_all("UnitPersonView", "PortfolioReviewView")],
    "Convener": [*_UNIT, *_all(*_PLANS, *_PLAN_DESK), *_read("CommitteeView"), *_all("ResultView"), *_all("IssuedCertificateView")],
    "Issuer": [*_UNIT, *_all("IssuedCertificateView")],
    "Ops": [*_SIGNED_IN, *_read(*_DICTIONARIES, *_ORGANIZATIONS, *_PLANS), *_all("Ops", "TerminationView", "RouteSimulatorView", "PostQuotaCorrectionView"), *_read("HolidayView"), ("BuiltInUnitView", "can_index"),
            *_all("NoticeView"), ("PlanDeskView", "can_preview")],
    "Admin": [
        *_SIGNED_IN,
        *_all(*_DICTIONARIES, *_ORGANIZATIONS, *_PLANS, *_PLAN_DESK, "SettingView", "AccountView", "RoleView", "SealView", "DocumentSampleView", "BuiltInUnitView", "RouteSimulatorView",
              "TerminationView", "PostQuotaCorrectionView", "HolidayView"),
        *_all("NoticeView"),
        *_all("KindFieldsView"),
        *_all("Ops"),
    ],
}
