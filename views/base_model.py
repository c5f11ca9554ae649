"""SafeModelView: FAB's generated screens with the leaks closed. What and why: docs/framework.md."""

from __future__ import annotations

from builtins import list as list_of  # inside the class body `list` is the page
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import abort, flash, g, has_request_context, redirect, request, url_for
from flask_appbuilder import ModelView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from wtforms import HiddenField

from app.audit import Event, record_event
from app.errors import Conflict, DomainError, Invalid
from app.extensions import db
from app.transaction import transaction
from views.base_fields import form_class
from views.base_page import current_actor, show_field_errors
from views.base_query import Page, SafeFilters, read_filters, read_listing, read_page
from views.base_rows import RowsInReach
from views.base_state import changes, fingerprint, values_of

BATCH_LIMIT = 500


class SafeModelView(RowsInReach, ModelView):
    """A generated screen over one model.

    noun: what a row is called; titles are made from it
    choices: column -> {value: label} for Strings with a fixed set (and lists of them in JSON columns)
    named_by: the column whose search goes by the search terms (people, units and accounts: see app.queries.search)
    search_labels: column -> label in the search panel, where it is another than in the list
    option_columns: relationship -> columns its remote search looks into (default: name and code; people and units are
        found by their search terms)
    owner: path to the column that holds the owning organization ("convener_id", "plan.convener_id"): who is not
        staff of the platform reads and writes the rows of the own organization only
    own_relations: relationship -> path to the owner column there, for the choices of who is not platform staff
    """

    noun: Any = ""
    choices: Mapping[str, Mapping[str, str]] = {}
    named_by = ""
    search_labels: Mapping[str, Any] = {}
    exclude_route_methods = {"download"}
    page_size = 25
    list_template = "appbuilder/general/model/list.html"

    # Set-up

    def _init_properties(self) -> None:
        """FAB fills what is not said with every column and relation of the model; here nothing is added."""
        chosen = {name: list_of(getattr(self, name) or []) for name in ("search_columns", "add_columns", "edit_columns")}
        chosen["edit_columns"] = chosen["edit_columns"] or chosen["add_columns"]
        self.show_columns = self.show_columns or self.list_columns
        super()._init_properties()
        for name, columns in chosen.items():
            setattr(self, name, columns)
        self.order_columns = [name for name in self.order_columns if name in self.datamodel.list_columns]
        self.formatters_columns = {**self._choice_formatters(), **self.formatters_columns}

    def _choice_formatters(self) -> dict[str, Any]:
        def formatter(labels: Mapping[str, str]) -> Any:
            def show(value: Any) -> str:
                values = value if isinstance(value, list) else [value]
                return "、".join(_(str(labels.get(one, one))) for one in values if one)
            return show

        return {name: formatter(labels) for name, labels in self.choices.items()}

    def _init_titles(self) -> None:
        noun = self.noun or self.datamodel.model_name
        self.list_title = self.list_title or noun
        self.show_title = self.show_title or noun
        self.add_title = self.add_title or _l("新增%(noun)s", noun=noun)
        self.edit_title = self.edit_title or _l("编辑%(noun)s", noun=noun)
        self.title = self.list_title

    def _init_forms(self) -> None:
        self.search_form = form_class(self, self.search_columns, search=True)
        self.add_form = self.add_form or form_class(self, self.add_columns)
        edit = form_class(self, self.edit_columns)
        self.edit_form = self.edit_form or type("EditForm", (edit,), {"shown": HiddenField()})

    @property
    def _filters(self) -> SafeFilters:
        """FAB keeps the request's filters on the view object, which all threads share; these are the request's."""
        if not has_request_context():  # FAB walks over all attributes at start-up
            return SafeFilters(self, self.search_columns)
        store: dict[str, SafeFilters] = g.setdefault("view_filters", {})
        name = type(self).__name__
        if name not in store:
            store[name] = read_filters(self)
        return store[name]

    @_filters.setter
    def _filters(self, value: Any) -> None:
        """FAB sets one at start-up; it is not used."""

    def update_redirect(self) -> None:
        """FAB writes a history of pages into the session on every GET; we do not."""

    def get_redirect(self) -> str:
        return url_for(f"{self.endpoint}.list") if "list" not in self.exclude_route_methods else "/"

    # List

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        _page, widget = self._page_widget(self._filters)
        widgets = {"list": widget}
        if self.search_columns:
            widgets = self._get_search_widget(form=self.search_form(formdata=None), widgets=widgets)
        return self.render_template(self.list_template, title=self.list_title, widgets=widgets)

    def _page_widget(self, filters: Any, *, more_href: str | None = None) -> tuple[Page, Any]:
        """The rows the filters leave, as FAB's list widget with key paging; `more_href`: one page, then that link."""
        listing = read_listing(self)
        page = read_page(
            self.datamodel.obj, filters.apply_all(self.rows()), listing, self._loaded_with(),
        )
        pks = [row.id for row in page.rows]
        links = {"prev_href": None, "next_href": more_href if page.has_next else None} if more_href else {
            "prev_href": self._link(before=pks[0]) if page.has_previous and pks else None,
            "next_href": self._link(after=pks[-1]) if page.has_next and pks else None,
        }
        widget = self.list_widget(
            label_columns=self.label_columns, include_columns=self.list_columns,
            value_columns=list_of(self.datamodel.get_values(page.rows, self.list_columns)),
            order_columns=self.order_columns, formatters_columns=self.formatters_columns, page=0,
            page_size=listing.size, count=page.count, count_text=_("共 %(n)s 条", n=page.count_text), pks=pks,
            actions=self.actions, filters=filters, modelview_name=type(self).__name__,
            locked={row.id: self.locked(row) for row in page.rows}, **links,
        )
        return page, widget

    def _loaded_with(self) -> list_of[Any]:
        """What comes with the rows of a list, so that a longer list asks no more often."""
        roots = dict.fromkeys(name.partition(".")[0] for name in self.list_columns)
        return [selectinload(getattr(self.datamodel.obj, name)) for name in roots if self.datamodel.is_relation(name)]

    def locked(self, item: Any) -> Collection[str]:
        """Which of "edit" and "delete" a row does not allow now: no button offers them. To refuse is for the pre_… methods."""
        return ()

    def _link(self, **place: int) -> str:
        name = type(self).__name__
        kept = {k: v for k, v in request.args.to_dict(flat=False).items() if k not in (f"after_{name}", f"before_{name}")}
        kept |= {f"{word}_{name}": [str(pk)] for word, pk in place.items()}
        return url_for(request.endpoint or "", **{**(request.view_args or {}), **kept})

    # Show

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: Any) -> Any:
        row = self.row(pk)
        widgets = self._get_show_widget(row.id, row)
        widgets["show"].template_args["locked"] = self.locked(row)
        views = self._related_in_reach()
        widgets["related_views"] = [self._related_widget(row, view) for view in views]
        return self.render_template(
            self.show_template, pk=row.id, title=self.show_title, widgets=widgets, related_views=views,
            crumbs=self._crumbs(str(row)),
        )

    def _related_in_reach(self) -> Any:
        """Lists of related rows, of those screens the actor may open (FAB shows them all)."""
        return [v for v in self._related_views if self.appbuilder.sm.has_access("can_list", v.class_permission_name)]

    def _related_widget(self, row: Any, view: SafeModelView) -> Any:
        column = view.datamodel.get_related_fk(self.datamodel.obj)
        filters = SafeFilters(view, [column])
        filters._add_filter(filters.get_search_filters()[column][0], row.id)
        filters.filters[0].is_related_view = True
        more = url_for(f"{view.endpoint}.list", **{f"_flt_0_{column}": row.id})
        return view._page_widget(filters, more_href=more)[1]

    def _crumbs(self, last: str) -> Any:
        return [{"label": _("首页"), "href": "/"}, {"label": self.list_title, "href": self.get_redirect()}, {"label": last}]

    # Add, edit, delete

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        form = self.add_form()
        status = 200
        if request.method == "GET":
            self._suggest(form)
        elif form.validate():
            error = self._write(form, self._insert)
            if error is None:
                flash(_("已新增。"), "success")
                return redirect(self.get_redirect())
            status = error.status
        else:
            status = 422
        widgets = self._get_add_widget(form=form)
        page = self.render_template(
            self.add_template, title=self.add_title, widgets=widgets, crumbs=self._crumbs(_("新增"))
        )
        return page, status

    def _suggest(self, form: Any) -> None:
        """`?_flt_0_plan=5` (the add button of a related list) fills the field in; it is checked again on saving."""
        for name in self.add_columns:
            value = request.args.get(f"_flt_0_{name}", "")
            if value.isdecimal() and self.datamodel.is_relation_many_to_one(name):
                form[name].data = self.related_row(name, min(int(value), 2**31 - 1))

    def _insert(self, session: Any, form: Any) -> None:
        item = self.datamodel.obj()
        with session.no_autoflush:
            form.populate_obj(item)
            self.pre_add(item)
        session.add(item)
        session.flush()  # the audit row needs the id
        self._require_owned(item)
        self._record(session, Event.RECORD_CREATED, item, {"values": values_of(item)})

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: Any) -> Any:
        row = self.row(pk)
        row_id = row.id
        name = str(row)
        form = self.edit_form(obj=row)
        status = 200
        if request.method == "GET":
            form.shown.data = fingerprint(row)
        elif form.validate():
            error = self._write(form, lambda session, form: self._update(session, form, row_id))
            if error is None:
                flash(_("已保存。"), "success")
                return redirect(self.get_redirect())
            status = error.status
        else:
            status = 422
        widgets = self._get_edit_widget(form=form)
        page = self.render_template(
            self.edit_template, title=self.edit_title, widgets=widgets, related_views=[], crumbs=self._crumbs(name)
        )
        return page, status

    def _update(self, session: Any, form: Any, pk: int) -> None:
        item = self.row(pk)
        session.refresh(item, with_for_update=True)
        if fingerprint(item) != form.shown.data:
            raise Conflict(_("这条记录刚被其他人修改过。请重新打开编辑页，核对后再保存。"))
        before = values_of(item)
        with session.no_autoflush:
            form.populate_obj(item)
            if hasattr(item, "version"):
                item.version = item.version + 1
            self.pre_update(item)
        session.flush()  # constraints speak before the audit row is written
        self._require_owned(item)
        self._record(session, Event.RECORD_CHANGED, item, {"changes": changes(before, values_of(item))})

    @expose("/delete/<pk>", methods=["POST"])
    @has_access
    def delete(self, pk: Any) -> Any:
        row_id = self.row(pk).id
        error = self._write(None, lambda session, _form: self._remove(session, row_id))
        if error is None:
            flash(_("已删除。"), "success")
        return redirect(self.get_redirect())

    def _remove(self, session: Any, pk: int) -> None:
        item = self.row(pk)
        self.pre_delete(item)
        self._record(session, Event.RECORD_DELETED, item, {"values": values_of(item)})
        session.delete(item)
        session.flush()  # constraints speak here, where they become a sentence

    def _write(self, form: Any, work: Any) -> DomainError | None:
        """One transaction; what the user can mend is shown and returned."""
        try:
            with transaction() as session:
                work(session, form)
        except IntegrityError as failure:
            db.session.rollback()
            error: DomainError = Conflict(
                _("还有其他数据引用这条记录，不能删除。可以把它停用。") if form is None
                else _("与已有的记录冲突：编码或名称重复，或取值不在允许的范围内。请修改后再保存。")
            )
            error.__cause__ = failure
        except DomainError as raised:
            db.session.rollback()
            error = raised
            if form is not None and isinstance(raised, Invalid):
                show_field_errors(form, raised)
        else:
            return None
        if error.status in (403, 404):
            raise error
        flash(_(error.message), "danger")
        return error

    def _require_owned(self, item: Any) -> None:
        """The row as written must still be in reach: nobody writes rows for another organization."""
        if self.rows().filter(self.datamodel.obj.id == item.id).one_or_none() is None:
            abort(404)

    def _record(self, session: Any, event: Event, item: Any, data: dict[str, Any]) -> None:
        record_event(
            session, event=event, subject_type=item.__tablename__, subject_id=item.id, actor=current_actor(), data=data
        )

    # Actions on many rows

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: Any) -> Any:
        action, rows = self._chosen(name, [pk])
        return action.func(rows[0])

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> Any:
        action, rows = self._chosen(request.form.get("action", ""), request.form.getlist("rowid"))
        if not action.multiple:
            abort(400)
        return action.func(rows)

    def _chosen(self, name: str, pks: Sequence[Any]) -> tuple[Any, Any]:
        """The action and its rows: all of them in reach, or none is acted on."""
        action = self.actions.get(name) or abort(404)
        if not self.appbuilder.sm.has_access(self.get_action_permission_name(name), self.class_permission_name):
            abort(403)
        if not pks or len(pks) > BATCH_LIMIT:
            abort(400)
        return action, [self.row(pk) for pk in dict.fromkeys(pks)]
