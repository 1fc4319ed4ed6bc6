"""The embedded stack: everything Corridor needs on one machine, as child processes of one command."""

from cli.stack.addresses import StackAddresses, find_running_stack
from cli.stack.errors import DeadChildError, StackError
from cli.stack.oidc import FACILITIES_CLAIM, NAME_CLAIM, ROLES_CLAIM, Persona, fetch_token, known_personas
from cli.stack.services import Service, answers_http, polls_task_queue
from cli.stack.settings import StackSettings, load_settings
from cli.stack.supervisor import PARTS, EmbeddedStack, Step

__all__ = [
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
    "fetch_token",
    "find_running_stack",
    "known_personas",
    "load_settings",
    "polls_task_queue",
]
