"""The worker's mail: where it goes out, and what its links are signed with."""

from __future__ import annotations

from datetime import timedelta

import structlog

from adapters.key_files import KeyFilesError, key_files
from adapters.mail.links import MailLinks
from adapters.mail.settings import MailSettings
from cli.worker_settings import WorkerSettings


def mail_settings(settings: WorkerSettings) -> MailSettings:
    return MailSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=settings.smtp_password,
        sender=settings.mail_from,
        base_url=settings.public_url,
    )


def mail_links(settings: WorkerSettings) -> MailLinks | None:
    """Links in mails are a convenience: without good keys for them mails go out all the same."""
    keys = key_files(settings.keys_dir)
    try:
        if keys is not None:
            keys.links()
            return MailLinks(keys.links, settings.public_url, timedelta(hours=settings.link_hours))
        structlog.get_logger("worker").warning("links_off", reason="no folder of keys is configured")
    except KeyFilesError as error:
        structlog.get_logger("worker").error("links_off", reason=str(error))
    return None
