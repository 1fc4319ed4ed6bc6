"""Messages of banks, good and bad: what is read from them, and that nothing they hold does any harm."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bank_messages.reader import MAX_CHARACTERS, BankMessages
from domain.invoice import PayeeAccount
from domain.money import Money
from domain.payment import BankMessage, DebtorAccount, ReadBankMessage
from tests.fixtures.bank_files import Transfer, a_nacha_file

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
ON = date(2026, 11, 23)
ACCOUNT = PayeeAccount(routing_number="021000021", account_number="1000000001")
DEBTOR = DebtorAccount(facility="north", name="North", account=ACCOUNT, company_id="2000000001", currency="USD")


def _read(content: str) -> ReadBankMessage:
    return BankMessages([DEBTOR]).read(BankMessage(key="7", name="message", content=content))


def _status(body: str, version: str = "001.10", ident: str = "S-1") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NAMESPACE}pain.002.{version}"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>{ident}</MsgId></GrpHdr>{body}</CstmrPmtStsRpt></Document>"
    )


def _group(status: str, reason: str = "") -> str:
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return f"<OrgnlGrpInfAndSts><OrgnlMsgId>RUN-1</OrgnlMsgId><GrpSts>{status}</GrpSts>{why}</OrgnlGrpInfAndSts>"


def _payment(payment: str, status: str, reason: str = "", words: str = "") -> str:
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn><AddtlInf>{words}</AddtlInf></StsRsnInf>" if reason else ""
    return (
        "<OrgnlPmtInfAndSts><OrgnlPmtInfId>B</OrgnlPmtInfId><TxInfAndSts>"
        f"<OrgnlEndToEndId>{payment}</OrgnlEndToEndId><TxSts>{status}</TxSts>{why}</TxInfAndSts></OrgnlPmtInfAndSts>"
    )


def _entry(amount: str, side: str, payment: str | None, *, status: str = "<Cd>BOOK</Cd>", more: str = "") -> str:
    ident = f"<EndToEndId>{payment}</EndToEndId>" if payment is not None else ""
    return (
        f'<Ntry><Amt Ccy="USD">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>{ON}</Dt></BookgDt><AcctSvcrRef>B-1</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs>{ident}</Refs>{more}</TxDtls></NtryDtls></Ntry>"
    )


def _statement(
    *entries: str, opening: str = "1000.00", closing: str = "900.00", account: str = "1000000001", version: str = "08"
) -> str:
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd><Dt><Dt>{ON}</Dt></Dt></Bal>"
        for kind, amount in (("OPBD", opening), ("CLBD", closing))
    )
    return (
        f'<Document xmlns="{NAMESPACE}camt.053.001.{version}"><BkToCstmrStmt><GrpHdr><MsgId>C-1</MsgId></GrpHdr>'
        f"<Stmt><Id>ST-1</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>"
        f"{balances}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    )


# Status reports


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        ("ACCP", "", "file-accepted"),
        ("ACTC", "", "file-accepted"),
        ("ACSP", "", "file-accepted"),
        ("PART", "", "file-accepted"),
        ("RJCT", "FF01", "file-rejected"),
        ("RJCT", "DUPL", "file-duplicate"),
    ],
)
def test_a_status_of_the_whole_file(status: str, reason: str, kind: str) -> None:
    (fact,) = _read(_status(_group(status, reason))).facts

    assert (fact.kind, fact.message_id, fact.reason) == (kind, "RUN-1", reason)


@pytest.mark.parametrize("status", ["RCVD", "PDNG", ""])
def test_a_status_that_decides_nothing_is_no_fact(status: str) -> None:
    read = _read(_status(_group(status) + _payment("PX", status)))

    assert read.facts == () and not read.fault


@pytest.mark.parametrize("version", ["001.03", "001.10", "001.12"])
def test_payments_are_read_from_any_version(version: str) -> None:
    read = _read(_status(_group("PART") + _payment("P1", "ACSC") + _payment("P2", "RJCT", "AC04", "gone"), version))

    assert read.format == f"pain.002.{version}"
    assert [(each.kind, each.payment_id, each.text) for each in read.facts[1:]] == [
        ("payment-accepted", "P1", ""),
        ("payment-rejected", "P2", "the account is closed: gone"),
    ]


def test_a_batch_that_is_rejected_without_a_group_status_rejects_the_file() -> None:
    batch = (
        "<OrgnlGrpInfAndSts><OrgnlMsgId>RUN-1</OrgnlMsgId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>"
        "<PmtInfSts>RJCT</PmtInfSts><StsRsnInf><Rsn><Cd>AC02</Cd></Rsn></StsRsnInf></OrgnlPmtInfAndSts>"
    )
    (fact,) = _read(_status(batch)).facts

    assert (fact.kind, fact.reason) == ("file-rejected", "AC02")


def test_an_account_number_in_the_bank_s_words_is_masked() -> None:
    words = "account US58MOCK0007777777 and 123456789 on 2026-11-20"
    (fact,) = _read(_status(_payment("P2", "RJCT", "AC04", words))).facts

    assert fact.text == "the account is closed: account …7777 and …6789 on 2026-11-20"


def test_a_message_in_an_envelope_is_found() -> None:
    inner = _status(_group("ACCP")).split("?>", 1)[1]

    assert [each.kind for each in _read(f"<Envelope><AppHdr/>{inner}</Envelope>").facts] == ["file-accepted"]


# Bookings and statements


def test_a_statement_of_an_account_that_we_know_reconciles_to_the_cent() -> None:
    read = _read(_statement(_entry("150.00", "DBIT", "P1"), _entry("50.00", "CRDT", None)))
    (balance,) = read.balances

    assert balance.reconciled and balance.on == ON
    assert balance.entries_total == -Money.model_validate({"amount": "100", "currency": "USD"})
    assert balance.account_fingerprint == ACCOUNT.fingerprint
    assert [each.fact_id for each in read.facts] == ["P1:2026-11-23:booked"]


@pytest.mark.parametrize("account", ["1000000001", "2000000001", "US09MOCK1000000001"])
def test_an_account_is_known_by_number_company_or_iban(account: str) -> None:
    (balance,) = _read(_statement(account=account)).balances

    assert balance.account_fingerprint == ACCOUNT.fingerprint


def test_an_account_that_nobody_knows_has_its_own_fingerprint() -> None:
    (balance,) = _read(_statement(account="5550001")).balances

    assert balance.account_fingerprint == PayeeAccount(account_number="5550001").fingerprint


@pytest.mark.parametrize("closing", ["900.01", "899.99", "-900.00"])
def test_a_statement_that_its_entries_do_not_explain_says_so(closing: str) -> None:
    (balance,) = _read(_statement(_entry("100.00", "DBIT", "P1"), closing=closing)).balances

    assert not balance.reconciled


def test_the_same_booking_in_two_messages_is_one_and_twice_in_one_message_is_two() -> None:
    statement = _statement(_entry("10.00", "DBIT", "P1"))
    notification = statement.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>")
    doubled = _statement(_entry("10.00", "DBIT", "P1"), _entry("10.00", "DBIT", "P1"))

    assert [each.fact_id for each in _read(notification).facts] == [each.fact_id for each in _read(statement).facts]
    assert [each.fact_id for each in _read(doubled).facts] == ["P1:2026-11-23:booked", "P1:2026-11-23:booked:2"]


@pytest.mark.parametrize("reference", [None, "NOTPROVIDED", " "])
def test_a_booking_without_a_reference_is_a_fact_of_no_payment(reference: str | None) -> None:
    (fact,) = _read(_statement(_entry("10.00", "DBIT", reference))).facts

    assert (fact.kind, fact.payment_id, fact.fact_id) == ("payment-booked", "", "C-1:B-1:payment-booked")


def test_what_is_only_pending_is_not_booked() -> None:
    read = _read(_statement(_entry("10.00", "DBIT", "P1", status="<Cd>PDNG</Cd>"), closing="1000.00"))

    assert read.facts == () and read.balances[0].reconciled


def test_an_old_version_writes_its_status_without_a_code() -> None:
    assert len(_read(_statement(_entry("10.00", "DBIT", "P1", status="BOOK"), version="02")).facts) == 1


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ("<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>", ["payment-returned"]),
        ("<BkTxCd><Domn><Fmly><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>", ["payment-returned"]),
        ("", []),
    ],
)
def test_a_credit_is_a_return_only_when_the_bank_says_so(more: str, kinds: list[str]) -> None:
    assert [each.kind for each in _read(_statement(_entry("10.00", "CRDT", "P1", more=more))).facts] == kinds


def test_one_page_of_several_is_no_balance() -> None:
    paged = _statement().replace("<Acct>", "<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn><Acct>")

    assert _read(paged).balances == ()


def test_an_intraday_report_is_noted_and_left() -> None:
    read = _read(_statement(_entry("10.00", "DBIT", "P1")).replace("BkToCstmrStmt", "BkToCstmrAcctRpt"))

    assert read.facts == () and not read.fault and "intraday" in read.note


# NACHA and BAI2


def _return_file(reason: str = "R03", addenda: str = "99") -> str:
    records = [
        "1012000000001 9999999922611240900B094101NORTH HOSPITAL         MOCK BANK                      ",
        "5220NORTH HOSPITAL                      2000000001CCDRETURN          261124   1999999990000001",
        "62199999999298765            0000007525PFFFFFFFFFFFFFFBETA INC                1999999990000001",
        f"7{addenda}{reason}999999990000003      02100002{'':44}999999990000001",
        f"822000000200999999990000000000000000000075252000000001{'':25}999999990000001",
        f"9000001000001000000020099999999000000000000000000007525{'':39}",
    ]
    return "\n".join([*(record.ljust(94) for record in records), *["9" * 94] * 4]) + "\n"


def test_a_return_file_names_payment_day_amount_and_reason() -> None:
    (fact,) = _read(_return_file()).facts

    assert (fact.kind, fact.payment_id, fact.on, fact.reason) == (
        "payment-returned",
        "PFFFFFFFFFFFFFF",
        date(2026, 11, 24),
        "R03",
    )
    assert fact.amount == Money.model_validate({"amount": "75.25", "currency": "USD"})
    assert fact.text == "there is no such account, or it cannot be found"


def test_a_notification_of_change_returns_nothing() -> None:
    read = _read(_return_file("C01", "98"))

    assert read.facts == () and read.note == "notification of change C01 for PFFFFFFFFFFFFFF"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0000007525PF", "0000007526PF"),  # an amount that its control does not know
        ("R03", "R0"),  # a record that is too short
        ("90000010000010000000200", "90000010000010000000300"),  # a count
        ("621999999992", "621999999982"),  # a hash
    ],
)
def test_a_return_file_that_does_not_agree_with_itself_is_not_read(old: str, new: str) -> None:
    assert old in _return_file()
    read = _read(_return_file().replace(old, new))

    assert read.fault and read.facts == ()


def test_a_payment_file_of_our_own_returns_nothing() -> None:
    read = _read(a_nacha_file("2000000001", [Transfer("P1", "1.00")]).content)

    assert read.facts == () and not read.fault


BAI2 = """01,122099999,123456789,261124,0900,1,,,2/
02,123456789,122099999,1,261123,0900,USD,/
03,1000000001,USD,010,+100000,,Z,015,+92525,,Z/
16,447,10000,Z,PABCDEFGHIJKLMN,RUN-1,Acme/
88,and Sons/
16,475,0,Z,,,check/
16,257,2525,Z,,PBCDEFGHIJKLMNO,came back/
49,+205050,6/
98,+205050,1,8/
99,+205050,1,10/
"""


def test_a_bai2_statement_is_read_with_its_balance() -> None:
    read = _read(BAI2)
    (balance,) = read.balances

    assert not read.fault
    assert [(each.kind, each.payment_id) for each in read.facts] == [
        ("payment-booked", "PABCDEFGHIJKLMN"),
        ("payment-booked", ""),
        ("payment-returned", "PBCDEFGHIJKLMNO"),
    ]
    assert balance.reconciled and balance.account_fingerprint == ACCOUNT.fingerprint
    assert balance.closing == Money.model_validate({"amount": "925.25", "currency": "USD"})


def test_a_bai2_statement_that_was_cut_or_altered_is_not_read() -> None:
    for damaged in (BAI2[:150], BAI2.replace("10000,Z", "20000,Z"), BAI2.replace("01,1220", "01,\x001220")):
        assert _read(damaged).fault


ACKNOWLEDGEMENT = """ACKNOWLEDGEMENT A-1
CREATED 2026-11-20T09:00:00+00:00
FILE 2000000001-2611200800A
STATUS PART
ENTRY 1 P1 100.00 ACCEPTED 2026-11-23
ENTRY 2 P2 5.00 REJECTED R02 account 77777777 is closed
"""


def test_a_plain_acknowledgement_is_read() -> None:
    facts = _read(ACKNOWLEDGEMENT).facts

    assert [(each.kind, each.payment_id) for each in facts] == [
        ("file-accepted", ""),
        ("payment-accepted", "P1"),
        ("payment-rejected", "P2"),
    ]
    assert facts[2].text == "the account is closed: account …7777 is closed"
    assert {each.message_id for each in facts} == {"2000000001-2611200800A"}


@pytest.mark.parametrize("line", ["STATUS WHAT", "ENTRY 1 P1", "ENTRY 1 P1 x ACCEPTED y", "ENTRY 1 P1 1.00 MAYBE y"])
def test_an_acknowledgement_in_another_shape_is_not_read(line: str) -> None:
    changed = ACKNOWLEDGEMENT.replace("STATUS PART", line) if line.startswith("STATUS") else ACKNOWLEDGEMENT + line

    assert _read(changed).fault


# Hostile and damaged

HOSTILE = {
    "external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>',
    "entity expansion": '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Document>&b;</Document>',
    "doctype behind a comment": f"<!--{'x' * 200}--><!DOCTYPE a><Document/>",
    "undefined entity": _status(_payment("&x;", "ACCP")),
    "truncated": _status(_group("ACCP"))[:-40],
    "deep": "<a>" * 5000 + "</a>" * 5000,
    "two roots": "<a/><b/>",
    "other XML": "<Invoice/>",
    "wrong encoding": _status(_group("ACCP")).replace("RUN-1", "RUN-\ufffd"),
    "null": "<a>\0</a>",
    "empty": "",
    "text": "Dear customer, your file was fine.",
    "pdf": "%PDF-1.7",
    "no amount": _statement(_entry("1e5x", "DBIT", "P1")),
    "negative amount": _statement(_entry("-5.00", "DBIT", "P1")),
    "amount beyond all": _statement(_entry("9" * 40, "DBIT", "P1")),
    "no side": _statement(_entry("5.00", "BOTH", "P1")),
    "no day": _statement(_entry("5.00", "DBIT", "P1")).replace(f"<BookgDt><Dt>{ON}", "<BookgDt><Dt>yesterday"),
    "two currencies": _statement(_entry("5.00", "DBIT", "P1").replace("USD", "EUR")),
    "return without an amount": f'<Document xmlns="{NAMESPACE}pacs.004.001.09"><PmtRtr><TxInf/></PmtRtr></Document>',
    "cut NACHA": "101",
    "cut BAI2": "01,",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_trusted_is_a_fault_and_nothing_else(content: str) -> None:
    read = _read(content)

    assert read.fault.startswith("message cannot be read: ") and len(read.fault) <= 300
    assert (read.facts, read.balances, read.key) == ((), (), "7")
    assert "root:" not in read.fault


def test_what_is_too_long_is_not_even_parsed() -> None:
    assert "longer than" in _read("<a>" + " " * MAX_CHARACTERS).fault


@pytest.mark.parametrize("booking", ["16,,0,Z", "16,475,,Z"])
def test_a_booking_without_code_or_amount_is_not_guessed(booking: str) -> None:
    content = BAI2.replace("16,475,0,Z", booking)

    assert content != BAI2
    assert "has no type code or no amount" in _read(content).fault


@given(st.one_of(st.text(), st.sampled_from([BAI2, _return_file(), ACKNOWLEDGEMENT, _statement()])), st.data())
def test_no_message_at_all_makes_the_reader_fail(content: str, data: st.DataObject) -> None:
    if content:
        at = data.draw(st.integers(0, len(content) - 1))
        content = content[:at] + data.draw(st.text(max_size=3)) + content[at + data.draw(st.integers(0, 3)) :]

    first, again = _read(content), _read(content)

    assert first == again
    assert not (first.fault and (first.facts or first.balances))
    assert ReadBankMessage.model_validate_json(first.model_dump_json()) == first
