"""The release step's database work: permissions and roles, written from code, in one process, all or nothing.

Workers start with FAB_UPDATE_PERMS=False and send no permission queries at all; this writes what they rely on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_appbuilder import AppBuilder
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    ViewMenu,
    assoc_permissionview_role,
)
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from app.roles import ROLES
from app.transaction import transaction

Pair = tuple[str, str]  # (permission, view or menu name)
OPS: Pair = ("can_open", "Ops")  # the console at /ops, which is not a FAB view
_LOCK = 0x7A6863  # of PostgreSQL's advisory lock: one release at a time
_permission, _menu, _pair, _role = Permission.__table__, ViewMenu.__table__, PermissionView.__table__, Role.__table__
_grant = assoc_permissionview_role


@dataclass
class Plan:
    """What the database must hold: `pairs` in all, `grants` by role; `unknown`: views of ROLES that do not exist."""

    pairs: set[Pair] = field(default_factory=set)
    grants: dict[str, set[Pair]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


def plan_of(builder: AppBuilder) -> Plan:
    """The permissions of every registered view and menu item, and each role's share of them."""
    plan = Plan(pairs={OPS})
    for view in builder.baseviews:
        plan.pairs |= {(permission, view.class_permission_name) for permission in view.base_permissions or []}
    views = {name for _, name in plan.pairs}
    menu = list(_menu_entries(builder))
    plan.pairs |= {("menu_access", name) for name, _, _ in menu}
    for role, granted in ROLES.items():
        own: set[Pair] = set()
        for view, permission in granted:
            if view not in views:
                plan.unknown.add(view)
            own |= {pair for pair in plan.pairs if pair[1] == view and permission in ("*", pair[0])}
        opened = {view for permission, view in own if permission in ("can_list", "can_index", OPS[0])}
        for name, category, view in menu:
            if view in opened:
                own |= {("menu_access", name), ("menu_access", category)} & plan.pairs
        plan.grants[role] = own
    return plan


def _menu_entries(builder: AppBuilder) -> Iterable[tuple[str, str, str]]:
    """(name, category, permission name of the view behind it) of every menu item, categories included."""
    for item in builder.menu.menu:
        yield item.name, "", _behind(item)
        for child in item.childs:
            if child.name != "-":
                yield child.name, item.name, _behind(child)


def _behind(item: Any) -> str:
    view = item.baseview
    return view.class_permission_name if view is not None else "Ops" if item.name == "OpsConsole" else ""


def sync_permissions(builder: AppBuilder) -> Plan:
    """Make the permission tables say what the code says. Idempotent; roles made by hand keep their grants."""
    plan = plan_of(builder)
    with transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        permissions = _names(session, _permission, {permission for permission, _ in plan.pairs})
        menus = _names(session, _menu, {menu for _, menu in plan.pairs})
        roles = _names(session, _role, set(ROLES))
        pairs = _sync_pairs(session, {(permissions[p], menus[m]): (p, m) for p, m in plan.pairs})
        for role, granted in plan.grants.items():
            _sync_grants(session, roles[role], {pairs[pair] for pair in granted})
    return plan


def _names(session: Session, table: Any, wanted: set[str]) -> dict[str, int]:
    there = {row.name: row.id for row in session.execute(select(table.c.id, table.c.name))}
    missing = sorted(wanted - there.keys())
    if missing:
        session.execute(insert(table), [{"name": name} for name in missing])
        there = {row.name: row.id for row in session.execute(select(table.c.id, table.c.name))}
    return there


def _sync_pairs(session: Session, wanted: dict[tuple[int, int], Pair]) -> dict[Pair, int]:
    def read() -> dict[tuple[int, int], int]:
        rows = session.execute(select(_pair.c.id, _pair.c.permission_id, _pair.c.view_menu_id))
        return {(row.permission_id, row.view_menu_id): row.id for row in rows}

    there = read()
    stale = [pk for key, pk in there.items() if key not in wanted]
    if stale:
        session.execute(delete(_grant).where(_grant.c.permission_view_id.in_(stale)))
        session.execute(delete(_pair).where(_pair.c.id.in_(stale)))
    missing = sorted(wanted.keys() - there.keys())
    if missing:
        session.execute(insert(_pair), [{"permission_id": p, "view_menu_id": m} for p, m in missing])
        there = read()
    return {pair: there[key] for key, pair in wanted.items()}


def _sync_grants(session: Session, role_id: int, wanted: set[int]) -> None:
    rows = session.execute(select(_grant.c.permission_view_id).where(_grant.c.role_id == role_id))
    there = set(rows.scalars())
    if there - wanted:
        session.execute(delete(_grant).where(
            _grant.c.role_id == role_id, _grant.c.permission_view_id.in_(there - wanted)
        ))
    if wanted - there:
        session.execute(insert(_grant), [
            {"role_id": role_id, "permission_view_id": pair} for pair in sorted(wanted - there)
        ])
