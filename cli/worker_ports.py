"""What invoices and hires act on: adapters over the systems that the worker's settings name."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import httpx

from activities.hire_ports import Hiring
from activities.ports import ErpFollowing, Invoicing
from adapters.bank_folder import connect as connect_bank
from adapters.bank_messages.reader import BankMessages
from adapters.exclusion_lists import FolderExclusionLists
from adapters.hris.reference.adapter import ReferenceHris
from adapters.identity.ldap.adapter import LdapDirectory
from adapters.identity.ldap.environment import settings_from_environment
from adapters.identity.scim.adapter import ScimIdentity
from adapters.identity.scim.settings import scim_settings
from adapters.learning_assistant import LearningAssistant
from adapters.licence_registers import connect as connect_register
from adapters.mail.settings import MailSettings
from adapters.mail.supplier_answers import MailSupplierAnswers
from adapters.memory.credentials import MemoryExclusions, MemoryLicences
from adapters.payment_files import one_file, positive_pay_writer, read_layout
from adapters.postgres.access_register import PostgresAccessRegister
from adapters.postgres.decision_memory import PostgresDecisions
from adapters.postgres.documents import PostgresDocuments
from adapters.postgres.erp_changes import PostgresSweepPlaces
from adapters.postgres.hire_register import PostgresHireRegister
from adapters.postgres.hire_standings import PostgresHireStandings
from adapters.postgres.invoice_register import PostgresInvoiceRegister
from adapters.postgres.match_records import PostgresMatchRecords
from adapters.postgres.payment_ledger import PostgresPaymentLedger
from adapters.postgres.pool import Pool
from adapters.postgres.proven_licences import PostgresProvenLicences
from adapters.postgres.screening_records import PostgresScreeningRecords
from cli.worker_settings import WorkerSettings
from domain.payment import DebtorAccount
from domain.ports.credentials import LicenceRegister
from domain.ports.erp_changes import ErpChanges
from domain.ports.hris import EmployeePort
from domain.ports.identity import IdentityPort
from domain.ports.payables import PayablesPort
from domain.ports.policies import PolicyStore


def invoicing(
    settings: WorkerSettings,
    pool: Pool,
    payables: PayablesPort,
    mail: MailSettings,
    debtors: Sequence[DebtorAccount],
    policies: PolicyStore,
) -> Invoicing:
    """What invoices and payments are done with. `debtors` are the accounts that statements are about."""
    layout = settings.positive_pay_layout
    return Invoicing(
        payables=payables,
        documents=PostgresDocuments(pool),
        matches=PostgresMatchRecords(pool),
        register=PostgresInvoiceRegister(pool),
        ledger=PostgresPaymentLedger(pool),
        answers=MailSupplierAnswers(mail),
        assistant=LearningAssistant(PostgresDecisions(pool)),
        bank=connect_bank(settings.bank_outbox, settings.bank_inbox),
        bank_reader=BankMessages(debtors),
        policies=policies,
        build_file=one_file,
        positive_pay=None if layout is None else positive_pay_writer(read_layout(layout)),
    )


def following(pool: Pool, changes: ErpChanges | None, policies: PolicyStore) -> ErpFollowing | None:
    """What following the ERP's changes is done with; None for an ERP that nobody but Corridor works in."""
    if changes is None:
        return None
    return ErpFollowing(changes, PostgresSweepPlaces(pool), policies)


async def hiring(
    settings: WorkerSettings,
    pool: Pool,
    employees: EmployeePort,
    policies: PolicyStore,
    stack: contextlib.AsyncExitStack,
) -> Hiring | None:
    """What hires are done with; None where no HRIS is set up. Systems that are not set up are left to people."""
    if not settings.hris_dsn:
        return None
    return Hiring(
        hris=await stack.enter_async_context(ReferenceHris.connect(settings.hris_dsn)),
        employees=employees,
        identities=await _identities(settings, stack),
        access=PostgresAccessRegister(pool),
        licences=await _licences(settings, stack),
        exclusions=FolderExclusionLists(settings.exclusion_lists) if settings.exclusion_lists else MemoryExclusions(),
        screening=PostgresScreeningRecords(pool),
        register=PostgresHireRegister(pool),
        standings=PostgresHireStandings(pool),
        policies=policies,
        proven=PostgresProvenLicences(pool),
    )


async def _licences(settings: WorkerSettings, stack: contextlib.AsyncExitStack) -> LicenceRegister:
    """Without a register nothing is checked by itself: credentialing looks at the source. Raises RegisterSettingError
    for a setting that names none."""
    if not settings.licence_register:
        return MemoryLicences()
    client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
    return connect_register(settings.licence_register, client, settings.licence_register_token)


async def _identities(settings: WorkerSettings, stack: contextlib.AsyncExitStack) -> dict[str, IdentityPort]:
    found: dict[str, IdentityPort] = {}
    scim = scim_settings(
        settings.scim_url,
        settings.scim_token,
        settings.scim_token_url,
        settings.scim_client_id,
        settings.scim_client_secret,
        settings.scim_mapping,
    )
    if scim is not None:
        found["identity"] = await stack.enter_async_context(ScimIdentity.connect(scim))
    ldap = settings_from_environment()
    if ldap is not None:
        found["directory"] = await stack.enter_async_context(LdapDirectory.connect(ldap))
    return found
