"""Commands that look at a server once and write nothing: `call`, `list`, `lint`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prober.cli.arguments.server import (
    Env,
    Headers,
    OfFile,
    ServerOptions,
    StartupTimeout,
    Timeout,
    Transport,
    Yes,
    behind_dashes,
)

Configuration = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help="Probe files, or folders, that know the target; may be repeated. Default: probes.",
    ),
]


def call(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SERVER] TOOL",
            help="SERVER is a URL, a client's file or a target of the configuration. Or leave it out and end with:"
            " -- COMMAND…",
            show_default=False,
        ),
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option("--arg", metavar="NAME=VALUE", help="An argument, read by the tool's schema; may be repeated."),
    ] = None,
    args: Annotated[
        str | None, typer.Option("--args", metavar="JSON|@FILE", help="All arguments as a JSON object.")
    ] = None,
    output: Annotated[str, typer.Option(metavar="text|json", help="How to print the answer.")] = "text",
    config: Configuration = None,
    server: OfFile = None,
    transport: Transport = None,
    header: Headers = None,
    env: Env = None,
    timeout: Timeout = None,
    startup_timeout: StartupTimeout = None,
    *,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Call also a tool that does not say that it only reads.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Call one tool once and show its answer.

    mcp-prober call URL TOOL --arg a=2 --arg b=3

    mcp-prober call TOOL -- COMMAND…
    """
    from prober.cli import server_choice, tool_arguments

    options = ServerOptions(
        server=server,
        transport=transport,
        header=header,
        env=env,
        timeout=timeout,
        startup_timeout=startup_timeout,
        yes=yes,
    )
    behind = behind_dashes(context)
    word, tool = server_choice.server_and_tool(words or [], behind)
    server_choice.check_output(output, ("text", "json"))
    given = tool_arguments.given_arguments(arg or [], args)
    chosen = server_choice.choose(word, behind, options, config=config, command="call")

    from prober.cli.commands import call

    raise typer.Exit(call.call(chosen, tool, given, output=output, allow_writes=allow_writes))


def list_(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SERVER] [tools|prompts|resources|templates]…",
            help="SERVER is a URL, a client's file or a target of the configuration. Or leave it out and end with:"
            " -- COMMAND…",
            show_default=False,
        ),
    ] = None,
    output: Annotated[str, typer.Option(metavar="table|json", help="How to print the lists.")] = "table",
    config: Configuration = None,
    server: OfFile = None,
    transport: Transport = None,
    header: Headers = None,
    env: Env = None,
    timeout: Timeout = None,
    startup_timeout: StartupTimeout = None,
    *,
    yes: Yes = False,
) -> None:
    """List what a server offers: tools, prompts, resources.

    mcp-prober list URL tools

    mcp-prober list -- COMMAND…
    """
    from prober.cli import server_choice

    options = ServerOptions(
        server=server,
        transport=transport,
        header=header,
        env=env,
        timeout=timeout,
        startup_timeout=startup_timeout,
        yes=yes,
    )
    behind = behind_dashes(context)
    word, sections = server_choice.server_and_sections(words or [], behind)
    server_choice.check_output(output, ("table", "json"))
    chosen = server_choice.choose(word, behind, options, config=config, command="list")

    from prober.cli.commands import list_offers

    raise typer.Exit(list_offers.list_offers(chosen, sections, output=output))


def lint(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SERVER]",
            help="A URL, a target of the configuration, a client's file, or a JSON file with tools: a contract, or the"
            " result of tools/list. Or leave it out and end with: -- COMMAND…",
            show_default=False,
        ),
    ] = None,
    client: Annotated[
        list[str] | None,
        typer.Option(
            "--client", metavar="CLIENT", help="Only this client or mode; may be repeated. Default: all but the modes."
        ),
    ] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="error|warning|never", help="Which findings end with exit code 1.")
    ] = "error",
    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", min=1, help="Tokens that the list may take, counted as bytes of JSON / 4."),
    ] = None,
    output: Annotated[str, typer.Option(metavar="table|json|sarif", help="How to report.")] = "table",
    config: Configuration = None,
    server: OfFile = None,
    transport: Transport = None,
    header: Headers = None,
    env: Env = None,
    timeout: Timeout = None,
    startup_timeout: StartupTimeout = None,
    *,
    yes: Yes = False,
) -> None:
    """Say which clients and models can use a server's tools.

    mcp-prober lint URL

    mcp-prober lint -- COMMAND…
    """
    from prober.cli import server_choice

    options = ServerOptions(
        server=server,
        transport=transport,
        header=header,
        env=env,
        timeout=timeout,
        startup_timeout=startup_timeout,
        yes=yes,
    )
    behind = behind_dashes(context)
    word = server_choice.one_server(words or [], behind, command="lint")
    server_choice.check_output(output, ("table", "json", "sarif"))
    wanted = server_choice.known_clients(client or [])
    server_choice.check_choice("--fail-on", fail_on, ("error", "warning", "never"))

    from prober.cli.commands import lint

    chosen = lint.LintOptions(output=output, clients=wanted, fail_on=fail_on, max_tokens=max_tokens)
    if word is not None and (tools := lint.tools_in(Path(word))) is not None:
        raise typer.Exit(lint.lint_file(Path(word), tools, chosen))
    servers = server_choice.choose_all(word, behind, options, config=config, command="lint")
    raise typer.Exit(lint.lint_servers(servers, chosen))
