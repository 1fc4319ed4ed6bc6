"""What a link in a mail shows: the question, what became of an answer, or why there is nothing to answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote

from fastapi import Response

from api.html import Html, element, joined, page
from domain.approval import missing_content
from domain.case import TimelineEntry
from domain.decision_links import amount_of, offered
from domain.people import Actor
from domain.tasks import Action, Decision, DecisionRecord, IgnoredBecause, Task

_ACTIONS: dict[Action, tuple[str, str]] = {
    "approve": ("Approve", "approved"),
    "reject": ("Reject", "rejected"),
    "return": ("Ask for more information", "asked for more information"),
    "answer": ("Send the answer", "answered"),
    "retry": ("Try again", "had it tried again"),
    "correct": ("Correct it", "corrected it"),
    "accept": ("Accept it as it is", "accepted it as it is"),
    "skip": ("Go on without it", "went on without it"),
    "wait": ("Wait", "chose to wait"),
    "chase": ("Remind the supplier", "had the supplier reminded"),
    "substitute": ("Take something else", "took something else"),
    "amend-order": ("Change the order", "changed the order"),
    "cancel-line": ("Cancel the line", "cancelled the line"),
    "confirm-receipt": ("It has come", "confirmed the receipt"),
    "close-short": ("Close with what has come", "closed it with what had come"),
    "record": ("Take note", "took note"),
    "cancel": ("Cancel the request", "cancelled the request"),
    "complete": ("It is done", "said that it is done"),
    "confirm-arrival": ("The person came", "confirmed the arrival"),
    "no-show": ("The person did not come", "said that nobody came"),
    "clear": ("It is another person", "found it to be another person"),
    "verify": ("I have verified it", "verified it"),
    "stop": ("Stop: the person may not begin", "stopped the hire"),
    "create": ("It is a new person", "found the person to be new"),
    "remove": ("Leave it out", "left it out"),
}
_HIRE_ASKS = {
    "position": "Filling the position",
    "unbudgeted-position": "Filling a position that is not in the budget",
    "extra-access": "Access beyond what everybody in this job gets",
    "privileged-access": "Privileged access, for a time",
    "equipment": "Equipment above the limit",
}
_IGNORED: dict[IgnoredBecause, str] = {
    "task-closed": "the question was closed when it arrived",
    "stale-version": "what it was about had changed",
    "case-closed": "the case was closed",
    "not-authorised": "it was not yours to decide",
    "requester-may-not-decide": "whoever asks does not decide",
    "already-approved": "you had approved already",
    "delegation-not-valid": "the delegation did not cover it",
    "duties-conflict": "another duty of yours in this case forbids it",
}
# Of what a task shows of its subject: what is told in a line of its own, in this order.
_SUBJECT = (
    ("name", "For"),
    ("job", "Job"),
    ("position", "Position"),
    ("department", "Department"),
    ("employment_type", "Employed as"),
    ("start_on", "Starts on"),
    ("end_on", "Until"),
    ("manager", "Manager"),
    ("worker_number", "Worker number"),
    ("user_names", "User names"),
    ("target", "In"),
    ("entitlement", "Access"),
    ("group", "Group"),
    ("until", "Access ends on"),
    ("deliver_to", "Deliver to"),
    ("equipment", "Equipment for"),
    ("requester", "Asked for by"),
    ("need_by", "Needed by"),
    ("urgency", "Urgency"),
    ("supplier", "Supplier"),
    ("suppliers", "Suppliers"),
    ("cost_centres", "Cost centres"),
    ("line", "Line"),
    ("outstanding", "Outstanding"),
)


@dataclass(frozen=True)
class Question:
    """A task as one person sees it. `decided` are the answers given so far in its case; `zone` is the facility's."""

    task: Task
    actor: Actor
    on_behalf_of: str | None
    decided: Sequence[TimelineEntry]
    zone: tzinfo
    portal_url: str


@dataclass(frozen=True)
class Filled:
    """What somebody typed into the form, and what is wrong with it."""

    action: str = ""
    comment: str = ""
    fault: str = ""


def question_page(question: Question, proof: str, filled: Filled, status: int = 200) -> Response:
    """What is asked, and the form; nothing is chosen in advance, so that sending it unread decides nothing."""
    return page(status, question.task.title, *_asked(question), _form(question.task, proof, filled))


