"""Who acts: a plain value that services take, built by the views from the signed-in account."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Actor:
    """`organization_kinds`: the roles the actor's organization works in (models.organization.ORGANIZATION_KINDS).
    `roles`: FAB role names. `origin`: client address, "job" or "cli". `user_id` is None only for the system itself.
    """

    user_id: int | None
    name: str
    person_id: int | None = None
    organization_id: int | None = None
    organization_kinds: frozenset[str] = field(default_factory=frozenset)
    roles: frozenset[str] = field(default_factory=frozenset)
    origin: str = ""

    @property
    def is_system(self) -> bool:
        """Jobs and commands, which act for nobody in particular."""
        return self.user_id is None

    @property
    def is_platform(self) -> bool:
        """Staff of the platform: operations and administrators see all rows."""
        return bool(self.roles & {"Admin", "Ops"})


SYSTEM = Actor(user_id=None, name="系统", origin="job")
