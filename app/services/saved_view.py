"""常用筛选: keep the filters of a list under a name, and forget them. Of one's own account; leaves no audit row."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, func, select

from app.actor import Actor
from app.errors import Invalid, NotFound
from app.transaction import transaction
from models.saved_view import SAVED_PAGES, SavedView

MOST = 20
_view = SavedView.__table__


def keep(*, page: str, name: str, filters: Mapping[str, str], actor: Actor) -> None:
    """Keep under a name; the same name again replaces it. Invalid without a name or with nothing to keep."""
    name = " ".join(name.split())[:30]
    kept = {key: value[:60] for key, value in filters.items() if value}
    if not name:
        raise Invalid("请填写筛选的名称。", {"name": "请填写筛选的名称。"})
    if page not in SAVED_PAGES or not kept:
        raise Invalid("请先设置筛选条件，再保存。")
    with transaction() as session:
        mine = _view.c.user_id == actor.user_id
        session.execute(delete(_view).where(mine, _view.c.page == page, _view.c.name == name))
        if session.execute(select(func.count()).where(mine, _view.c.page == page)).scalar_one() >= MOST:
            raise Invalid(f"最多保存 {MOST} 个常用筛选，请先删除不用的。")
        session.execute(_view.insert().values(user_id=actor.user_id, page=page, name=name, filters=kept))


def forget(*, view_id: int, actor: Actor) -> None:
    """Delete one's own."""
    with transaction() as session:
        done = session.execute(delete(_view).where(_view.c.id == view_id, _view.c.user_id == actor.user_id))
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise NotFound("没有找到这个常用筛选。")
