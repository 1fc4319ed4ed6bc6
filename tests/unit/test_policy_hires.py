"""What policy files say about hires: what is frozen into which case, what facilities vary, what the proof refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest

from adapters.policy_files import load_book
from adapters.reference_files import load_logins
from domain.case import Process
from domain.facility import Facility
from domain.hire import EmploymentType
from domain.hire_approvals import HIRE_ASKS
from domain.hire_exceptions import HIRE_EXCEPTIONS
from domain.hire_rules import EntitlementConflict, EntitlementRule, HireRules, PlanRule
from domain.money import Money
from domain.policy.compose import PolicyBook
from domain.policy.difference import difference
from domain.policy.hire_proof import hire_flaws
from domain.policy.model import HIRE_PROCESS, FrozenPolicy, RoutingRule
from domain.policy.staff_proof import staff_findings
from domain.routing import RequestFacts, route
from domain.staff import Staff
from tests.fixtures.policies import POLICIES, PolicyFiles
from tests.fixtures.small_policy import policy, rule

ON = date(2026, 11, 20)
BOOK = load_book(POLICIES)
OFFICES = ("finance", "supply-chain", "it", "administration")
EMPLOYMENT: tuple[EmploymentType, ...] = get_args(EmploymentType)


def effective(facility: str, book: PolicyBook = BOOK) -> FrozenPolicy:
    found = book.effective(facility, ON)
    assert found is not None
    return found


def rules_of(facility: str, book: PolicyBook = BOOK) -> HireRules:
    found = effective(facility, book).hire
    assert found is not None
    return found


def rows(facility: str, family: str, employment: str, department: str = "medical-wards") -> dict[str, PlanRule]:
    """By item, the row that decides; written apart from the planner, to which it is a second opinion."""
    place: Facility = effective(facility).facility
    found: dict[str, PlanRule] = {}
    for row in rules_of(facility).plan:
        fits = (
            (not row.job_families or family in row.job_families)
            and (not row.departments or department in row.departments)
            and (not row.employment_types or employment in row.employment_types)
            and (not row.kinds or place.kind in row.kinds)
            and (not row.facilities or place.code in row.facilities)
        )
        if fits:
            found[row.item] = row
    return found


def given(plan: dict[str, PlanRule]) -> set[str]:
    return {name for row in plan.values() for name in row.entitlements}


class TestFreezing:
    @pytest.mark.parametrize("process", [each for each in get_args(Process) if each != "hire-to-provision"])
    def test_other_cases_do_not_carry_the_hire_rules(self, process: str) -> None:
        whole = effective("north")
        frozen = whole.of_process(process)
        assert frozen.hire is None
        assert (frozen.version, frozen.sha256) == (whole.version, whole.sha256)
        assert frozen.model_copy(update={"hire": whole.hire}) == whole

    def test_the_table_of_other_cases_is_still_compiled_once(self) -> None:
        """The index of a routing table is remembered by the table itself."""
        whole = effective("north")
        assert whole.of_process("procure-to-pay").routing is whole.routing

    def test_a_hire_carries_them(self) -> None:
        whole = effective("north")
        assert HIRE_PROCESS in get_args(Process)
        assert whole.of_process(HIRE_PROCESS) is whole
        assert FrozenPolicy.model_validate_json(whole.model_dump_json()) == whole

    def test_it_is_worth_it(self) -> None:
        whole = effective("north")
        assert len(whole.of_process("procure-to-pay").model_dump_json()) < len(whole.model_dump_json()) / 2


class TestFiles:
    def test_parameters_and_tables_are_frozen(self) -> None:
        north = rules_of("north")
        assert (north.parameters.user_name, north.parameters.equipment_limit) == ("initial-family", Decimal(1500))
        nurse = north.entitlement("ehr-nurse")
        assert nurse is not None
        assert (nurse.system, nurse.clinical, nurse.privileged) == ("identity", True, False)
        privileged = {each.name for each in north.entitlements if each.privileged}
        assert privileged == {"it-admin", "ehr-break-glass-admin", "domain-admins"}
        assert {"bills-and-payments", "suppliers-and-payments"} <= {each.name for each in north.conflicts}

    def test_facilities_differ_within_bounds(self) -> None:
        elm, harbor, north = (rules_of(each) for each in ("elm-clinic", "harbor", "north"))
        assert (elm.parameters.no_show_hours, north.parameters.no_show_hours) == (2, 4)
        assert elm.parameters.equipment_limit == 800
        assert (harbor.parameters.screening_score, north.parameters.screening_score) == (80, 90)
        laptop = next(row for row in rules_of("highland").plan if row.name == "laptop")
        assert laptop.usual_days == 20

    def test_a_facility_adds_items_after_those_of_the_system(self) -> None:
        harbor, north = rules_of("harbor").plan, rules_of("north").plan
        assert harbor[: len(north)] == north
        assert {row.item for row in harbor[len(north) :]} == {"child-abuse-clearance", "certificate-pals"}

    def test_nothing_of_the_facility_holds_before_its_day(self) -> None:
        before = BOOK.effective("harbor", date(2026, 10, 31))
        assert before is not None
        assert before.hire is not None
        assert "child-abuse-clearance" not in {row.item for row in before.hire.plan}

    def test_every_exception_of_a_hire_has_its_owner_and_hours(self) -> None:
        north = effective("north")
        codes = {each.code for each in HIRE_EXCEPTIONS}
        assert codes <= set(north.exception_owners)
        assert codes <= set(north.exception_hours)

    def test_the_people_of_the_example_can_do_all_of_it(self) -> None:
        staff = Staff(load_logins(POLICIES.parent / "examples"))
        for code in BOOK.codes():
            assert staff_findings(effective(code), staff).flaws == ()


class TestExamplePlan:
    @pytest.mark.parametrize("facility", BOOK.codes())
    @pytest.mark.parametrize("employment", EMPLOYMENT)
    def test_whoever_is_hired_has_a_worker_record_first(self, facility: str, employment: EmploymentType) -> None:
        for family in (*rules_of(facility).job_families, "astronaut"):
            plan = rows(facility, family, employment)
            assert next(iter(plan)) == "worker-record"
            first = [item for item, row in plan.items() if not set(row.after) & set(plan)]
            assert {"worker-record", "arrival"} <= set(first)
            assert all(row.due_days >= plan["worker-record"].due_days for row in plan.values())
            assert "all-staff" in given(plan)
            assert {row.target for row in plan.values() if row.kind == "account"} >= {"identity"}

    def test_clinical_access_waits_for_what_proves_it(self) -> None:
        nurse, physician = rows("north", "nursing", "employee"), rows("north", "physician", "employee")
        assert set(nurse["access-nursing"].after) == {"account-identity", "screening", "licence-rn"}
        assert set(physician["access-physician"].after) == {"account-identity", "screening", "licence-md", "npi"}
        assert {"certificate-bls", "training-bedside"} <= set(nurse)
        assert "certificate-acls" in rows("north", "nursing", "agency-nurse", "intensive-care")
        assert "certificate-acls" not in nurse

    def test_volunteers_get_what_they_need_and_no_more(self) -> None:
        for family in rules_of("north").job_families:
            plan = rows("north", family, "volunteer")
            assert given(plan) <= {"all-staff", "volunteer-board", "work-orders"}
            assert not {"employee-record", "account-directory", "i9-section-1", "mailbox"} & set(plan)

    def test_only_employees_sign_the_form_and_end_probation(self) -> None:
        for employment in EMPLOYMENT:
            plan = rows("south", "it", employment)
            on_payroll = {"i9-section-1", "i9-section-2", "probation-review", "probation-end"}
            assert (on_payroll & set(plan)) == (on_payroll if employment == "employee" else set())
        section_1, section_2 = (rows("south", "it", "employee")[f"i9-section-{number}"] for number in (1, 2))
        assert (section_1.due_days, section_2.due_days, section_2.blocks_day_one) == (0, 3, False)

    def test_agency_nurses_are_no_employees_of_the_house(self) -> None:
        plan = rows("north", "nursing", "agency-nurse")
        assert "employee-record" not in plan
        assert "hr-portal" not in given(plan)
        assert {"ehr-nurse", "timekeeping"} <= given(plan)

    def test_offices_get_a_laptop(self) -> None:
        for family in rules_of("north").job_families:
            plan = rows("north", family, "employee")
            assert ("laptop" in plan) == (family in OFFICES)

    def test_the_catalogue_has_what_the_plan_orders(self) -> None:
        catalogue = (POLICIES.parent / "examples" / "catalogue.csv").read_text("utf-8")
        ordered = {row.catalogue_item for row in rules_of("north").plan if row.kind == "equipment"}
        assert ordered
        assert all(f"\n{item}," in catalogue for item in ordered)

    @pytest.mark.parametrize(
        ("facility", "ask", "amount", "levels"),
        [
            ("north", "position", 0, ["cost-centre-owner"]),
            ("north", "unbudgeted-position", 0, ["cost-centre-owner", "finance-controller"]),
            ("mill-clinic", "position", 0, ["cost-centre-owner", "finance-controller"]),
            ("north", "extra-access", 0, ["department-director", "it-security"]),
            ("north", "privileged-access", 0, ["department-director", "it-security"]),
            ("north", "equipment", 4999, ["cost-centre-owner"]),
            ("north", "equipment", 5000, ["cost-centre-owner", "department-director"]),
        ],
    )
    def test_asks_are_approved(self, facility: str, ask: str, amount: int, levels: list[str]) -> None:
        whole = effective(facility)
        table = whole.model_copy(update={"routing": rules_of(facility).approvals})
        facts = RequestFacts(amount=Money(amount=Decimal(amount), currency="USD"), categories=(ask,))
        assert [each.level.name for each in route(table, facts).levels] == levels


def entitlement(name: str, **over: Any) -> EntitlementRule:
    return EntitlementRule(
        **{"name": name, "title": name, "system": "identity", "group": name, "owner_role": "it-security", **over}
    )


def row(item: str, kind: str = "fulfilment", **over: Any) -> PlanRule:
    usual = {"name": item, "item": item, "title": item, "due_days": 0, "done_by": "human-resources"}
    return PlanRule(**{**usual, "reason": "for this test", "owner": "process-owner", "kind": kind, **over})


RECORD, ARRIVAL = row("record", "worker-record", due_days=-10), row("arrival", "arrival")
ACCOUNT, SCREENING = row("account", "account", target="identity", after=("record",)), row("screen", "screening")
EVERYTHING = (rule("everything"),)


def flaws(*plan: PlanRule, approvals: Sequence[RoutingRule] = EVERYTHING, **over: Any) -> list[tuple[str, str, str]]:
    hire = HireRules(**{"plan": plan, "approvals": tuple(approvals), **over})
    return [(flaw.part, flaw.name, flaw.reason) for flaw in hire_flaws(policy(hire=hire), hire)]


class TestProof:
    def test_what_is_sound_has_no_flaw(self) -> None:
        access = row("chart", "access", entitlements=("chart",), after=("account", "screen"))
        clinical = entitlement("chart", clinical=True)
        assert flaws(RECORD, ARRIVAL, ACCOUNT, SCREENING, access, entitlements=(clinical,)) == []

    def test_every_ask_needs_somebody(self) -> None:
        found = flaws(RECORD, ARRIVAL, approvals=())
        assert found == [("hire_approvals", "", f"nobody approves a hire's {ask} from 0 USD on") for ask in HIRE_ASKS]

    def test_a_rule_for_another_facility_is_no_help(self) -> None:
        found = flaws(RECORD, ARRIVAL, approvals=(rule("elsewhere", facilities=("south",)),))
        assert len(found) == len(HIRE_ASKS)

    def test_a_band_of_amounts_may_be_left_out(self) -> None:
        bands = (rule("small", amount_below=100), rule("large", amount_from=200))
        assert flaws(RECORD, ARRIVAL, approvals=bands)[0][2] == (
            "nobody approves a hire's position from 100 to below 200 USD"
        )

    @pytest.mark.parametrize(
        ("over", "reason"),
        [
            ({"levels": ("nobody",)}, "demands nobody, which is no level"),
            ({"categories": ("office",)}, "can never match: no hire asks for this"),
            ({"amount_from": 5, "amount_below": 5}, "can never match: no amount is from 5 and below 5"),
            (
                {"requester_level_from": 5, "requester_level_below": 5},
                "can never match: no job level is from 5 on and below 5",
            ),
        ],
    )
    def test_an_approval_that_asks_nobody(self, over: dict[str, Any], reason: str) -> None:
        found = flaws(RECORD, ARRIVAL, approvals=(*EVERYTHING, rule("odd", **over)))
        assert found == [("hire_approvals", "odd", reason)]

    def test_whoever_is_hired_has_a_record_and_is_awaited(self) -> None:
        some = RECORD.model_copy(update={"employment_types": ("employee",), "job_families": ("it",)})
        assert flaws(some) == [
            ("plan", "", "no worker record is made for job family (any other)"),
            ("plan", "", "nobody is asked whether they arrived for anybody"),
        ]

    def test_a_row_that_later_ones_always_replace(self) -> None:
        old = row("badge", name="old-badge", employment_types=("employee",))
        new = row("badge", name="new-badge", employment_types=("employee", "contractor"))
        reason = "can never decide: the last row for badge that matches does, and that is always new-badge"
        assert flaws(RECORD, ARRIVAL, old, new) == [("plan", "old-badge", reason)]
        assert flaws(RECORD, ARRIVAL, new, old) == []

    def test_a_row_that_another_replaces_at_one_facility_alone_is_sound(self) -> None:
        assert flaws(RECORD, ARRIVAL, row("badge"), row("badge", name="north-badge", facilities=("north",))) == []

    def test_nothing_is_due_before_what_it_waits_for(self) -> None:
        early = row("badge", due_days=-3, after=("photo",))
        found = flaws(RECORD, ARRIVAL, row("photo", due_days=-2), early)
        assert found == [("plan", "badge", "is due before photo, for which it waits")]

    def test_access_waits_for_an_account_of_its_system(self) -> None:
        access = row("files", "access", entitlements=("files",), after=("account",))
        files = (entitlement("files", system="directory"),)
        reason = "gives files without waiting for an account in directory, for anybody"
        assert flaws(RECORD, ARRIVAL, ACCOUNT, access, entitlements=files) == [("plan", "files", reason)]

    def test_whoever_gets_access_gets_the_account(self) -> None:
        account = ACCOUNT.model_copy(update={"employment_types": ("employee",)})
        access = row("mail", "access", entitlements=("mail",), after=("account",))
        found = flaws(RECORD, ARRIVAL, account, access, entitlements=(entitlement("mail"),))
        assert [(part, name) for part, name, _ in found] == [("plan", "mail")]
        assert found[0][2].endswith("for employment type agency-nurse, contractor, volunteer")

    def test_patients_are_not_open_to_who_was_not_screened(self) -> None:
        access = row("chart", "access", entitlements=("chart",), after=("account",))
        found = flaws(RECORD, ARRIVAL, ACCOUNT, SCREENING, access, entitlements=(entitlement("chart", clinical=True),))
        reason = "gives chart, which is clinical, without waiting for a screening, for anybody"
        assert found == [("plan", "chart", reason)]

    def test_what_comes_before_counts_at_any_remove(self) -> None:
        licence = row("licence", "licence", credential="rn", after=("screen",))
        access = row("chart", "access", entitlements=("chart",), after=("account", "licence"))
        clinical = (entitlement("chart", clinical=True),)
        assert flaws(RECORD, ARRIVAL, ACCOUNT, SCREENING, licence, access, entitlements=clinical) == []

    def test_nobody_is_born_into_a_conflict(self) -> None:
        both = (entitlement("enter"), entitlement("pay"))
        conflict = EntitlementConflict(
            name="apart", reason="for this test", owner="process-owner", first="enter", second="pay"
        )
        clerk = row("clerk", "access", entitlements=("enter",), after=("account",), job_families=("finance",))
        payer = row("payer", "access", entitlements=("pay",), after=("account",))
        reason = "gives, beside clerk, by birthright what apart keeps apart: enter and pay"
        rules: dict[str, Any] = {"entitlements": both, "conflicts": (conflict,)}
        assert flaws(RECORD, ARRIVAL, ACCOUNT, clerk, payer, **rules) == [("plan", "payer", reason)]
        elsewhere = payer.model_copy(update={"job_families": ("it",)})
        assert flaws(RECORD, ARRIVAL, ACCOUNT, clerk, elsewhere, **rules) == []
        alone = row("both", "access", entitlements=("enter", "pay"), after=("account",))
        reason = "gives by birthright what apart keeps apart: enter and pay"
        assert flaws(RECORD, ARRIVAL, ACCOUNT, alone, **rules) == [("plan", "both", reason)]

    def test_somebody_answers_for_each_item(self) -> None:
        found = flaws(RECORD, ARRIVAL, row("badge", done_by="auditor"))
        assert found == [("plan", "badge", "a auditor can answer for nothing")]

    def test_people_are_missed_where_nobody_has_the_role(self) -> None:
        hire = HireRules(plan=(RECORD, row("badge", done_by="facilities-desk")), entitlements=(entitlement("mail"),))
        found = staff_findings(policy(hire=hire), Staff(())).flaws
        named = {(flaw.part, flaw.name, flaw.reason) for flaw in found if flaw.part in ("plan", "entitlements")}
        assert named == {
            ("plan", "record", "nobody holds human-resources"),
            ("plan", "badge", "nobody holds facilities-desk"),
            ("entitlements", "mail", "nobody holds it-security"),
        }


class TestDifference:
    @pytest.mark.parametrize(
        ("file", "old", "new", "words"),
        [
            ("system.yaml", "equipment_limit: 1500", "equipment_limit: 1200", "equipment limit is now 1,200 USD"),
            ("system.yaml", "no_show_hours: 4", "no_show_hours: 3", "no show hours is now 3 business hours"),
            (
                "system.yaml",
                "name: vendor-master, title: Supplier master data, system: identity",
                "name: vendor-master, title: Supplier master data, system: directory",
                "entitlement vendor-master: system is now directory instead of identity",
            ),
            (
                "system.yaml",
                "due_days: 3, from_days: 0",
                "due_days: 2, from_days: 0",
                "row i9-section-2 of the plan is now due on day 2 instead of day 3",
            ),
            (
                "system.yaml",
                "after: [account-identity, screening, licence-rn]",
                "after: [account-identity, screening]",
                "row access-nursing of the plan now waits for account-identity, screening instead of",
            ),
            (
                "system.yaml",
                "second: ap-payment-approver, max_days: 30",
                "second: ap-payment-approver, max_days: 20",
                "conflict bills-and-payments: max days is now 20 days instead of 30",
            ),
            (
                "system.yaml",
                "categories: [equipment], amount_from: 5000",
                "categories: [equipment], amount_from: 4000",
                "hire approval director-approves-large-equipment now begins at 4,000 USD instead of 5,000",
            ),
            (
                "harbor.yaml",
                "title: Child abuse clearance\n    due_days: -5",
                "title: Child abuse clearance\n    due_days: -4",
                "row harbor-child-abuse-clearance of the plan is now due on day -4 instead of day -5",
            ),
        ],
    )
    def test_a_change_is_told_in_words(
        self, policy_files: PolicyFiles, file: str, old: str, new: str, words: str
    ) -> None:
        policy_files.replace(file, (old, new))
        found = difference(BOOK, load_book(policy_files.folder))
        (told,) = {change.words for change in found.effects}
        assert words in told
        assert found.files == ()
