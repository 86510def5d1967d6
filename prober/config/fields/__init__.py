"""Fields of the configuration: how each kind of value is read, and how it is described as JSON Schema.

mapping_schema     mappings with known keys, declared on dataclasses
field_types        texts, numbers, lists, choices; wrapping: types around another
unit_fields        durations and sizes, in the units of `units`
schedule_fields    cron expressions (`cron`), maintenance windows, request budgets
file_fields, urls  paths and addresses
secret             texts that are never printed
"""
