"""`kind: catalog`: what the server lists, against a pinned contract and names that must be there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from prober.config.cursor import Cursor
from prober.config.field_types import FieldType, JsonSchema, ListOf, SchemaBuilder, Text
from prober.config.files import FilePath, JsonFile
from prober.config.kinds.kind import Kind
from prober.config.mapping_schema import Key, Values
from prober.config.model import CatalogSettings

if TYPE_CHECKING:
    from prober.judge.contract import Contract


class ContractField(FieldType[tuple[Path, "Contract | None"]]):
    """The path of a pinned contract, and the contract."""

    def read(self, cursor: Cursor) -> tuple[Path, Contract | None]:
        from prober.judge.contract import ContractProblem, parse_contract

        path = FilePath().read(cursor)
        if not path.exists():
            if cursor.scope.contracts_may_be_missing:
                return path, None
            raise cursor.error("no such file; `mcp-prober pin` writes it")
        path, document = JsonFile().read(cursor)
        try:
            return path, parse_contract(document)
        except ContractProblem as problem:
            raise cursor.error(f"{cursor.shown}: {problem}") from None

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return JsonFile().schema(builder)


def _build(values: Values) -> CatalogSettings:
    path, contract = values.get("contract", (None, None))
    return CatalogSettings(contract=contract, contract_file=path, **values.of(CatalogSettings))


_NAMES: Final = ListOf(item=Text(), wanted="a list of names")

KIND: Final = Kind(
    doc="Read every page of tools, resources, templates and prompts.",
    keys=(
        Key(name="tools", of=CatalogSettings, value_type=_NAMES, doc="Tools that must be there."),
        Key(name="resources", of=CatalogSettings, value_type=_NAMES, doc="URIs of resources that must be there."),
        Key(name="prompts", of=CatalogSettings, value_type=_NAMES, doc="Prompts that must be there."),
        Key(
            name="contract",
            value_type=ContractField(),
            doc="A contract written by `mcp-prober pin`; breaking changes fail the probe.",
        ),
    ),
    build=_build,
)
