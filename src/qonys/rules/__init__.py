"""Law as dated, explained, checkable rules: one source, three engines.

`reading` reads law files, `deciding` and `answers` answer one person, `vector` and `tables`
many, `checks` and `reforms` the law itself. The law of a country is data in its folder.
"""
