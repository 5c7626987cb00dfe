"""Financial oversight: find the mules among accounts, not the newcomers; cases and appeals.

For compliance analysts and supervisors. The room's modules are imported by name: `tables` reads
a bank's files, `features` looks at each transaction with what was known before it, `simulator`
invents banks, `case_store` keeps cases and `audit` their trail. Residency and citizenship are
read for reports of fairness alone: no feature knows them.
"""
