"""The `corridor` command: it assembles the commands, each of which lives in its own file."""

import typer

from cli.commands import audit, delegations, hires, invoices, keys, payments, policy, release, tasks
from cli.commands.cases import act, case, cases, submit
from cli.commands.catalogue import catalogue
from cli.commands.demo import demo
from cli.commands.events import events
from cli.commands.health import health
from cli.commands.policy_diff import diff
from cli.commands.policy_simulate import simulate
from cli.commands.replay import replay
from cli.commands.setup import setup
from cli.commands.tasks import decide
from cli.commands.token import token
from cli.commands.up import up

app = typer.Typer(
    name="corridor",
    help="Run a hospital's back office: requests, approvals, effects and their proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(demo)
app.command()(setup)
app.command()(health)
for command in (submit, cases, case, act, decide, events, token, catalogue, replay):
    app.command()(command)
app.add_typer(audit.app, name="audit")
policy.app.command()(diff)
policy.app.command()(simulate)
app.add_typer(policy.app, name="policy")
app.add_typer(keys.app, name="keys")
app.add_typer(tasks.app, name="tasks")
app.add_typer(delegations.app, name="delegations")
app.add_typer(invoices.app, name="invoices")
app.add_typer(hires.app, name="hires")
app.add_typer(payments.app, name="payments")
app.add_typer(release.app, name="release")


@app.callback()
def corridor() -> None:
    """Run a hospital's back office: requests, approvals, effects and their proof."""


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