def portal_only_page(question: Question, why: str) -> Response:
    """What is asked, without a form: this one is for the portal."""
    notice = element("p", why, class_="fault")
    return page(403, question.task.title, notice, *_asked(question), _portal(question.portal_url, question.task))


def decided_page(question: Question, record: DecisionRecord, status: int = 200) -> Response:
    """What this link has decided, and when; also when it is opened or sent again."""
    decision, when = record.decision, _when(record.recorded_at, question.zone)
    if record.status == "applied":
        title = "Your decision counts"
        said = f"{_person(question)} {_done(decision.action)} on {when}."
    else:
        title = "Your decision did not count"
        reason = _IGNORED.get(record.because, record.because) if record.because else "the case refused it"
        said = f"You wanted to decide ({_label(decision.action)}) on {when}, but {reason}."
    used = "This link is used: it cannot decide anything else."
    return page(
        status,
        title,
        element("p", question.task.title),
        element("p", said),
        *((_quoted(decision.comment),) if decision.comment else ()),
        element("p", used, class_="small"),
        _portal(question.portal_url, question.task),
    )


def taken_in_page(question: Question, action: Action) -> Response:
    """The case has not answered yet; what it was told is kept."""
    text = (
        f"Your answer ({_label(action)}) is taken in. The case has not confirmed it yet: open this link again in a few "
        "minutes to see what became of it. You need not send it again; if you do, it counts once."
    )
    return page(202, "Taken in", element("p", question.task.title), element("p", text), headers={"retry-after": "60"})


def closed_page(question: Question) -> Response:
    """Somebody else answered, or the question was taken back."""
    answer = next(
        (entry for entry in reversed(question.decided) if entry.detail.get("task_id") == question.task.task_id), None
    )
    if answer is not None:
        text = f"{_sentence(answer)} on {_when(answer.at, question.zone)}. There is nothing left to decide."
        return page(409, "Already decided", element("p", question.task.title), element("p", text), *_because(answer))
    outcome = f" ({question.task.outcome})" if question.task.status == "cancelled" and question.task.outcome else ""
    text = f"The question was answered or taken back{outcome} before you decided. There is nothing left to decide."
    return page(409, "No longer open", element("p", question.task.title), element("p", text))


def approved_page(question: Question) -> Response:
    """Several must approve, and this person's part is done."""
    text = "Your approval counts already. Somebody else has to approve as well; there is nothing left for you to do."
    return page(409, "Already approved", element("p", question.task.title), element("p", text))


def changed_page(question: Question) -> Response:
    """What is decided on is no longer what the mail told."""
    text = (
        "What you were asked about has changed since the mail was sent, so that this link decides nothing any more. "
        "Look at it as it is now in the portal, or wait for the mail about the new version."
    )
    return page(
        409, "Changed since", element("p", question.task.title), element("p", text), _portal(question.portal_url)
    )


def message_page(status: int, title: str, text: str, headers: dict[str, str] | None = None) -> Response:
    return page(status, title, element("p", text), headers=headers)


def needs_comment(action: Action, task: Task, actor: Actor) -> bool:
    """Whether the action counts only with a reason."""
    bare = Decision(
        decision_id="without-comment",
        task_id=task.task_id,
        action=action,
        actor=actor,
        subject_version=task.subject_version,
    )
    return missing_content(bare, task) == "comment-required"


def _asked(question: Question) -> Iterable[Html]:
    task, subject, zone = question.task, question.task.subject, question.zone
    amount = amount_of(task)
    if amount is not None and amount.amount:
        yield element("p", str(amount), class_="amount")
    facts = [(label, _plain(subject[key])) for key, label in _SUBJECT if _plain(subject.get(key))]
    if task.due_at is not None:
        facts.append(("Answer by", _when(task.due_at, zone)))
    if question.on_behalf_of is not None:
        facts.append(("On behalf of", question.on_behalf_of))
    facts.append(("Case", task.case_id))
    yield element("dl", *(joined(element("dt", label), element("dd", text)) for label, text in facts))
    yield from _section("Why you", task.why)
    yield from _section("Reason given", _plain(subject.get("justification")))
    yield from _section("You asked", _plain(subject.get("asked")) if "answered" in subject else "")
    asks = [_HIRE_ASKS.get(str(each), _plain(each)) for each in _items(subject.get("asked"))]
    yield from _list("What is to be approved", [joined(each) for each in asks])
    yield from _section("The answer", _plain(subject.get("answered")))
    yield from _list("What is asked for", [_line(line) for line in _items(subject.get("lines"))])
    yield from _list("Access beyond the usual", [joined(_plain(each)) for each in _items(subject.get("extra_access"))])
    yield from _list("Notes", [joined(_plain(note)) for note in _items(subject.get("notes"))])
    yield from _list("Decided so far", [_earlier(entry, zone) for entry in question.decided])


