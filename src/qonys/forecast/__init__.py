"""What comes next, with its uncertainty, beside the baselines that it must beat.

For analysts and statisticians. The room's modules are imported by name: `series` reads,
`running` forecasts, `backtests` scores the past; `models` are the baselines, which `selecting`
combines. `world` takes all countries at once.
"""
