"""`make check-migrations`: on an empty database of each kind, the migrations make exactly the models (`flask db check`)."""

from __future__ import annotations

from flask_migrate import check, downgrade, upgrade

import config
from app.factory import create_app
from benchmarks.databases import DATABASES

DIRECTORY = str(config.ROOT / "migrations")


def main() -> None:
    """Upgrade, compare, downgrade to nothing and upgrade again; SystemExit names what differs."""
    for name, database in DATABASES.items():
        with database() as url:
            app = create_app(config.Test, SQLALCHEMY_DATABASE_URI=url)
            with app.app_context():
                upgrade(DIRECTORY)
                check(DIRECTORY)
                downgrade(DIRECTORY, revision="base")
                upgrade(DIRECTORY)
                app.extensions["migrate"].db.session.remove()
                app.extensions["migrate"].db.engine.dispose()
        print(f"{name}: the migrations make the models")


if __name__ == "__main__":
    main()
