"""What can go another way than planned between a hire and a person who works here."""

from __future__ import annotations

from domain.exception_type import ExceptionType, row

HIRE_EXCEPTIONS: tuple[ExceptionType, ...] = (
    row(
        "identity-conflict",
        "Perhaps somebody who is known already",
        "identity-desk",
        ("link", "revive", "create", "cancel"),
        8,
    ),
    row("rehire-candidate", "Looks like a former worker", "identity-desk", ("revive", "create", "cancel"), 8),
    row("hire-in-progress", "The same person is being hired already", "human-resources", ("create", "cancel"), 8),
    row("username-taken", "The user name is another person's", "identity-desk", ("correct", "retry"), 4),
    row("account-conflict", "The account may be another person's", "identity-desk", ("retry", "skip"), 4),
    row("login-not-possible", "Enabled, but nobody can log in", "identity-desk", ("retry", "skip"), 2),
    row("login-still-possible", "Disabled, but a login is possible", "identity-desk", ("retry",), 2),
    row("position-unavailable", "The position is unknown, taken or closed", "human-resources", ("retry", "cancel"), 8),
    row("department-unknown", "The HRIS has no such department", "human-resources", ("retry", "cancel"), 8),
    row("manager-missing", "The manager does not work here any more", "human-resources", ("retry", "cancel"), 8),
    row(
        "start-date-implausible",
        "The start is past, far ahead or no working day",
        "human-resources",
        ("accept", "retry", "cancel"),
        8,
    ),
    row(
        "entitlement-unknown",
        "Access is asked for that may not be requested",
        "it-security",
        ("remove", "cancel"),
        8,
    ),
    row("entitlement-conflict", "Two accesses that nobody may hold together", "it-security", ("mitigate", "remove"), 8),
    row("licence-unverified", "The licence could not be verified", "credentialing", ("verify", "retry", "stop"), 8),
    row("licence-expiring", "The licence ends soon", "credentialing", ("accept", "retry", "stop"), 8),
    row("licence-barred", "The licence is suspended, revoked or ended", "credentialing", ("retry", "stop"), 8),
    row("npi-invalid", "The NPI is missing or wrong", "credentialing", ("verify", "stop"), 8),
    row("certificate-missing", "A required certificate is missing or ends", "credentialing", ("verify", "stop"), 8),
    row("exclusion-candidate", "A name on an exclusion list", "compliance-officer", ("clear", "stop"), 8),
    row(
        "exclusion-list-faulty",
        "An exclusion list is missing, old or unreadable",
        "integration-support",
        ("accept",),
        8,
    ),
    row("access-not-ended", "Access is open beyond its last day", "integration-support", ("accept",), 4),
    row("access-differs", "Access is not what was granted", "it-security", ("accept", "retry"), 16),
    row("equipment-refused", "Equipment was not bought", "service-desk", ("accept", "complete"), 8),
    row("undo-by-hand", "Cannot be taken back by itself", "service-desk", ("complete",), 8),
    row("hire-file-refused", "An HR file, or rows of it, cannot be taken", "human-resources", ("accept",), 4),
)
