"""Notices to subscribed systems, signed as Standard Webhooks describes."""
