"""Policies as files: the PolicyStore of one directory, read once or followed."""

from adapters.policy_files.store import FilePolicyStore, load_book
from adapters.policy_files.watched import PolicyRefusal, WatchedPolicyStore

__all__ = ["FilePolicyStore", "PolicyRefusal", "WatchedPolicyStore", "load_book"]
