"""The directory as the worker's environment names it; docs/deployment.md explains each variable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.identity.ldap.settings import LdapSettings, read_shape


class LdapVariables(BaseSettings):
    """CORRIDOR_LDAP_URL and so on. Unset, there is no directory."""

    model_config = SettingsConfigDict(env_prefix="CORRIDOR_", extra="ignore", hide_input_in_errors=True)

    ldap_url: str = ""
    ldap_bind_dn: str = ""
    ldap_password: SecretStr = SecretStr("")
    ldap_users: str = ""
    ldap_groups: str = ""
    ldap_plain: bool = False
    ldap_ca_file: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = None
    ldap_shape: str = "openldap"


def settings_from_environment() -> LdapSettings | None:
    """None when no directory is named. Raises ValueError for half of a configuration, OSError for a shape that is not
    there."""
    given = LdapVariables()
    if not given.ldap_url:
        return None
    return LdapSettings(
        url=given.ldap_url,
        bind_dn=given.ldap_bind_dn,
        password=given.ldap_password,
        users=given.ldap_users,
        groups=given.ldap_groups,
        plain=given.ldap_plain,
        ca_file=given.ldap_ca_file,
        shape=read_shape(given.ldap_shape),
    )
