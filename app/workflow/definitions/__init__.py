"""The procedures, one a file."""

from __future__ import annotations

from app.workflow.definitions.achievement import ACHIEVEMENT
from app.workflow.definitions.appeal import APPEAL
from app.workflow.definitions.application import APPLICATION
from app.workflow.definitions.recognition import RECOGNITION
from app.workflow.definitions.registration import REGISTRATION
from app.workflow.definitions.reissue import REISSUE
from app.workflow.definitions.unit_change import UNIT_CHANGE
from app.workflow.procedure import Procedure

PROCEDURES: dict[str, Procedure] = {
    procedure.code: procedure for procedure in (REGISTRATION, UNIT_CHANGE, ACHIEVEMENT, APPLICATION, RECOGNITION, REISSUE, APPEAL)
}
