"""`kind: catalog`: compare the lists of the server with required names and a pinned contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from prober.config.document.cursor import Cursor
from prober.config.fields.field_types import Choice, FieldType, JsonSchema, ListOf, SchemaBuilder, Text
from prober.config.fields.file_fields import FilePath, JsonFile
from prober.config.fields.mapping_schema import Values, key, mapping_of, settings
from prober.config.fields.unit_fields import TOKENS
from prober.config.kind import FactMetric, ProbeKind
from prober.config.targets import CREDENTIALS, Target
from prober.kinds.token_budget import LIST_TOKENS
from prober.outcome import Reason

if TYPE_CHECKING:
    from prober.contract.contract import Contract


class ContractField(FieldType[tuple[Path, "Contract | None"]]):
    """The path of a pinned contract, and the contract."""

    def words(self) -> str:
        return "the path of a contract"

    def read(self, cursor: Cursor) -> tuple[Path, Contract | None]:
        from prober.contract.contract import ContractError, parse_contract

        path = FilePath().read(cursor)
        cursor.scope.files.add(path)
        if not path.exists():
            if cursor.scope.contracts_may_be_missing:
                return path, None
            raise cursor.error("no such file; `mcp-prober pin` writes it")
        path, document = JsonFile().read(cursor)
        try:
            return path, parse_contract(document)
        except ContractError as problem:
            raise cursor.error(f"{cursor.shown}: {problem}") from None

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return JsonFile().schema(builder)


_NAMES: Final = ListOf(item=Text(), wanted="a list of names")


@settings
class CatalogSettings:
    """Read every page of tools, resources, templates and prompts."""

    tools: tuple[str, ...] = key(_NAMES, "Tools that must be there.", default=())
    resources: tuple[str, ...] = key(_NAMES, "URIs of resources that must be there.", default=())
    prompts: tuple[str, ...] = key(_NAMES, "Prompts that must be there.", default=())
    contract: Contract | None = key(
        ContractField(), "A contract written by `mcp-prober pin`; breaking changes fail the probe.", default=None
    )
    contract_file: Path | None = None
    again: str | None = key(
        Choice(("warn", "fail")),
        "Read every list twice: other bytes, names or another order are warned of (`warn`) or fail the probe (`fail`).",
        default=None,
    )
    as_: Target | None = key(
        CREDENTIALS,
        "Other credentials, or {} for none, in place of the target's: lists that differ and say `cacheScope: public`"
        " are a leak.",
        name="as",
        default=None,
    )
    max_tokens: int | None = key(TOKENS, LIST_TOKENS, default=None)
    lists: tuple[str, ...] | None = key(
        ListOf(item=Choice(("tools", "prompts", "resources", "templates")), wanted="a list of lists", least=1),
        "The only lists that are read, of a server that announces a list and fails to give it; else all of them.",
        default=None,
    )


def _check(values: Values) -> None:
    lists = values.get("lists")
    if lists is not None and "tools" not in lists and values.get("max_tokens") is not None:
        values.at("max_tokens").report("tools are not among lists, and would not be counted")
    if values.has("as") and values.get("target"):
        values.cursor.scope.http_requests.append((values.at("as"), values.get("target")))


def _build(values: Values) -> CatalogSettings:
    arguments = values.of(CatalogSettings)
    path, contract = arguments.pop("contract", (None, None))
    return CatalogSettings(contract=contract, contract_file=path, **arguments)


KIND: Final = ProbeKind(
    rank=20,
    help="Read every page of tools, resources, templates and prompts.",
    settings=mapping_of(CatalogSettings, build=_build, checks=(_check,)),
    reasons=lambda settings: {
        Reason.TOOL_MISSING,
        Reason.EXPECTATION_FAILED,
        Reason.CONTRACT_BROKEN,
        *([Reason.CACHE_LEAK] if settings.as_ is not None else []),
    },
    next_steps={
        Reason.TOOL_MISSING: "If the tools are gone on purpose, remove them from `tools` of the probe {probe}; the"
        " evidence names those that the server lists.",
        Reason.EXPECTATION_FAILED: "If they are gone on purpose, remove them from `resources` or `prompts` of the probe"
        " {probe}; the evidence names those that the server lists. If a list differs when it is read again, have the"
        " server sort it, and keep times and counts out of descriptions.",
    },
    metrics=(
        FactMetric(
            name="mcp_contract_changes",
            type="gauge",
            help="Differences between what the target offered and its pinned contract when they were last compared,"
            " by severity; no series before.",
            in_a_pass=(
                "mcp_contract_changes",
                "Differences between what the target offers and its pinned contract, by severity.",
            ),
            label="severity",
            facts={severity: f"contract_changes_{severity}" for severity in ("breaking", "additive", "cosmetic")},
        ),
    ),
)
