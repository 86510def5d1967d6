"""The dashboards: their form, their questions, and what they look like on the data of a story."""
