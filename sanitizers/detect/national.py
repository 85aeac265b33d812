# ruff: noqa: E501, SIM905  patterns and word lists read better whole
"""Identifiers of many countries that mean something only beside a word for them: passports, licences, tax and bank numbers.

Most are Presidio's recognisers, which its engine runs everywhere at scores too low to use. Here one is asked only about
the text around its words. As with Presidio's context, the word adds 0.35 to the pattern's score, but makes it 0.6 at
least; a right check digit makes it 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sanitizers.detect.library import load
from sanitizers.detect.literals import Literals
from sanitizers.detect.recogniser import BEFORE, BEHIND, Budget, near, words
from sanitizers.detect.span import Span

_LEAST, _ADDED = 0.6, 0.35
_FEWEST_DIGITS = {"UK_VEHICLE_REGISTRATION": 1, "IN_PAN": 4, "US_MBI": 4, "DE_ID_CARD": 3, "DE_PASSPORT": 3}
_LONGEST = 2048  # characters asked about at once

# Class, what its words contain in lower case (one of these), its words.
_TABLE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("UsPassport", ("passport",), ("passport", "passport no", "passport number")),
    ("UkPassport", ("passport",), ("passport",)),
    ("InPassport", ("indian passport",), ("indian passport",)),
    ("DePassport", ("reisepass",), ("reisepass(?:nummer)?",)),
    ("EsPassport", ("pasaporte",), ("pasaporte",)),
    ("ItPassport", ("passaporto",), ("passaporto",)),
    ("UsLicense", ("licen", "dl"), ("driver'?s?'? licen[cs]e", "driving licen[cs]e", "dl(?: no| number|#)", "license number")),
    ("UkDrivingLicence", ("licen", "dvla"), ("driver'?s?'? licen[cs]e", "driving licen[cs]e", "dvla", "licen[cs]e (?:no|number)")),
    ("ItDriverLicense", ("patente",), ("patente",)),
    ("DeFuehrerschein", ("führerschein", "fahrerlaubnis"), ("führerschein", "fahrerlaubnis")),
    ("UsBank", ("account", "acct"), ("account (?:no|number|num)", "bank account", "acct", "checking account", "savings account", "account#", "account:")),
    ("AbaRouting", ("aba", "routing"), ("aba", "routing", "rtn", "transit number")),
    ("UsMbi", ("medicare", "mbi"), ("medicare", "mbi")),
    ("UsNpi", ("npi", "provider"), ("npi", "provider id", "national provider")),
    ("MedicalLicense", ("dea", "medical"), ("dea", "medical licen[cs]e")),
    ("UkVehicleRegistration", ("plate", "registration", "vrn"), ("number plate", "licen[cs]e plate", "vehicle registration", "vrn", "registration number")),
    ("AuAbn", ("abn", "business number"), ("abn", "australian business number")),
    ("AuAcn", ("acn", "company number"), ("acn", "australian company number")),
    ("AuTfn", ("tfn", "tax file"), ("tfn", "tax file number")),
    ("AuMedicare", ("medicare",), ("medicare",)),
    ("InPan", ("pan", "permanent account"), ("pan", "permanent account number")),
    ("InAadhaar", ("aadhaar", "aadhar", "uidai"), ("aadhaar", "aadhar", "uidai")),
    ("InVoter", ("voter", "epic"), ("voter", "epic")),
    ("InGstin", ("gst",), ("gstin", "gst")),
    ("ItVatCode", ("iva",), ("piva", "p\\.? ?iva", "partita iva")),
    ("ItIdentityCard", ("carta d", "identità"), ("carta d['’]identità", "identità")),
    ("PlPesel", ("pesel",), ("pesel",)),
    ("DeTaxId", ("steuer", "idnr"), ("steuer-?id(?:entifikationsnummer|nr)?", "steueridentifikationsnummer", "steuernummer", "idnr")),
    ("DeIdCard", ("ausweis",), ("personalausweis(?:nummer)?", "ausweis(?:nummer)?")),
    ("DeSocialSecurity", ("versicherung", "svnr", "rvnr"), ("rentenversicherungsnummer", "sozialversicherungsnummer", "versicherungsnummer", "svnr", "rvnr")),
    ("DeHealthInsurance", ("kranken", "kvnr", "versicherten"), ("krankenversicherungsnummer", "versichertennummer", "krankenversichertennummer", "kvnr", "krankenkasse")),
    ("DeVatId", ("ust", "ustid", "vat", "umsatzsteuer"), ("ust-?id(?:nr)?", "ust", "vat(?:[- ]id)?", "umsatzsteuer-?id(?:entifikationsnummer)?")),
    ("SePersonnummer", ("personnummer", "samordningsnummer"), ("personnummer", "samordningsnummer")),
    ("TrNationalId", ("kimlik", "tckn"), ("kimlik", "tckn")),
    ("ThTnin", ("thai", "tnin", "ประชาชน"), ("thai national id", "thai id", "tnin", "เลขประจำตัวประชาชน", "เลขบัตรประชาชน")),
    ("ZaIdNumber", ("south africa", "rsa id"), ("south african? id", "rsa id", "south african? identity")),
    ("NgNin", ("nin", "nigeria"), ("nin", "nigerian?")),
    ("PhTin", ("philippine", "bir", "tin"), ("philippine", "bir", "tin")),
)  # fmt: skip


_INSIDE = frozenset(("aba", "bir", "dea", "iva", "nin", "npi", "pan", "tin", "ust"))


@dataclass(frozen=True, slots=True)
class _Entry:
    """`short`: hints that are inside many a word (tin in meeting), so that only the end of a word will do."""

    type: str
    name: str
    hints: tuple[str, ...]
    short: re.Pattern[str] | None
    context: re.Pattern[str]

    def hinted(self, lower: str, present: set[str]) -> bool:
        return not present.isdisjoint(self.hints) or (self.short is not None and self.short.search(lower) is not None)


class National:
    """Finds what Presidio's country recognisers find beside their words. Each is loaded when its words first occur."""

    def __init__(self, types: frozenset[str] | None = None) -> None:
        entries = (_entry(*row) for row in _TABLE)
        self._entries = [entry for entry in entries if types is None or entry.type in types]
        self._hints = Literals(hint for entry in self._entries for hint in entry.hints)
        self._recognisers: dict[str, Any] = {}

    @property
    def types(self) -> frozenset[str]:
        return frozenset(entry.type for entry in self._entries)

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        lower = text.lower()
        present = self._hints.within(lower)
        for entry in self._entries:
            if entry.hinted(lower, present):
                yield from self._find(entry, text, budget)

    def _find(self, entry: _Entry, text: str, budget: Budget) -> Iterator[Span]:
        for start, end in _around(entry.context, text):
            budget.spend()
            for result in self._recogniser(entry.name).analyze(text[start:end], [entry.type]):
                first, last = start + result.start, start + result.end
                digits = sum(map(str.isdecimal, text[first:last]))
                if digits < _FEWEST_DIGITS.get(entry.type, 5) or not near(entry.context, text, first, last):
                    continue
                certain = result.score >= 1.0
                score = 1.0 if certain else max(_LEAST, result.score + _ADDED)
                why = f"{result.analysis_explanation.textual_explanation}, beside a word for it"
                yield Span(first, last, entry.type, score, certain, why)

    def _recogniser(self, name: str) -> Any:
        known = self._recognisers.get(name)
        if known is None:
            known = self._recognisers[name] = load(name)()
        return known


