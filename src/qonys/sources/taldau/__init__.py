"""One reader; see read.py and source.toml."""
