"""The text of a configuration file, before anything is known of its meaning.

yaml_document, nodes     YAML text -> a tree of nodes with line numbers
cursor, diagnostics      a value with its position; mistakes
expansion                `${NAME}` and `${file:PATH}`
"""