# What the classes return, so that a text without their words loads none of them (a test holds it against Presidio).
TYPES = dict(
    row.split()
    for row in """UsPassport US_PASSPORT; UkPassport UK_PASSPORT; InPassport IN_PASSPORT; DePassport DE_PASSPORT; EsPassport ES_PASSPORT; ItPassport IT_PASSPORT;
    UsLicense US_DRIVER_LICENSE; UkDrivingLicence UK_DRIVING_LICENCE; ItDriverLicense IT_DRIVER_LICENSE; DeFuehrerschein DE_FUEHRERSCHEIN; UsBank US_BANK_NUMBER;
    AbaRouting ABA_ROUTING_NUMBER; UsMbi US_MBI; UsNpi US_NPI; MedicalLicense MEDICAL_LICENSE; UkVehicleRegistration UK_VEHICLE_REGISTRATION; AuAbn AU_ABN; AuAcn AU_ACN;
    AuTfn AU_TFN; AuMedicare AU_MEDICARE; InPan IN_PAN; InAadhaar IN_AADHAAR; InVoter IN_VOTER; InGstin IN_GSTIN; ItVatCode IT_VAT_CODE; ItIdentityCard IT_IDENTITY_CARD;
    PlPesel PL_PESEL; DeTaxId DE_TAX_ID; DeIdCard DE_ID_CARD; DeSocialSecurity DE_SOCIAL_SECURITY; DeHealthInsurance DE_HEALTH_INSURANCE; DeVatId DE_VAT_ID;
    SePersonnummer SE_PERSONNUMMER; TrNationalId TR_NATIONAL_ID; ThTnin TH_TNIN; ZaIdNumber ZA_ID_NUMBER; NgNin NG_NIN; PhTin PH_TIN""".split(
        ";"
    )
)


def _entry(name: str, hints: tuple[str, ...], context: tuple[str, ...]) -> _Entry:
    short = [re.escape(hint) for hint in hints if hint in _INSIDE]
    return _Entry(
        TYPES[name],
        f"{name}Recognizer",
        tuple(hint for hint in hints if hint not in _INSIDE),
        re.compile(rf"(?:{'|'.join(short)})s?(?![a-z])") if short else None,
        words(*context),
    )


def _around(context: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """The stretches of text near a context word; those that touch become one, up to `_LONGEST` characters."""
    first = last = -1
    for match in context.finditer(text):
        start, end = max(0, match.start() - BEHIND - 24), match.end() + BEFORE + 24
        if first < 0:
            first, last = start, end
        elif start > last or end - first > _LONGEST:
            yield first, last
            first, last = start, end
        else:
            last = end
    if first >= 0:
        yield first, min(last, len(text))
