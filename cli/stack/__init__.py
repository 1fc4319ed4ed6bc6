"""The embedded stack: everything Corridor needs on one machine, as child processes of one command."""

from cli.stack.addresses import StackAddresses, find_running_stack
from cli.stack.errors import DeadChildError, StackError
from cli.stack.identity_provider import ensure_groups, login_url, scim_token, scim_url
from cli.stack.oidc import (
    CLIENT_ID,
    FACILITIES_CLAIM,
    NAME_CLAIM,
    ROLES_CLAIM,
    Persona,
    client_secret,
    fetch_token,
    known_personas,
    password_of,
)
from cli.stack.services import Service, answers_http, polls_task_queue
from cli.stack.settings import StackSettings, load_settings
from cli.stack.supervisor import PARTS, EmbeddedStack, Step

__all__ = [
    "CLIENT_ID",
    "FACILITIES_CLAIM",
    "NAME_CLAIM",
    "PARTS",
    "ROLES_CLAIM",
    "DeadChildError",
    "EmbeddedStack",
    "Persona",
    "Service",
    "StackAddresses",
    "StackError",
    "StackSettings",
    "Step",
    "answers_http",
    "client_secret",
    "ensure_groups",
    "fetch_token",
    "find_running_stack",
    "known_personas",
    "load_settings",
    "login_url",
    "password_of",
    "polls_task_queue",
    "scim_token",
    "scim_url",
]
