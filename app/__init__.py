"""The application. Its models come first: the naming convention must stand before FAB's tables are made."""

import models.base  # noqa: F401
