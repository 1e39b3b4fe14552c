"""An honest shell: busybox's ash and its tools, on the virtual clock. A program and its children are plain data, walked from outside.

Reading a script: rewriting.py and heredocs.py → tree-sitter → syntax.py (instructions); words.py (what is in a word); complaints.py (what ash
says of a fault). Running: tasks.py (the data), machine.py (turns and waits), instructions.py, expansion.py (with variables.py, patterns.py,
arithmetic.py), streams.py (descriptors and pipes), children.py (processes and signals). Commands: call.py (what one gets), builtins.py,
jobs.py, tools.py (the table of the others). The tests' table is measured with busybox itself: tests/runtime/shell/refresh.py.
"""
