"""What the steps of hires act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.ports.credentials import ExclusionLists, LicenceRegister, ProvenLicences, ScreeningRecords
from domain.ports.hire_register import HireRegister
from domain.ports.hire_standings import HireStandings
from domain.ports.hris import EmployeePort, HrisPort
from domain.ports.identity import AccessRegister, IdentityPort
from domain.ports.policies import PolicyStore


@dataclass(frozen=True)
class Hiring:
    """`identities` are the target systems by the name under which the policy knows them. `policies` and `proven` are
    for what runs at intervals over everybody who works here."""

    hris: HrisPort
    employees: EmployeePort
    identities: Mapping[str, IdentityPort]
    access: AccessRegister
    licences: LicenceRegister
    exclusions: ExclusionLists
    screening: ScreeningRecords
    register: HireRegister
    standings: HireStandings
    policies: PolicyStore | None = None
    proven: ProvenLicences | None = None
