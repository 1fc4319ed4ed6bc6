"""The stack's progress on a terminal, and plain lines where there is none."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.stack.addresses import StackAddresses
from cli.stack.postgres import NAME as POSTGRES


class ConsoleProgress:
    """Prints one line for each thing that became ready, stopped or went wrong."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def starting(self, name: str) -> None:
        self._console.print(f"[dim]  ..  {escape(name)}[/dim]", highlight=False)

    def ready(self, name: str, seconds: float) -> None:
        self._console.print(
            f"[green]  ok[/green]  {escape(name)} [dim]{seconds:.1f} s[/dim]", highlight=False
        )

    def restarting(self, name: str, reason: str) -> None:
        self._console.print(
            f"[yellow]  !!  {escape(reason)} Starting {escape(name)} again.[/yellow]", highlight=False
        )

    def warned(self, message: str) -> None:
        self._console.print(f"[yellow]  !!  {escape(message)}[/yellow]", highlight=False)

    def stopping(self, name: str) -> None:
        self._console.print(f"[dim]  --  stopping {escape(name)}[/dim]", highlight=False)


def address_table(addresses: StackAddresses, running: set[str]) -> Table:
    """Where to look, for the parts that run."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    rows = {
        "gateway": ("API documentation", f"{addresses.gateway_url}/docs"),
        "temporal": (
            "Temporal Web UI",
            f"{addresses.temporal_ui_url}/namespaces/{addresses.temporal_namespace}",
        ),
        "mail": ("Mail that was sent", f"{addresses.mail_folder}/*.eml"),
        "oidc": ("Tokens of the personas", f"corridor token PERSONA   (issuer {addresses.oidc_issuer})"),
        POSTGRES: ("Database", addresses.dsn("corridor")),
    }
    for part, (label, where) in rows.items():
        if part in running:
            table.add_row(f"[bold]{label}[/bold]", escape(where))
    return table
