"""What a fleet of some size costs: on the wire, in the rules, and in every question of its dashboards."""
