"""Who acts, and who works where."""

from typing import Annotated, Literal

from pydantic import Field

from domain.model import Value

PersonId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")]

Role = Literal[
    "requester",
    "cost-centre-owner",
    "department-director",
    "finance-controller",
    "chief-financial-officer",
    "budget-override-approver",
    "category-manager",
    "it-security",
    "pharmacy-director",
    "buyer",
    "receiving-clerk",
    "store-keeper",
    "supplier-desk",
    "accounts-payable",
    "treasury",
    "human-resources",
    "identity-desk",
    "credentialing",
    "service-desk",
    "facilities-desk",
    "education-desk",
    "compliance-officer",
    "integration-support",
    "process-owner",
    "auditor",
    "portal",
]


class Actor(Value):
    """Somebody who acts, as a verified token describes them: never as a request body claims."""

    person: PersonId
    name: str = ""
    roles: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    issuer: str = ""

    def has_role(self, role: str) -> bool:
        return role in self.roles

    def serves(self, facility: str) -> bool:
        """Whether the token covers the facility; '*' covers all of them."""
        return facility in self.facilities or "*" in self.facilities


class Person(Value):
    """A worker as the people directory knows them. `cost_centres` are those that they may charge; `job_level` grows
    with authority (None: not known)."""

    person: PersonId
    name: str
    email: str
    facility: str
    title: str = ""
    department: str = ""
    manager: PersonId | None = None
    roles: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    cost_centres: tuple[str, ...] = ()
    active: bool = True
    job_level: int | None = None
