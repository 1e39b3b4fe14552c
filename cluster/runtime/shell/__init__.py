"""A small, honest shell: scripts become instruction lists, run by a program counter in virtual time.

It knows `;` `&&` `||` `!` `|`, if, while, until, for, `{ }`, variables, `$(…)`, `$((…))`, redirects, traps and the
small tools in tools.py. Not here: functions, case, background jobs, here-documents; `( )` runs in the same shell.
"""
