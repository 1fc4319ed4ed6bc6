"""Accounts and groups of any SCIM 2.0 provider."""
