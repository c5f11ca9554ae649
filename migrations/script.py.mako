"""${message}

Revision: ${up_revision}, after ${down_revision or "nothing"}; ${create_date}
"""

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
from sqlalchemy import Text

import models.base
import models.encrypted

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
