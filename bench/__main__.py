"""`python -m bench`: what Corridor costs, how it grows, and whether it stays as it is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, get_args

import typer
from rich.console import Console

from adapters.telemetry.logs import configure_logs
from bench import capacity, footprint, large_invoice, lists, soaking
from bench.measuring import Effort, Process, measure
from bench.report import as_data, table, table_of_steps, tables
from bench.servers import Store
from cli.settle import exit_settled

LONG_INVOICE_ORDERS = (50, 200)
QUICK = Effort(seconds=1, rounds=1, decisions=8)
SIZES = [1_000, 100_000, 1_000_000]

bench = typer.Typer(no_args_is_help=False, add_completion=False)


@bench.callback(invoke_without_command=True)
def whole(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=0.5, help="For each measurement; there are 20 on each server.")] = 5,
    store: Annotated[list[str] | None, typer.Option(help="memory, file; both when it is left out.")] = None,
    process: Annotated[list[str] | None, typer.Option(help="purchase, invoice, hire; all when it is left out.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Little of each, on the server in memory.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """Measure what Corridor costs against a bare workflow of the same shape, on the same server, in the same run.

    Example: python -m bench --seconds 10 --store file --process hire
    """
    configure_logs("bench", "ERROR")  # a line for each request would be what is measured
    if context.invoked_subcommand is not None:
        return
    console = Console(stderr=as_json, width=None if Console().is_terminal else 150)
    effort = QUICK if quick else Effort(seconds=seconds)
    wanted = ["memory"] if quick else store or list(get_args(Store))
    processes = _chosen(process)
    results = []
    for each in get_args(Store):
        if each in wanted:
            with console.status(f"Measuring on the {each} server"):
                results.append(asyncio.run(measure(each, effort, processes)))
    with console.status("Measuring a long invoice"):
        lines = 1000 if quick else large_invoice.LINES
        orders = LONG_INVOICE_ORDERS if "invoice" in processes else ()
        long = [large_invoice.measure(each, lines) for each in orders]
    if as_json:
        servers = [as_data(each) for each in results]
        typer.echo(json.dumps({"servers": servers, "long_invoice": [asdict(each) for each in long]}, indent=2))
    else:
        for each in (*tables(results), *([table_of_steps(long)] if long else [])):
            console.print(each, "")
    exit_settled(0)


def _chosen(names: list[str] | None) -> tuple[Process, ...]:
    """Raises typer.BadParameter for what is no process."""
    known: tuple[Process, ...] = get_args(Process)
    strange = set(names or ()) - set(known)
    if strange:
        raise typer.BadParameter(f"no process: {', '.join(sorted(strange))}; there are {', '.join(known)}")
    return tuple(each for each in known if names is None or each in names)


@bench.command("lists")
def of_lists(
    size: Annotated[list[int] | None, typer.Option(help="Cases; 1,000, 100,000 and 1,000,000 by default.")] = None,
    times: Annotated[int, typer.Option(min=3, help="How often each question is asked of each size.")] = 15,
) -> None:
    """How long lists and reports take with ever more cases, as a ratio to the smallest number of them.

    Example: python -m bench lists --size 1000 --size 50000
    """
    sizes = size or SIZES
    answers = asyncio.run(lists.measure(sizes, times))
    columns = [*(f"{each:,}" for each in sizes), "ratio", "goal"]
    Console(width=120).print(table("Milliseconds (p50) by number of cases", columns, lists.rows(answers), "question"))
    exit_settled(0)


@bench.command("footprint")
def of_footprint(
    cases: Annotated[int, typer.Option(min=50, help="How many stay open.")] = 1000,
) -> None:
    """How long the processes take to start, what open cases take of memory, and how old a list is under load.

    Example: python -m bench footprint --cases 500
    """
    found = asyncio.run(footprint.measure(cases))
    Console(width=120).print(table("Footprint", ["found"], footprint.rows(found), "what"))
    exit_settled(0)


@bench.command("soak")
def of_soak(
    duration: Annotated[int, typer.Option(min=10, help="Seconds.")] = 3600,
) -> None:
    """Whether memory or time per case grows while whole purchases come and go.

    Example: python -m bench soak --duration 600
    """
    samples = asyncio.run(soaking.soak(timedelta(seconds=duration)))
    columns = ["cases", "ms for each", "of CPU", "worker MB", "server MB", "connections"]
    Console(width=120).print(table("By the time", columns, soaking.rows(samples), "seconds"))
    Console(width=120).print(soaking.verdict(samples))
    exit_settled(0)


@bench.command("capacity")
def of_capacity(
    a_day: Annotated[int, typer.Option("--cases", min=1, help="Cases a day.")] = 1_000_000,
) -> None:
    """What so many cases a day need, from what one of them costs.

    Example: python -m bench capacity --cases 50000
    """
    Console(width=120).print(table(f"{a_day:,} cases a day", ["needed"], capacity.rows(a_day), "of what"))
    exit_settled(0)


if __name__ == "__main__":
    bench()
