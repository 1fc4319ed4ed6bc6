"""The stack's progress on a terminal, and plain lines where there is none."""

from rich.console import Console
from rich.markup import escape

from cli.stack.addresses import StackAddresses
from cli.stack.postgres import NAME as POSTGRES


class ConsoleProgress:
    """Prints one line for each thing that became ready, stopped or went wrong."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def starting(self, name: str) -> None:
        self._console.print(f"[dim]  ..  {escape(name)}[/dim]", highlight=False)

    def ready(self, name: str, seconds: float) -> None:
        self._console.print(f"[green]  ok[/green]  {escape(name)} [dim]{seconds:.1f} s[/dim]", highlight=False)

    def restarting(self, name: str, reason: str) -> None:
        self._console.print(f"[yellow]  !!  {escape(reason)} Starting {escape(name)} again.[/yellow]", highlight=False)

    def warned(self, message: str) -> None:
        self._console.print(f"[yellow]  !!  {escape(message)}[/yellow]", highlight=False)

    def told(self, message: str) -> None:
        self._console.print(f"[dim]  ..  {escape(message)}[/dim]", highlight=False)

    def stopping(self, name: str) -> None:
        self._console.print(f"[dim]  --  stopping {escape(name)}[/dim]", highlight=False)


def print_addresses(console: Console, addresses: StackAddresses, running: set[str]) -> None:
    """Where to look, for the parts that run; unbroken, so that an address can be clicked or copied."""
    rows = {
        "gateway": ("API documentation", f"{addresses.gateway_url}/docs"),
        "gateway (codec)": ("Reading payloads", f"{addresses.gateway_url}/codec/session"),
        "gateway (files)": ("HR files go into", str(addresses.data_folder / "hires")),
        "temporal": ("Temporal Web UI", f"{addresses.temporal_ui_url}/namespaces/{addresses.temporal_namespace}"),
        "mail": ("Mail that was sent", f"{addresses.mail_folder}/*.eml"),
        "bank": ("The bank", f"{addresses.bank_url}/"),
        "identity": ("Users and groups", f"{addresses.identity_url}/v2"),
        "tryton": ("Tryton (the ERP)", f"{addresses.tryton_url}/"),
        "oidc": ("Token of a persona", "corridor token PERSONA"),
        POSTGRES: ("Database", addresses.dsn("corridor")),
    }
    for part, (label, where) in rows.items():
        if part.partition(" ")[0] in running:
            line = f"  [bold]{label:<20}[/bold]{escape(where)}"
            console.print(line, soft_wrap=True, highlight=False)