def _section(heading: str, text: str) -> Iterable[Html]:
    if text:
        yield element("h2", heading)
        yield element("p", text, class_="text")


def _list(heading: str, items: Sequence[Html]) -> Iterable[Html]:
    if items:
        yield element("h2", heading)
        yield element("ul", *(element("li", item) for item in items))


def _line(line: Any) -> Html:
    if not isinstance(line, dict):
        return joined(_plain(line))
    centres = _plain(line.get("cost_centres"))
    small = [_plain(line.get("quantity")), _plain(line.get("supplier")), f"charged to {centres}" if centres else ""]
    stock = _plain(line.get("from_stock"))
    if stock and stock[0] != "0":
        small.append(f"{stock} of it from stock")
    return joined(
        element("strong", _plain(line.get("what")) or f"Line {_plain(line.get('line'))}"),
        " ",
        element("span", _plain(line.get("amount"))),
        element("div", " · ".join(part for part in small if part), class_="small"),
    )


def _earlier(entry: TimelineEntry, zone: tzinfo) -> Html:
    return joined(f"{_sentence(entry)} on {_when(entry.at, zone)}", *_because(entry))


def _form(task: Task, proof: str, filled: Filled) -> Html:
    actions = offered(task)
    fault = element("p", filled.fault, class_="fault", role="alert", id="fault") if filled.fault else ""
    described = "fault comment-hint" if filled.fault else "comment-hint"
    comment = element(
        "textarea",
        filled.comment,
        id="comment",
        name="comment",
        maxlength="2000",
        autocomplete="off",
        autofocus=bool(filled.fault and filled.action),
        aria_describedby=described,
    )
    return element(
        "form",
        element("h2", "Your decision"),
        fault,
        element("input", type="hidden", name="form", value=proof),
        element("fieldset", element("legend", "Choose one"), *(_choice(task, each, filled) for each in actions)),
        element("label", "Comment", for_="comment", class_="field"),
        element("p", "Everybody who may see the case can read it.", id="comment-hint", class_="small"),
        comment,
        element("button", "Confirm", type="submit"),
        element("p", "Nothing is decided before you confirm. The link works once.", class_="small"),
        method="post",
        accept_charset="utf-8",
    )


def _choice(task: Task, action: Action, filled: Filled) -> Html:
    asks = " (say why)" if needs_comment(action, task, Actor(person="anybody")) else ""
    chosen = filled.action == action
    box = element("input", type="radio", name="action", value=action, required=True, checked=chosen)
    return element("label", box, element("span", f"{_label(action)}{asks}"), class_="choice")


def _portal(url: str, task: Task | None = None) -> Html:
    if not url:
        return Html()
    place = f"{url.rstrip('/')}/v1/tasks/{quote(task.task_id, safe='')}" if task else url
    return element("p", element("a", "Open the portal", href=place, rel="noreferrer"))


def _sentence(entry: TimelineEntry) -> str:
    behalf = f" on behalf of {entry.on_behalf_of}" if entry.on_behalf_of else ""
    return f"{entry.actor}{behalf} {_done(str(entry.detail.get('action', '')))}"


def _because(entry: TimelineEntry) -> Sequence[Html]:
    comment = entry.detail.get("comment")
    return (_quoted(str(comment)),) if comment else ()


def _quoted(comment: str) -> Html:
    return element("p", f"“{comment}”", class_="text small")


def _label(action: str) -> str:
    known = {str(name): label for name, (label, _) in _ACTIONS.items()}
    return known.get(action, action)


def _done(action: str) -> str:
    known = {str(name): done for name, (_, done) in _ACTIONS.items()}
    return known.get(action, f"decided ({action})")


def _person(question: Question) -> str:
    behalf = f" on behalf of {question.on_behalf_of}" if question.on_behalf_of else ""
    return f"{question.actor.name or question.actor.person}{behalf}"


def _when(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M %Z}"


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _plain(value: Any) -> str:
    """One line of text for whatever a subject holds."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_plain(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(each) for each in value)
    return str(value)
