"""The demo world: builders that tests use one by one, and `load_demo`, which makes all of it.

Everything is invented and the same every time; dates follow `today`. Builders run inside the caller's transaction.
What needs a decision (waiting and approved cases, certificates) goes through the services, see `app.demo.journeys`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.actor import Actor
from app.demo import accounts as a
from app.demo.directory import Unit, city_units, contract_employers, provincial_units
from app.demo.people import Inventor
from app.roles import ROLE_OF_KIND
from models.account import Account
from models.achievement import AchievementKind
from models.base import utcnow
from models.encrypted import blind_index
from models.organization import Jurisdiction, Organization, OrganizationRole
from models.person import Employment, Person, PersonSeries
from models.plan import Committee
from models.post_quota import QUOTA_LEVELS, PostQuota, PostQuotaLevel
from models.region import Region
from models.search import initials, person_initials
from models.series import Specialty, Title, TitleLevel, TitleSeries

SEED = 20260


class ReferenceMissingError(RuntimeError):
    """The demo stands on the reference data: `flask refdata load` comes first."""


@cache
def password_hash() -> str:
    """The hash of the demo password, made once: hashing is slow on purpose."""
    return generate_password_hash(a.PASSWORD)


@dataclass
class World:
    """What has been built so far, by name or login; and the reference data that builders need."""

    session: Session
    today: dt.date
    inventor: Inventor = field(default_factory=lambda: Inventor(SEED))
    organizations: dict[str, Organization] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    committees: dict[str, Committee] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    @cached_property
    def series(self) -> dict[str, TitleSeries]:
        """The series by code."""
        rows = {row.code: row for row in self.session.scalars(select(TitleSeries).order_by(TitleSeries.position))}
        if not rows:
            raise ReferenceMissingError("no reference data: run `flask refdata load` first")
        return rows

    @cached_property
    def levels(self) -> dict[str, TitleLevel]:
        """The levels by code."""
        return {row.code: row for row in self.session.scalars(select(TitleLevel))}

    @cached_property
    def titles(self) -> list[Title]:
        """The titles in use, in order of loading."""
        return list(self.session.scalars(select(Title).where(Title.enabled.is_(True)).order_by(Title.id)))

    @cached_property
    def specialties(self) -> dict[int, list[Specialty]]:
        """The specialties by series id."""
        found: dict[int, list[Specialty]] = {}
        for row in self.session.scalars(select(Specialty).order_by(Specialty.id)):
            found.setdefault(row.series_id, []).append(row)
        return found

    @cached_property
    def kinds(self) -> dict[str, AchievementKind]:
        """The kinds of achievement by code."""
        return {row.code: row for row in self.session.scalars(select(AchievementKind))}

    @cached_property
    def regions(self) -> list[Region]:
        """All regions, by code."""
        rows = list(self.session.scalars(select(Region).order_by(Region.code)))
        if not rows:
            raise ReferenceMissingError("no reference data: run `flask refdata load` first")
        return rows

    @property
    def cities(self) -> list[Region]:
        """The 16 cities."""
        return [region for region in self.regions if region.level == "city"]

    @cached_property
    def roles(self) -> dict[str, Role]:
        """The FAB roles by name."""
        return {role.name: role for role in self.session.scalars(select(Role))}

    def role(self, name: str) -> Role:
        """The FAB role of that name; made empty when the release step has not made it yet (it fills it)."""
        if name not in self.roles:
            self.roles[name] = Role(name=name)
            self.session.add(self.roles[name])
        return self.roles[name]

    def actor(self, login: str) -> Actor:
        """The actor behind an account, for calling services; once its person, if any, has been added."""
        if login not in self._actors:
            self.session.flush()  # for the ids
            account, person = self.accounts[login], self.people.get(login)
            kinds = self.session.scalars(
                select(OrganizationRole.kind).where(OrganizationRole.organization_id == account.organization_id)
            )
            self._actors[login] = Actor(
                user_id=account.id, name=account.display_name, person_id=person.id if person else None,
                organization_id=account.organization_id, organization_kinds=frozenset(kinds),
                roles=frozenset(role.name for role in account.roles), origin="demo",
            )
        return self._actors[login]

    def administrators(self, organization_id: int) -> list[str]:
        """The logins that act for an organization, in order of making."""
        return list(self.session.scalars(
            select(Account.username).where(Account.organization_id == organization_id).order_by(Account.id)
        ))


def build_units(world: World, units: list[Unit]) -> None:
    """Organizations with their roles and jurisdictions."""
    for unit in units:
        inventor = world.inventor
        organization = Organization(
            name=unit.name, pinyin=initials(unit.name), region_code=unit.region_code,
            uscc=inventor.credit_code(unit.prefix, unit.region_code) if unit.prefix else None,
            is_built_in=not unit.prefix, nature_code=unit.nature_code,
            legal_person=inventor.name(inventor.sex()), contact=inventor.name(inventor.sex()),
            mobile=inventor.mobile(), email=f"{initials(unit.name)}@unit.example.com",
            address=f"{unit.name}办公楼",
            roles=[OrganizationRole(kind=kind) for kind in unit.kinds],
        )
        world.session.add(organization)
        world.organizations[unit.name] = organization
    world.session.flush()  # jurisdictions and accounts need the ids
    for unit in units:
        organization_id = world.organizations[unit.name].id
        if "hr_department" in unit.kinds:
            world.session.add(Jurisdiction(
                organization_id=organization_id, kind="hr_department", region_code=unit.region_code
            ))
        if "issuer" in unit.kinds:
            world.session.add(Jurisdiction(
                organization_id=organization_id, kind="issuer", region_code=unit.region_code
            ))
        world.session.add_all(
            Jurisdiction(
                organization_id=organization_id, kind="competent_department", region_code=unit.region_code,
                series_id=world.series[code].id,
            ) for code in unit.series
        )


def build_contract_units(world: World) -> None:
    """The units of Hefei and the province: enough for every route that starts in Hefei."""
    hefei = next(city for city in world.cities if city.code == "340100")
    build_units(world, provincial_units() + contract_employers() + _units_of(world, hefei, 0))


def build_other_cities(world: World) -> None:
    """The units of the other cities."""
    for index, city in enumerate(world.cities):
        if city.code != "340100":
            build_units(world, _units_of(world, city, index))


def _units_of(world: World, city: Region, index: int) -> list[Unit]:
    counties = tuple(region.code for region in world.regions if region.parent_code == city.code)
    return city_units(city.code, city.name, counties, index)


def build_accounts(world: World) -> None:
    """The contract's accounts. Persons get their Person from `build_people`."""
    for entry in a.ACCOUNTS:
        _add_account(world, entry.login, entry.name, entry.roles, entry.organization)


