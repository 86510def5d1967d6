"""`kind: catalog`: what the server lists, against a pinned contract and names that must be there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from prober.config.files import FilePath, JsonFile
from prober.config.forms import Form, JsonSchema, ListOf, Sheet, Text
from prober.config.kinds.kind import Kind
from prober.config.model import CatalogSettings
from prober.config.place import Place
from prober.config.record import Fields, Key

if TYPE_CHECKING:
    from prober.contract.contract import Contract


class _ContractForm(Form[tuple[Path, "Contract | None"]]):
    """The path of a pinned contract, and the contract."""

    def read(self, place: Place) -> tuple[Path, Contract | None]:
        from prober.contract.contract import ContractError, parse_contract

        path = FilePath().read(place)
        if not path.exists():
            if place.book.contracts_may_be_missing:
                return path, None
            raise place.refuse("no such file; `mcp-prober pin` writes it")
        path, document = JsonFile().read(place)
        try:
            return path, parse_contract(document)
        except ContractError as problem:
            raise place.refuse(f"{place.shown}: {problem}") from None

    def schema(self, sheet: Sheet) -> JsonSchema:
        return JsonFile().schema(sheet)


def _build(fields: Fields) -> CatalogSettings:
    path, contract = fields.get("contract", (None, None))
    return CatalogSettings(contract=contract, contract_file=path, **fields.of(CatalogSettings))


_NAMES: Final = ListOf(item=Text(), wanted="a list of names")

KIND: Final = Kind(
    doc="Read every page of tools, resources, templates and prompts.",
    keys=(
        Key(name="tools", of=CatalogSettings, form=_NAMES, doc="Tools that must be there."),
        Key(name="resources", of=CatalogSettings, form=_NAMES, doc="URIs of resources that must be there."),
        Key(name="prompts", of=CatalogSettings, form=_NAMES, doc="Prompts that must be there."),
        Key(
            name="contract",
            form=_ContractForm(),
            doc="A contract written by `mcp-prober pin`; breaking changes fail the probe.",
        ),
    ),
    build=_build,
)
