"""Mails that ask somebody to decide: each person gets their own, with a link that is theirs alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from adapters.mail.links import MailLinks
from adapters.mail.notifier import MailNotifier
from domain.case import Notice
from domain.decision_links import LinkClaims, verify
from domain.delegation import Delegation, DelegationScope
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from tests.fixtures.evidence import CASE, START, a_notice
from tests.fixtures.links import OTHER_RING, RING, ChangingDirectory
from tests.fixtures.mail import SmtpSink

TASK = f"{CASE}:approve-owner.1"
GATEWAY = "https://corridor.hospital.example"


def asking(notice_id: str = "N-1", **changes: Any) -> Notice:
    data = {"task_id": TASK, "subject_version": 3, "excluded": ["nina"]} | changes.pop("data", {})
    given = {"people": (), "role": "cost-centre-owner", "event": "approval.asked", "data": data}
    return a_notice(notice_id, **(given | changes))


def absence(delegator: str, delegate: str, **scope: Any) -> Delegation:
    return Delegation(
        delegation_id=f"{delegator}-to-{delegate}",
        delegator=delegator,
        delegate=delegate,
        valid_from=START,
        valid_until=START + timedelta(days=7),
        scope=DelegationScope(**scope),
        made_by=delegator,
        made_at=START,
    )


class Post:
    """A notifier of the small hospital, where carla, dirk and nina own a cost centre."""

    def __init__(self, sink: SmtpSink, links: bool = True) -> None:
        self.people = ChangingDirectory()
        for person in ("dirk", "nina"):
            self.people.change(person, roles=("cost-centre-owner",))
        self.now = START
        self.absences: list[Delegation] = []
        self.ring = RING
        self.sink = sink
        self.notifier = MailNotifier(
            self.people,
            sink.settings(),
            lambda: self.now,
            MailLinks(lambda: self.ring, GATEWAY) if links else None,
            self._substitutes,
        )

    async def _substitutes(self, person: str, at: datetime) -> list[Delegation]:
        return [each for each in self.absences if each.delegator == person and each.valid_from <= at < each.valid_until]


@pytest.fixture
def post(smtp_sink: SmtpSink) -> Post:
    return Post(smtp_sink)


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def links_in(mail: EmailMessage) -> list[str]:
    return re.findall(rf"{GATEWAY}/v1/links/(\S+)", plain(mail))


def claims_in(mail: EmailMessage, post: Post) -> LinkClaims:
    (token,) = links_in(mail)
    return verify(token, RING, post.now)


async def test_each_person_gets_a_link_of_their_own(post: Post) -> None:
    proof = await post.notifier.send(asking())
    assert post.sink.envelopes == [["carla@north.example"], ["dirk@north.example"]]
    assert [mail["To"] for mail in post.sink.mails] == ["carla@north.example", "dirk@north.example"]
    claimed = [claims_in(mail, post) for mail in post.sink.mails]
    assert [each.person for each in claimed] == ["carla", "dirk"]
    assert len({each.link_id for each in claimed}) == 2
    for each in claimed:
        assert (each.task_id, each.case_id, each.subject_version) == (TASK, CASE, 3)
        assert each.on_behalf_of is None
        assert timedelta(hours=72) <= each.expires_at - START < timedelta(hours=73)
    for mail in post.sink.mails:
        assert mail["Message-ID"] in proof
        assert "do not forward" in plain(mail)
        assert mail["Auto-Submitted"] == "auto-generated"


async def test_the_mail_has_a_button_and_loads_nothing(post: Post) -> None:
    await post.notifier.send(asking(text='Gloves <b>for</b> ward 3\nWhy you: "you own it" & more'))
    mail = post.sink.mails[0]
    assert mail.get_content_type() == "multipart/alternative"
    page, (token,) = html_of(mail), links_in(mail)
    assert f'<a href="{GATEWAY}/v1/links/{token}"' in page
    assert "<p>Gloves &lt;b&gt;for&lt;/b&gt; ward 3</p>" in page
    assert "&quot;you own it&quot; &amp; more" in page
    assert not re.search(r"<(img|script|link|form|iframe)|src=|url\(", page)
    assert set(re.findall(r'href="(https://[^/]+)', page)) == {GATEWAY, "https://portal.hospital.example"}


async def test_a_mail_that_is_sent_again_carries_the_same_link(post: Post) -> None:
    """A relay that died between sending and recording sends the whole notice again; a new one has no memory."""
    await post.notifier.send(asking())
    again = Post(post.sink)
    again.now = START + timedelta(minutes=20)
    await again.notifier.send(asking())
    first, _, repeated, _ = post.sink.mails
    assert first["Message-ID"] == repeated["Message-ID"]
    assert links_in(first) == links_in(repeated)
    much_later = Post(post.sink)
    much_later.now = START + timedelta(hours=30)
    await much_later.notifier.send(asking())
    late = post.sink.mails[4]
    assert links_in(late) != links_in(first)
    assert claims_in(late, much_later).decision_id == claims_in(first, post).decision_id, "still one decision"


async def test_another_notice_is_another_link(post: Post) -> None:
    await post.notifier.send(asking())
    await post.notifier.send(asking("N-2", event="approval.reminded"))
    ids = {claims_in(mail, post).link_id for mail in post.sink.mails}
    assert len(ids) == 4


async def test_whoever_is_kept_from_the_task_is_not_written_to(post: Post) -> None:
    post.absences = [absence("carla", "nina"), absence("nina", "bo"), absence("carla", "frida")]
    await post.notifier.send(asking(people=("nina",), data={"excluded": ["nina", "dirk"]}))
    assert post.sink.envelopes == [["carla@north.example"], ["frida@north.example"]]


async def test_a_substitute_is_told_for_whom(post: Post) -> None:
    post.absences = [absence("carla", "frida", roles=("cost-centre-owner",), facilities=("north",), task_id=TASK)]
    await post.notifier.send(asking(data={"excluded": ["nina", "dirk"]}))
    own, mail = post.sink.mails
    assert "stand in" not in plain(own)
    for text in (plain(mail), html_of(mail)):
        assert "You get this because you stand in for Carla." in text
    claims = claims_in(mail, post)
    assert (claims.person, claims.on_behalf_of) == ("frida", "carla")


@pytest.mark.parametrize("scope", [{"roles": ("buyer",)}, {"facilities": ("south",)}, {"task_id": "another task"}])
async def test_a_substitute_for_other_things_is_not_written_to(post: Post, scope: dict[str, Any]) -> None:
    post.absences = [absence("carla", "frida", **scope)]
    await post.notifier.send(asking(data={"excluded": ["nina", "dirk"]}))
    assert post.sink.envelopes == [["carla@north.example"]]


async def test_substitutes_who_left_or_whose_time_is_over_are_not_written_to(post: Post) -> None:
    post.absences = [absence("carla", "frida"), absence("carla", "bo"), absence("carla", "stranger")]
    post.people.change("frida", active=False)
    post.people.change("bo", email="")
    await post.notifier.send(asking(data={"excluded": ["nina", "dirk"]}))
    post.people.change("frida", active=True)
    post.now = START + timedelta(days=7)
    await post.notifier.send(asking("N-2", data={"excluded": ["nina", "dirk"]}))
    assert post.sink.envelopes == [["carla@north.example"]] * 2


async def test_somebody_may_decide_for_themselves_and_for_another(post: Post) -> None:
    post.absences = [absence("carla", "dirk")]
    await post.notifier.send(asking())
    made = {(each.person, each.on_behalf_of) for each in (claims_in(mail, post) for mail in post.sink.mails)}
    assert made == {("carla", None), ("dirk", None), ("dirk", "carla")}
    assert len({mail["Message-ID"] for mail in post.sink.mails}) == 3


async def test_without_keys_there_are_mails_without_links(smtp_sink: SmtpSink) -> None:
    await Post(smtp_sink, links=False).notifier.send(asking())
    assert smtp_sink.envelopes == [["carla@north.example"], ["dirk@north.example"]]
    for mail in smtp_sink.mails:
        assert mail.get_content_type() == "text/plain"
        assert "/v1/links/" not in mail.as_string()
        assert "https://portal.hospital.example/v1/tasks/" in plain(mail)


@pytest.mark.parametrize(
    "data",
    [
        {"subject_version": None},
        {"subject_version": "3"},
        {"subject_version": True},
        {"task_id": None},
        {"task_id": 7},
    ],
)
async def test_a_notice_that_asks_nothing_is_one_mail_without_links(post: Post, data: dict[str, Any]) -> None:
    await post.notifier.send(asking(data=data))
    assert len(post.sink.mails) == 1
    assert "/v1/links/" not in post.sink.mails[0].as_string()


@pytest.mark.parametrize("data", [{"subject_version": 0}, {"task_id": "x" * 301}, {"task_id": ""}])
async def test_what_no_link_can_be_made_of_goes_out_without(post: Post, data: dict[str, Any]) -> None:
    await post.notifier.send(asking(data=data))
    assert len(post.sink.mails) == 2
    assert "/v1/links/" not in post.sink.mails[0].as_string()


async def test_new_keys_sign_new_links(post: Post) -> None:
    post.ring = OTHER_RING
    await post.notifier.send(asking())
    (token,) = links_in(post.sink.mails[0])
    assert verify(token, OTHER_RING, START).person == "carla"


async def test_nobody_to_ask(post: Post) -> None:
    with pytest.raises(RefusedError) as caught:
        await post.notifier.send(asking(data={"excluded": ["nina", "dirk", "carla"]}))
    assert caught.value.code == "nobody-to-tell"


async def test_one_refused_address_keeps_no_mail_from_the_others(post: Post) -> None:
    post.sink.refuse = {"carla@north.example": "550 no such user"}
    proof = await post.notifier.send(asking())
    assert post.sink.envelopes == [["dirk@north.example"]]
    assert "carla@north.example: 550" in proof
    post.sink.refuse["dirk@north.example"] = "550 no such user"
    with pytest.raises(RefusedError) as caught:
        await post.notifier.send(asking("N-2"))
    assert caught.value.code == "recipients-refused"


async def test_one_busy_mailbox_is_tried_again_and_the_others_get_no_second_mail(post: Post) -> None:
    post.sink.refuse = {"carla@north.example": "450 mailbox busy"}
    for _ in range(2):
        with pytest.raises(TemporarilyUnavailableError):
            await post.notifier.send(asking())
    assert post.sink.envelopes == [["dirk@north.example"]]
    post.sink.refuse.clear()
    proof = await post.notifier.send(asking())
    assert post.sink.envelopes == [["dirk@north.example"], ["carla@north.example"]]
    assert all(mail["Message-ID"] in proof for mail in post.sink.mails)


async def test_a_server_that_is_away_is_asked_once(post: Post) -> None:
    post.sink.answer = "451 try again later"
    with pytest.raises(TemporarilyUnavailableError) as caught:
        await post.notifier.send(asking())
    assert caught.value.code == "smtp-451"
    post.sink.answer = "250 OK, kept"
    await post.notifier.send(asking())
    assert len(post.sink.mails) == 2
