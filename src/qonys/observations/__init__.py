"""Published figures: stored by release, read as of a day, reconciled, turned into indicators.

Modules: `store` (files and manifest), `load` (checks), `reading` (as of a day), `indicators`
(figures from figures), `reconcile` (findings), `compare` (two releases).
"""
