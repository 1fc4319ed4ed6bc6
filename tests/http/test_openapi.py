"""The committed OpenAPI is what the gateway serves, valid, and tells every route's problems."""

from __future__ import annotations

from openapi_spec_validator import validate

from api.app import create_app
from api.openapi import PATH, text
from api.routes.decision_links import PATH as LINK_PATH


def test_the_committed_document_is_current() -> None:
    assert PATH.read_text() == text(), "run: python -m api.openapi"


def test_the_document_is_valid() -> None:
    validate(create_app().openapi())


def test_every_route_documents_its_problems() -> None:
    document = create_app().openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not path.startswith("/v1/") or path == LINK_PATH:  # which answers people, with pages
                continue
            for status in ("401", "500", "503"):
                content = operation["responses"][status]["content"]
                assert list(content) == ["application/problem+json"], f"{method} {path} {status}"
            if "requestBody" in operation:
                assert {"400", "413", "415", "422"} <= set(operation["responses"]), f"{method} {path}"
