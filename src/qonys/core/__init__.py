"""Shared types: what every room may import, and nothing that computes for one room only.

See docs/data-model.md. Modules are imported by name (`from qonys.core.periods import Period`);
only `observations` needs Arrow.
"""
