"""No key and no token of anything real is in a tracked file: those that have a form of their own are looked for.

Scanners that guess by entropy name every hash of a lock file and every recorded history, and take half a minute.
"""

from __future__ import annotations

import re

import pytest

from tests.architecture.test_project_files import ROOT, text_of, tracked_files

# Written in pieces, so that this file does not contain what it looks for.
FORMS = {
    "private key": r"-----BEGIN (?:[A-Z]{2,10} )?" + r"PRIVATE KEY-----\s*[A-Za-z0-9+/]{20}",
    "AWS": r"\b(?:AKIA|ASIA)" + r"[0-9A-Z]{16}\b",
    "GitHub": r"\b(?:gh[pousr]" + r"_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})",
    "GitLab": r"\bglpat-" + r"[A-Za-z0-9_-]{20,}",
    "Slack": r"\bxox[abprs]-" + r"[A-Za-z0-9-]{20,}|hooks\.slack\.com/services/T[A-Z0-9]+/",
    "Stripe": r"\b[rs]k_live_" + r"[A-Za-z0-9]{20,}",
    "Google": r"\bAIza" + r"[A-Za-z0-9_-]{35}\b",
    "package index": r"\bpypi-" + r"AgE[A-Za-z0-9_-]{40,}|\bnpm_[A-Za-z0-9]{36}\b",
    "SendGrid": r"\bSG\." + r"[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    "signed token": r"\beyJ[A-Za-z0-9_-]{15,}" + r"\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}",
}
SECRET = re.compile("|".join(f"(?:{form})" for form in FORMS.values()))


def test_no_secret_is_in_a_tracked_file() -> None:
    hits = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}"
        for path in tracked_files()
        for text in [text_of(path)]
        for found in SECRET.finditer(text)
    ]
    assert hits == []


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq2f0Jq\n",
        "AKIA" + "Z7QXK2LM9PWE4RTB",
        "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
        "glpat-" + "aB3dE5fG7hJ9kL1mN3pQ",
        "xoxb-" + "1234567890-abcdefghijkl",
        "sk_live_" + "aB3dE5fG7hJ9kL1mN3pQ",
        "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
        "npm_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
        "SG." + "aB3dE5fG7hJ9kL1mN3pQ5r.aB3dE5fG7hJ9kL1mN3pQ5r",
        "eyJhbGciOiJSUzI1NiJ9eyJ." + "eyJzdWIiOiJuaW5hIiwiYXV.aB3dE5fG7hJ9kL1mN3pQ5r",
    ],
)
def test_one_that_were_there_would_be_found(planted: str) -> None:
    assert SECRET.search(f'KEY = "{planted}"')