def build_administrators(world: World) -> None:
    """One account for every unit that has none yet: `unit001`, `unit002`, … with the roles of its kinds."""
    taken = {account.organization_id for account in world.accounts.values()}
    rest = [unit for unit in world.organizations.values() if unit.id not in taken]
    for number, unit in enumerate(rest, 1 + len(world.accounts) - len(a.ACCOUNTS)):
        roles = tuple(ROLE_OF_KIND[role.kind] for role in unit.roles)
        _add_account(world, f"unit{number:03d}", unit.contact, roles, unit.name)


def _add_account(world: World, login: str, name: str, roles: tuple[str, ...], organization: str) -> Account:
    account = Account(
        username=login, first_name=name[1:], last_name=name[:1], email=f"{login}@demo.example.com",
        password=password_hash(), active=True, roles=[world.role(role) for role in roles],
        organization_id=world.organizations[organization].id if organization else None, session_stamp="demo",
    )
    world.session.add(account)
    world.accounts[login] = account
    return account


def add_person(
    world: World, login: str, *, sex: str, born: dt.date, birth_region: str, unit: str = "", series: str = "",
    title: str = "", education: str = "21", degree: str = "4", registered: bool = True,
) -> Person:
    """The person of an account; with `unit`, bound to it by an approved employment."""
    account = world.accounts[login]
    number = world.inventor.id_number(birth_region, born, sex)
    person = Person(
        user=account, name=account.display_name, pinyin=person_initials(account.display_name),
        id_number=number, id_number_index=blind_index(number), sex=sex, birth_date=born,
        mobile=world.inventor.mobile(),
    )
    world.session.add(person)
    if registered:
        person.political_status_code, person.ethnic_code = world.inventor.random.choice(("01", "13")), "01"
        person.email, person.address = f"{login}@mail.example.com", "安徽省合肥市庐阳区"
        person.work_start = dt.date(born.year + 23, 8, 1)
        person.education_code, person.degree_code, person.title_name = education, degree, title
        person.registered_at = utcnow()
        if series:
            person.series.append(PersonSeries(series_id=world.series[series].id, position=1))
    if unit:
        person.organization_id = world.organizations[unit].id
        world.session.add(Employment(
            person=person, organization_id=world.organizations[unit].id, kind="registration",
            state="approved", note="系统启用前的人员", decided_at=utcnow(),
        ))
    world.people[login] = person
    return person


