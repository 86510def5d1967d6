"""The checks by the names that `rules.json` calls them: those of one tool, and those of the whole list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from prober.lint import names, schemas, strict, totals
from prober.lint.hit import Hit

Check: TypeAlias = Callable[..., Iterator[Hit]]

OF_TOOLS: Final[Mapping[str, Check]] = {
    check.__name__: check
    for check in (
        names.name,
        names.name_length,
        names.joined_name_length,
        names.description_length,
        names.empty_description,
        names.hint,
        schemas.root_type,
        schemas.root_keywords,
        schemas.keywords,
        schemas.property_keys,
        schemas.array_items,
        schemas.root_properties,
        schemas.object_properties,
        schemas.boolean_properties,
        schemas.null_members,
        schemas.text_enums,
        schemas.meta_schema,
        strict.all_required,
        strict.closed_objects,
        strict.min_items,
        strict.own_references,
        strict.no_recursion,
        strict.schema_size,
    )
}
"""Called with the offer, the tool and the settings of the rule."""

OF_LISTS: Final[Mapping[str, Check]] = {
    check.__name__: check
    for check in (
        totals.unique_names,
        totals.tool_count,
        totals.list_tokens,
        totals.required_tools,
        totals.transport,
        strict.totals,
    )
}
"""Called with the offer and the settings of the rule."""
