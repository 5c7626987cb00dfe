"""Surveys of intentions: what a published table or microdata can say, and what it cannot.

For analysts and sociologists. The room's modules are imported by name: `published` reads a
table of shares, `tables` examines it, `pages` shows it; `reading` and `checking` take microdata
in; `estimates`, `comparing` and `areas` estimate (`sample` builds svy's designs); `calibrating`
fits weights; `potential` goes from an intention to moves.
"""