def build_people(world: World) -> None:
    """The four persons of the contract."""
    year = world.today.year
    add_person(world, "applicant", sex="男", born=dt.date(year - 44, 5, 12), birth_region="340103", unit=a.SCHOOL,
               series="22", title="高级教师", education="14", degree="3")
    add_person(world, "applicant2", sex="女", born=dt.date(year - 39, 9, 3), birth_region="340104", unit=a.SCHOOL,
               series="22", title="一级教师")
    add_person(world, "applicant3", sex="男", born=dt.date(year - 41, 3, 27), birth_region="340111", unit=a.COMPANY,
               series="05", title="工程师")
    add_person(world, "newcomer", sex="女", born=dt.date(year - 29, 11, 18), birth_region="340102", registered=False)


def add_applicant(world: World, login: str, name: str, **person: Any) -> Person:
    """A person with an account of the demo; the rest as `add_person` takes it."""
    _add_account(world, login, name, ("Applicant",), "")
    return add_person(world, login, **person)


def add_colleague(world: World, login: str, unit: str, series: str, *, bound: bool = True) -> Person:
    """An invented person with an account, bound to a unit or still to be bound."""
    inventor = world.inventor
    sex = inventor.sex()
    born = inventor.birth_date(world.today.year - 26, world.today.year - 54)
    _add_account(world, login, inventor.name(sex), ("Applicant",), "")
    region = inventor.random.choice([r.code for r in world.regions if r.level == "county" and r.code[4] != "7"])
    return add_person(world, login, sex=sex, born=born, birth_region=region, unit=unit if bound else "",
                      series=series)


def build_post_quotas(world: World) -> None:
    """This year's 岗位核准 of the contract's school, confirmed, with vacancies at all levels."""
    unit, by = world.organizations[a.SCHOOL], world.accounts["unit"]
    world.session.flush()  # it needs their ids
    world.session.add(PostQuota(
        organization_id=unit.id, year=world.today.year, state="confirmed", confirmed_at=utcnow(), created_by=by.id,
        levels=[PostQuotaLevel(label=label, vacancies=n) for label, n in zip(QUOTA_LEVELS, (10, 20, 30, 30), strict=True)],
    ))
    world.session.flush()  # recommendations look for it


def build_small_world(session: Session, today: dt.date) -> World:
    """Units of Hefei and the province, the contract's accounts and persons: what most tests need."""
    world = World(session, today)
    build_contract_units(world)
    build_accounts(world)
    build_administrators(world)
    build_people(world)
    build_post_quotas(world)
    return world
