"""Sentences of the press against figures of the store: typed claims, verdicts, contradictions.

For editors and analysts. Main function: `checking.check_file`. It reads by a grammar and a word
list per language, with no model of language; what it does not understand it says so.
"""
