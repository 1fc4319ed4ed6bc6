"""The story of a case as one HTML page that needs nothing else: no script, no style sheet, no picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from domain.case import TimelineEntry
from domain.chain import RecordedEntry
from domain.checkpoints import Inclusion
from domain.keeping import CaseRecord, holds_in_force
from domain.tasks import Task

# What a reader looks for first, in this order; everything else an entry carries follows under its own name.
_FIRST = {
    "rule": "by the rule",
    "policy_version": "policy",
    "policy": "policy",
    "because": "because",
    "comment": "comment",
    "reason": "reason",
    "before": "before",
    "after": "after",
    "subject_version": "version decided on",
    "roles": "roles",
    "issuer": "token by",
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1a1a }
table { border-collapse: collapse; width: 100%; margin: 0 0 2rem } caption { text-align: left; font-weight: 600 }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #ddd }
th { font-weight: 600 } dl { margin: .25rem 0 0; display: grid; grid-template-columns: max-content 1fr; gap: 0 .75rem }
dt { color: #555 } dd { margin: 0; overflow-wrap: anywhere } code { font-size: .85em; overflow-wrap: anywhere }
time { white-space: nowrap } .own { color: #555 } @media print { body { margin: 0; max-width: none } }
"""


def story(record: CaseRecord, inclusions: Sequence[Inclusion], exported_at: datetime, exported_by: str) -> str:
    """The whole page."""
    title = record.snapshot.title if record.snapshot else "A purged case"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>Evidence of <code>{escape(record.case_id)}</code>, exported {_time(exported_at)} by {escape(exported_by)}."
        " How to check it: <code>VERIFY.md</code>.</p>",
        _asked(record),
        _timeline(record),
        _tasks(record.tasks),
        _checkpoints(inclusions),
    ]
    head = f'<meta charset="utf-8"><title>{escape(record.case_id)}</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _asked(record: CaseRecord) -> str:
    case = record.snapshot
    if case is None:
        return "<p>The case was purged when its time to be kept was over. What is left is the fact that it was.</p>"
    rows: dict[str, Any] = {
        "Requested by": case.requester,
        "Facility": case.facility,
        "Amount": str(case.amount),
        "Urgency": case.urgency,
        "Submitted": case.submitted_at,
        "Stands at": f"{case.stage}, {case.status}",
        "Closed": case.closed_at,
        "Orders": ", ".join(case.order_numbers),
        "Suppliers": ", ".join(case.suppliers),
        "Policy": f"{case.policy_version} ({case.policy_sha256})" if case.policy_version else "",
        "Legal holds": ", ".join(holds_in_force(record.entries)),
    }
    cells = (f'<tr><th scope="row">{name}</th><td>{_value(value)}</td></tr>' for name, value in rows.items() if value)
    return f"<table><caption>What was asked</caption>{''.join(cells)}</table>"


def _timeline(record: CaseRecord) -> str:
    head = "<tr><th>#</th><th>When</th><th>Who</th><th>What</th></tr>"
    rows = "".join(_entry(row) for row in record.entries)
    return f"<table><caption>What happened, in order of recording</caption>{head}{rows}</table>"


def _entry(row: RecordedEntry) -> str:
    entry = row.entry()
    redacted = "<br><em>redacted</em>" if row.original_sha256 else ""
    what = f"{escape(entry.summary)}{redacted}{_details(entry.detail)}"
    return (
        f"<tr><td>{row.position}</td><td>{_time(entry.at)}</td><td>{_who(entry)}</td>"
        f"<td>{what}<dl><dt>kind</dt><dd>{escape(entry.kind)}</dd><dt>hash</dt><dd><code>{row.hash}</code></dd></dl></td></tr>\n"
    )


def _who(entry: TimelineEntry) -> str:
    if entry.actor == "corridor":
        return '<span class="own">Corridor</span>'
    behalf = f"<br>on behalf of {escape(entry.on_behalf_of)}" if entry.on_behalf_of else ""
    return escape(entry.actor) + behalf


def _details(detail: Mapping[str, Any]) -> str:
    known = [(label, detail[name]) for name, label in _FIRST.items() if name in detail]
    others = [(name.replace("_", " "), value) for name, value in detail.items() if name not in _FIRST]
    return _list([(label, value) for label, value in known + others if value not in (None, "", [], {})])


def _list(pairs: Iterable[tuple[str, Any]]) -> str:
    cells = "".join(f"<dt>{escape(str(name))}</dt><dd>{_value(value)}</dd>" for name, value in pairs)
    return f"<dl>{cells}</dl>" if cells else ""


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, Mapping):
        return _list(value.items())
    if isinstance(value, list | tuple):
        return "<br>".join(_value(each) for each in value)
    return escape(str(value))


def _tasks(tasks: Sequence[Task]) -> str:
    if not tasks:
        return ""
    head = "<tr><th>Question</th><th>Asked of</th><th>By the rule</th><th>Asked</th><th>Outcome</th></tr>"
    rows = "".join(
        f"<tr><td>{escape(task.title)}<br>{escape(task.why)}</td><td>{escape(_asked_of(task))}</td>"
        f"<td>{escape(task.rule)}</td><td>{_time(task.opened_at)}</td>"
        f"<td>{escape(task.outcome or task.status)}</td></tr>\n"
        for task in tasks
    )
    return f"<table><caption>Who was asked</caption>{head}{rows}</table>"


def _asked_of(task: Task) -> str:
    return ", ".join(task.people) if task.people else f"{task.role} at {task.facility}"


def _checkpoints(inclusions: Sequence[Inclusion]) -> str:
    head = "<tr><th>Checkpoint</th><th>Taken</th><th>Covers up to</th><th>Signed with</th><th>Hash</th></tr>"
    rows = "".join(
        f"<tr><td>{each.checkpoint.number}</td><td>{_time(each.checkpoint.taken_at)}</td>"
        f"<td>entry {each.head.position}</td><td>{escape(each.checkpoint.key_id or 'not signed')}</td>"
        f"<td><code>{each.checkpoint.hash}</code></td></tr>\n"
        for each in inclusions
    )
    covered = rows or '<tr><td colspan="5">No checkpoint covers the case yet.</td></tr>'
    return f"<table><caption>Checkpoints that cover the case</caption>{head}{covered}</table>"


def _time(at: datetime) -> str:
    there = at.astimezone(UTC)
    return f'<time datetime="{there.isoformat()}">{there:%Y-%m-%d %H:%M:%S} UTC</time>'
