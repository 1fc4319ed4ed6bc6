"""Which supplier of the master an invoice names: by tax number, location number or bank account, never by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from domain.capture import InvoiceCopy
from domain.invoice import Invoice, Party
from domain.model import Value
from domain.payables import PayableSupplier, SupplierQuery
from domain.similar_names import telling_words

MAX_CANDIDATES = 5
NAME_RESEMBLES_PERCENT = 80
_GLN_SCHEME = "0088:"  # ISO 6523 code of GS1 location numbers, as Peppol writes addresses


class Identified(Value):
    """`supplier` is empty unless exactly one is named. `named` are the suppliers that each identifier names, by 'tax
    number', 'location number' and 'bank account'; `contradiction` says in words why they name nobody together.
    """

    supplier: str = ""
    named: dict[str, tuple[str, ...]] = {}
    contradiction: str = ""


def supplier_query(invoice: Invoice, chosen: str = "") -> SupplierQuery:
    """All suppliers that the controls have to know of: those named, those that own an account, and similar names."""
    seller = invoice.seller
    bare = tax_key(seller.tax_id, seller.country)
    prefixed = seller.country.strip().upper() + bare if bare else ""
    forms = (seller.tax_id, _plain(seller.tax_id), bare, prefixed)
    return SupplierQuery(
        codes=(chosen,) if chosen else (),
        tax_ids=tuple(dict.fromkeys(form for form in forms if form)),
        glns=_glns(seller),
        account_fingerprints=tuple(dict.fromkeys(each.fingerprint for each in invoice.accounts if each.fingerprint)),
        name=seller.name,
    )


def identify(invoice: Invoice, suppliers: Sequence[PayableSupplier]) -> Identified:
    """Tax and location number decide; a bank account decides alone only where neither names anybody and the name fits.

    Several suppliers with one tax number are told apart by the other identifiers. An account of another supplier than
    the numbers name does not contradict them here: the control of bank accounts has to find it.
    """
    seller = invoice.seller
    by_tax = _codes(each for each in suppliers if _same_tax_id(seller, each))
    by_gln = _codes(each for each in suppliers if each.gln and each.gln.strip() in _glns(seller))
    by_account = _codes(each for each in suppliers if _owns_any(each, invoice))
    found = {"tax number": by_tax, "location number": by_gln, "bank account": by_account}
    named = {kind: codes for kind, codes in found.items() if codes}
    left = _common([by_tax, by_gln])
    if (by_tax or by_gln) and not left:
        return Identified(named=named, contradiction="Its tax number and its location number name different suppliers.")
    if not left or len(left) > 1:
        left = tuple(code for code in left if code in by_account) if left else by_account
    if len(left) != 1:
        return Identified(named=named)
    supplier = next(each for each in suppliers if each.code == left[0])
    if not by_tax and _plain(seller.tax_id) and _plain(supplier.tax_id):
        return Identified(named=named, contradiction=f"Its tax number is not that of {supplier.code}.")
    if not (by_tax or by_gln) and seller.name and not resembles(seller.name, supplier.name):
        return Identified(named=named, contradiction=f"Its account is {supplier.code}'s, and its name is another.")
    return Identified(supplier=supplier.code, named=named)


def candidates(name: str, suppliers: Sequence[PayableSupplier]) -> tuple[tuple[PayableSupplier, int], ...]:
    """Suppliers whose names resemble `name`, the most similar first, with the similarity in percent."""
    wanted = _core(name)
    if not wanted:
        return ()
    rated = ((each, _similarity(wanted, _core(each.name))) for each in suppliers)
    close = [(each, percent) for each, percent in rated if percent >= NAME_RESEMBLES_PERCENT]
    return tuple(sorted(close, key=lambda pair: (-pair[1], pair[0].code))[:MAX_CANDIDATES])


def resembles(name: str, other: str) -> bool:
    """Whether two names could be one firm's, whatever their legal form. Never a proof that they are."""
    return _similarity(_core(name), _core(other)) >= NAME_RESEMBLES_PERCENT


def resolve_supplier(
    copy: InvoiceCopy, suppliers: Sequence[PayableSupplier]
) -> tuple[PayableSupplier | None, tuple[PayableSupplier, ...]]:
    """The one supplier that a tax id, GLN or account names, and candidates by name, the most similar first."""
    code = identify(copy.invoice, suppliers).supplier
    found = next((each for each in suppliers if each.code == code), None)
    return found, tuple(each for each, _ in candidates(copy.invoice.seller.name, suppliers))


def tax_key(tax_id: str, country: str) -> str:
    """A tax number as it is compared: letters and digits, without the country's own prefix ('EL' is Greece's)."""
    plain, code = _plain(tax_id), country.strip().upper()
    for prefix in (code, "EL" if code == "GR" else ""):
        if prefix and plain.startswith(prefix) and len(plain) > len(prefix):
            return plain[len(prefix) :]
    return plain


def _same_tax_id(seller: Party, supplier: PayableSupplier) -> bool:
    """A number without its country's prefix belongs to the country of the party that names it."""
    given, known = _plain(seller.tax_id), _plain(supplier.tax_id)
    if not given or not known:
        return False
    if given == known:
        return not given.isdigit() or seller.country.strip().upper() in ("", supplier.country.strip().upper())
    prefixed = given != tax_key(given, supplier.country)
    at_home = prefixed or seller.country.strip().upper() in ("", supplier.country.strip().upper())
    return at_home and tax_key(given, supplier.country) == tax_key(known, supplier.country)


def _similarity(core: str, other: str) -> int:
    return int(fuzz.token_set_ratio(core, other)) if core and other else 0


def _glns(seller: Party) -> tuple[str, ...]:
    address = seller.electronic_address.strip()
    also = address.removeprefix(_GLN_SCHEME) if address.startswith(_GLN_SCHEME) else ""
    return tuple(dict.fromkeys(each for each in (seller.gln.strip(), also) if each))


def _owns_any(supplier: PayableSupplier, invoice: Invoice) -> bool:
    named = {account.identity for account in invoice.accounts if account.identity}
    return any(each.account.identity in named for each in supplier.accounts)


def _common(groups: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    filled = [group for group in groups if group]
    return tuple(code for code in filled[0] if all(code in group for group in filled)) if filled else ()


def _codes(suppliers: Iterable[PayableSupplier]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.code for each in suppliers))


def _plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _core(name: str) -> str:
    """The telling words of a name; the whole of it where it has none."""
    return " ".join(sorted(telling_words(name))) or name.strip().casefold()
