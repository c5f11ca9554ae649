"""Every table of the product; importing this package registers them all on one metadata."""

from models import (
    base,  # noqa: F401  first: the naming convention must stand before FAB's tables
    search,  # noqa: F401  a table without a class, and the events that fill it
)
from models.account import Account
from models.achievement import (
    Achievement,
    AchievementCategory,
    AchievementCounter,
    AchievementKey,
    AchievementKind,
    AchievementKindVersion,
    AchievementRemark,
)
from models.achievement_import import AchievementImport, AchievementImportRow
from models.appeal import Appeal
from models.application import Application, ApplicationItem, Pledge, Submission
from models.audit import AuditAnchor, AuditEvent
from models.case import Case, Task, TaskCounter
from models.certificate import Certificate, CertificateSequence
from models.commission import CommissionLetter
from models.dictionary import CodeItem, CodeTable
from models.document import Document
from models.export import Export
from models.file import Attachment, StoredFile
from models.held_title import Appointment, HeldTitle
from models.holiday import Holiday
from models.identity import AccountIdentity
from models.integrity import IntegrityRecord
from models.job import Job
from models.notice import Notice
from models.notification import MailPreference, Notification
from models.opinion_template import OpinionTemplate
from models.organization import Jurisdiction, Organization, OrganizationRole
from models.person import Employment, Person, PersonSeries
from models.personal_request import PersonalRequest
from models.plan import (
    AttachmentSlot,
    Committee,
    PlanCheck,
    PlanForm,
    PlanLevel,
    PlanOffering,
    ReviewPlan,
    ReviewStandard,
    StandardGroup,
    StandardItem,
    StandardSection,
)
from models.post_quota import PostQuota, PostQuotaLevel, QuotaUse
from models.qr_sign_in import QrSignIn
from models.recommendation import Recommendation
from models.refdata import LoadedRow
from models.region import Region
from models.result import Publicity, ReviewResult
from models.return_reason import ReturnReason
from models.route_form import RouteForm
from models.routing import RouteRule, RouteStep
from models.saved_view import SavedView
from models.seal import Seal
from models.series import Specialty, Title, TitleLevel, TitleSeries
from models.series_form import SeriesForm
from models.setting import Setting
from models.sign_on import SignOn
from models.substitution import Substitution
from models.web_session import WebSession

__all__ = [
    "Account",
    "AccountIdentity",
    "Achievement",
    "AchievementCategory",
    "AchievementCounter",
    "AchievementImport",
    "AchievementImportRow",
    "AchievementKey",
    "AchievementKind",
    "AchievementKindVersion",
    "AchievementRemark",
    "Appeal",
    "Application",
    "ApplicationItem",
    "Appointment",
    "Attachment",
    "AttachmentSlot",
    "AuditAnchor",
    "AuditEvent",
    "Case",
    "Certificate",
    "CertificateSequence",
    "CodeItem",
    "CodeTable",
    "CommissionLetter",
    "Committee",
    "Document",
    "Employment",
    "Export",
    "HeldTitle",
    "Holiday",
    "IntegrityRecord",
    "Job",
    "Jurisdiction",
    "LoadedRow",
    "MailPreference",
    "Notice",
    "Notification",
    "OpinionTemplate",
    "Organization",
    "OrganizationRole",
    "Person",
    "PersonSeries",
    "PersonalRequest",
    "PlanCheck",
    "PlanForm",
    "PlanLevel",
    "PlanOffering",
    "Pledge",
    "PostQuota",
    "PostQuotaLevel",
    "Publicity",
    "QrSignIn",
    "QuotaUse",
    "Recommendation",
    "Region",
    "ReturnReason",
    "ReviewPlan",
    "ReviewResult",
    "ReviewStandard",
    "RouteForm",
    "RouteRule",
    "RouteStep",
    "SavedView",
    "Seal",
    "SeriesForm",
    "Setting",
    "SignOn",
    "Specialty",
    "StandardGroup",
    "StandardItem",
    "StandardSection",
    "StoredFile",
    "Submission",
    "Substitution",
    "Task",
    "TaskCounter",
    "Title",
    "TitleLevel",
    "TitleSeries",
    "WebSession",
]
