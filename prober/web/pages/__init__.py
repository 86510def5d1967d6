"""The status page for people: present and recent status of every target, and badges."""
