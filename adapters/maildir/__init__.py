"""Invoices that come by mail, into a Maildir. README.md says what is taken of a mail, and what is not."""

from adapters.maildir.adapter import MaildirMailbox

__all__ = ["MaildirMailbox"]
