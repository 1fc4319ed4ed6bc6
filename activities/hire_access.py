"""The steps that make accounts, open and close them, and grant and revoke access, in any target system."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from activities.errors import classified
from activities.hire_recording import HireRecording
from domain.access_review import review
from domain.accounts import Account, AccountDraft, HeldAccount, HeldEntitlement
from domain.hire_rules import UserNamePattern
from domain.outside_errors import RefusedError
from domain.ports.identity import IdentityPort
from domain.user_names import user_names
from workflows.steps.hire_inputs import (
    AccessCheckInput,
    AccessCheckOutcome,
    AccessInput,
    AccountInput,
    AccountOutcome,
    AccountStateInput,
    RemoveAccountInput,
    RevokeAccessInput,
    ShutWorkerInput,
)

TAKEN = "username-taken"
CONFLICT = "account-conflict"
NAMES_TRIED = 20
OPENING = "opening"
"""What the next attempt of a step is told of an account that was found disabled."""


class HireAccess(HireRecording):
    def _identity(self, system: str) -> IdentityPort:
        """Raises RefusedError for a system that this worker was not set up for."""
        port = self._ports.identities.get(system)
        if port is None:
            raise RefusedError(system, "target-refused", f"no system is set up as '{system}'")
        return port

    # Accounts

    @activity.defn(name="create_account")
    async def create_account(self, step: AccountInput) -> AccountOutcome:
        async with classified():
            account, held = await self._account(step)
            revived = held.case_id != step.case_id
            how = "taken again" if revived else "made, disabled"
            await self._record(
                step,
                "account.made",
                f"Account in {step.system} {how}",
                system=step.system,
                account_id=account.account_id,
                user_name=account.user_name,
                revived=revived,
            )
        return AccountOutcome(
            account_id=account.account_id, user_name=account.user_name, revived=revived, enabled=account.active
        )

    async def _account(self, step: AccountInput) -> tuple[Account, HeldAccount]:
        port, access, draft = self._identity(step.system), self._ports.access, step.draft
        held = await access.account_of(step.system, draft.worker_id)
        if held is not None and held.account_id and await port.account(held.account_id) is not None:
            changed = await port.change(held.account_id, draft.model_copy(update={"user_name": held.user_name}))
            return changed, held
        names = _names(step)
        if held is not None and step.wanted_name and held.user_name != step.wanted_name:
            await access.free(step.system, draft.worker_id, held.case_id)
            held = None
        if held is not None and held.case_id != step.case_id and await self._is_gone(port, draft, held):
            # What an earlier hire made is not there any more: what is made now is this hire's, to be taken back by it.
            await access.free(step.system, draft.worker_id, held.case_id)
            names, held = (held.user_name, *names), None
        if held is not None:
            return await self._create(port, draft, held), held
        return await self._under_a_free_name(step, port, names)

    async def _is_gone(self, port: IdentityPort, draft: AccountDraft, held: HeldAccount) -> bool:
        return await port.find(draft.worker_number, held.user_name) is None

    async def _under_a_free_name(
        self, step: AccountInput, port: IdentityPort, names: Sequence[str]
    ) -> tuple[Account, HeldAccount]:
        """The first of the names that nobody has, here or there; an account that the worker has there already is taken
        again. Raises RefusedError when a person chose a name that is taken, or none is free."""
        access, draft = self._ports.access, step.draft
        for name in names:
            try:
                held = await access.claim_name(
                    HeldAccount(system=step.system, worker_id=draft.worker_id, user_name=name, case_id=step.case_id)
                )
                before = await _before(port, draft, name)
                if before is None:
                    return await self._create(port, draft, held), held
            except RefusedError as error:
                if error.code != TAKEN:
                    raise
                await access.free(step.system, draft.worker_id, step.case_id)
                continue
            await access.free(step.system, draft.worker_id, step.case_id)
            return await self._again(step, port, before)
        raise RefusedError(step.system, TAKEN, "every name by the rule is another person's; choose one")

    async def _again(self, step: AccountInput, port: IdentityPort, before: Account) -> tuple[Account, HeldAccount]:
        """Take an account that is older than the register. No case has made it, so that none deletes it."""
        held = await self._ports.access.claim_name(
            HeldAccount(
                system=step.system,
                worker_id=step.draft.worker_id,
                user_name=before.user_name,
                account_id=before.account_id,
                case_id="",
            )
        )
        draft = step.draft.model_copy(update={"user_name": held.user_name})
        return await port.change(before.account_id, draft), held

    async def _create(self, port: IdentityPort, draft: AccountDraft, held: HeldAccount) -> Account:
        named = draft.model_copy(update={"user_name": held.user_name})
        account = await port.find(draft.worker_number, held.user_name)
        if account is None:
            account = await port.create(named)
        await self._ports.access.bind(held.system, held.worker_id, account.account_id)
        return account

    async def _held(self, system: str, worker_id: str) -> HeldAccount:
        held = await self._ports.access.account_of(system, worker_id)
        if held is None or not held.account_id:
            raise RefusedError(system, CONFLICT, "the worker has no account there")
        return held

    @activity.defn(name="enable_account")
    async def enable_account(self, step: AccountStateInput) -> None:
        async with classified():
            held = await self._held(step.system, step.worker_id)
            await self._open(self._identity(step.system), held.account_id)
            await self._record(step, "account.enabled", f"Account in {step.system} enabled: a login is possible")

    async def _open(self, port: IdentityPort, account_id: str) -> None:
        """A process may die after it enabled the account and before a login has shown it. Whoever repeats the step
        would find the account enabled and believe it: what this step itself began to open is shut and opened again."""
        account = await port.account(account_id)
        if account is not None and account.active and OPENING in activity.info().heartbeat_details:
            await port.disable(account_id)
        elif account is not None and not account.active:
            activity.heartbeat(OPENING)
        await port.enable(account_id)

    @activity.defn(name="disable_account")
    async def disable_account(self, step: AccountStateInput) -> None:
        async with classified():
            held = await self._ports.access.account_of(step.system, step.worker_id)
            if held is None or not await self._shut(held):
                await self._record(step, "account.gone", f"There is no account in {step.system} that could be used")
                return
            await self._record(step, "account.disabled", f"Account in {step.system} disabled: a login is refused")

    async def _shut(self, held: HeldAccount) -> bool:
        """Disable the account; False when it is not there any more, as after somebody else deleted it."""
        port = self._identity(held.system)
        if not held.account_id or await port.account(held.account_id) is None:
            return False
        await port.disable(held.account_id)
        return True

    @activity.defn(name="shut_worker")
    async def shut_worker(self, step: ShutWorkerInput) -> None:
        async with classified():
            accounts = await self._ports.access.accounts(step.worker_id)
            shut = [held.system for held in accounts if await self._shut(held)]
            where = ", ".join(shut) or "no system"
            await self._record(step, "worker.shut-out", f"Accounts disabled in {where}", reason=step.reason)

    @activity.defn(name="remove_account")
    async def remove_account(self, step: RemoveAccountInput) -> None:
        """An account that was there before the hire is disabled, as it was; one that the hire made is deleted."""
        async with classified():
            held = await self._ports.access.account_of(step.system, step.worker_id) if step.worker_id else None
            if held is None:
                await self._record(step, "account.never-made", f"There is no account in {step.system} to take back")
                return
            port = self._identity(step.system)
            if step.keep or held.case_id != step.case_id:
                kept = await self._shut(held)
                what = "disabled again, and kept" if kept else "is not there any more"
                await self._record(
                    step, "account.disabled" if kept else "account.gone", f"Account in {step.system} {what}"
                )
                return
            account_id = held.account_id or await self._lost(port, held)
            if account_id:
                await port.delete(account_id)
            # Recorded first: once the name is free, a repeated step knows nothing of the account that it deleted.
            await self._record(step, "account.deleted", f"Account in {step.system} deleted, and not found any more")
            await self._ports.access.free(step.system, step.worker_id, step.case_id)

    async def _lost(self, port: IdentityPort, held: HeldAccount) -> str:
        """The id of an account whose making was not answered; empty when it was never made."""
        worker = await self._ports.hris.worker(held.worker_id)
        account = await port.find(worker.worker_number if worker else "", held.user_name)
        return account.account_id if account is not None else ""

    # Access

    @activity.defn(name="grant_access")
    async def grant_access(self, step: AccessInput) -> None:
        async with classified():
            held = await self._held(step.system, step.worker_id)
            await self._identity(step.system).join(held.account_id, step.group)
            await self._ports.access.grant(
                HeldEntitlement(
                    worker_id=step.worker_id,
                    system=step.system,
                    entitlement=step.entitlement,
                    group=step.group,
                    reason=step.reason,
                    source=step.source,
                    case_id=step.case_id,
                    granted_at=self._recorder.clock(),
                    until=step.until,
                )
            )
            await self._record(
                step,
                "access.granted",
                f"{step.entitlement} granted in {step.system}" + (f" until {step.until}" if step.until else ""),
                entitlement=step.entitlement,
                source=step.source,
                reason=step.reason,
            )

    @activity.defn(name="revoke_access")
    async def revoke_access(self, step: RevokeAccessInput) -> None:
        async with classified():
            held = await self._ports.access.account_of(step.system, step.worker_id)
            if held is not None and held.account_id:
                await self._identity(step.system).leave(held.account_id, step.group)
            await self._ports.access.revoke(step.worker_id, step.system, step.entitlement, step.case_id, "corridor")
            await self._record(
                step, "access.revoked", f"{step.entitlement} revoked in {step.system}", reason=step.reason
            )

    @activity.defn(name="check_access")
    async def check_access(self, step: AccessCheckInput) -> AccessCheckOutcome:
        async with classified():
            accounts = await self._ports.access.accounts(step.worker_id)
            entitlements = await self._ports.access.held(step.worker_id)
            seen = {each.system: await self._seen(each) for each in accounts}
            findings = review(accounts, entitlements, seen, step.today)
            await self._record(step, "access.checked", f"Access looked at: {len(findings)} difference(s)")
        return AccessCheckOutcome(findings=findings, accounts=len(accounts), entitlements=len(entitlements))

    async def _seen(self, held: HeldAccount) -> Account | None:
        return await self._identity(held.system).account(held.account_id) if held.account_id else None


async def _before(port: IdentityPort, draft: AccountDraft, name: str) -> Account | None:
    """The account that the worker had before this hire asked for any. Raises RefusedError 'username-taken' when the
    name is another person's there."""
    try:
        return await port.find(draft.worker_number, name)
    except RefusedError as error:
        if error.code == CONFLICT and await port.name_taken(name):
            raise RefusedError(port.system, TAKEN, "the user name is another person's") from error
        raise


def _names(step: AccountInput) -> Sequence[str]:
    if step.wanted_name:
        return (step.wanted_name,)
    pattern: UserNamePattern = step.pattern  # type: ignore[assignment]  # the policy has checked it
    return user_names(step.draft.name, pattern, NAMES_TRIED)
