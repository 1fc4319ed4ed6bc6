"""Accounts and groups in a directory that speaks LDAP."""
