"""The steps that verify credentials at their source and look for the person on exclusion lists."""

from __future__ import annotations

from temporalio import activity

from activities.errors import classified, own_store
from activities.hire_recording import HireRecording
from domain.credentialing import Judged, judge_certificate, judge_licence, judge_npi
from domain.credentials import LicenceQuestion, LicenceRecord, ScreenedPerson
from domain.screening import hits_of, keys_under, screened, screening_finding
from workflows.steps.hire_inputs import (
    ClearHitInput,
    CredentialInput,
    CredentialOutcome,
    ScreenInput,
    ScreenOutcome,
)


class HireProofs(HireRecording):
    @activity.defn(name="check_credential")
    async def check_credential(self, step: CredentialInput) -> CredentialOutcome:
        async with classified():
            looked_up = [
                (claim, await self._ports.licences.look_up(LicenceQuestion(claim=claim, name=step.hire.person.name)))
                for claim in step.licences
            ]
            judged = self._judged(step, [record for _, record in looked_up])
            records = [record.model_dump(mode="json", exclude={"name_on_record", "number"}) for _, record in looked_up]
            what = judged.finding.message if judged.finding else judged.note
            if step.kind == "licence" and judged.finding is None and self._ports.proven is not None:
                async with own_store():
                    await self._ports.proven.note(step.case_id, step.credential, step.licences)
            await self._record(step, "credential.checked", f"{step.credential}: {what}", records=records)
        record = looked_up[0][1] if looked_up else None
        return CredentialOutcome(
            finding=judged.finding, note=judged.note, valid_until=judged.valid_until, record=record
        )

    def _judged(self, step: CredentialInput, records: list[LicenceRecord]) -> Judged:
        hire, accepted = step.hire, frozenset(step.accepted)
        if step.kind == "npi":
            return judge_npi(hire.person.npi or "", accepted)
        if step.kind == "certificate":
            return judge_certificate(step.credential, step.certificates, hire.start_on, accepted, today=step.today)
        pairs = list(zip(step.licences, records, strict=True))
        days = step.parameters.licence_days
        return judge_licence(
            step.credential, pairs, hire.start_on, days, accepted, name=hire.person.name, today=step.today
        )

    @activity.defn(name="screen_person")
    async def screen_person(self, step: ScreenInput) -> ScreenOutcome:
        async with classified():
            person = ScreenedPerson(
                subject=step.subject,
                name=step.hire.person.name,
                birth_date=step.hire.person.birth_date,
                npi=step.hire.person.npi or "",
            )
            entries = await self._ports.exclusions.entries_like(person)
            hits = hits_of(person, entries, step.parameters.screening_score)
            lists = await self._ports.exclusions.states()
            before = keys_under(step.case_id, person, hits)
            async with own_store():
                known = await self._ports.screening.cleared([*before, *before.values()])
            cleared = {before.get(key, key) for key in known}
            result = screened(hits, cleared, lists)
            finding = screening_finding(result)
            summary = f"Exclusion lists: {len(hits)} candidate(s), {len(cleared)} cleared before"
            states = [each.model_dump(mode="json") for each in lists]
            await self._record(step, "person.screened", summary, lists=states, keys=[hit.key for hit in hits])
        return ScreenOutcome(result=result, finding=finding)

    @activity.defn(name="clear_hits")
    async def clear_hits(self, step: ClearHitInput) -> None:
        async with classified():
            at = self._recorder.clock()
            async with own_store():
                for key in step.keys:
                    await self._ports.screening.clear(key, step.by, step.reason, step.case_id, at)
            await self._record(
                step, "hits.cleared", f"{len(step.keys)} candidate(s) cleared by {step.by}", keys=list(step.keys)
            )
