"""What a primary-source service says of a licence, in its own shape."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Short = Annotated[str, Field(max_length=200)]


class LookupRequest(BaseModel):
    """The name is sent so that the service can tell apart numbers that two boards have given."""

    jurisdiction: str
    licenseType: str  # noqa: N815 - the service's own name
    licenseNumber: str  # noqa: N815 - the service's own name
    lastName: str  # noqa: N815 - the service's own name
    firstName: str  # noqa: N815 - the service's own name


class FoundLicence(BaseModel):
    model_config = ConfigDict(extra="ignore")

    jurisdiction: Short
    licenseType: Short  # noqa: N815 - the service's own name
    licenseNumber: Short  # noqa: N815 - the service's own name
    lastName: Short = ""  # noqa: N815 - the service's own name
    firstName: Short = ""  # noqa: N815 - the service's own name
    licenseStatus: Short  # noqa: N815 - the service's own name
    expirationDate: date | None = None  # noqa: N815 - the service's own name


class LookupAnswer(BaseModel):
    """`covered` is false where the service can ask no board."""

    model_config = ConfigDict(extra="ignore")

    covered: bool
    licenses: Annotated[list[FoundLicence], Field(max_length=50)] = []
