"""Surveys of intentions: what a published table or microdata can say, and what it cannot.

For analysts and sociologists. The room's modules are imported by name: `published` reads a
table of shares, `tables` examines it; `design` and `microdata` read answers and how they were
drawn, `estimates` estimates, `areas` models regions with few answers, `calibrating` fits
weights; `sample` alone knows svy; `potential`
goes from an intention to moves.
"""
