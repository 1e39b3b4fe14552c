"""Expressions read and typed before they are used, and refused in cel-go's words where they cannot be: what definitions and policies say.

What expressions come to is worked out elsewhere (custom/expressions.py). Here: tokens (lexer), trees and syntax errors (recovery, parser),
macros, types, the functions that there are (functions.txt), and whether everything fits (checker).
Source: github.com/google/cel-go parser, checker, cel/validator.go; k8s.io/apiserver pkg/cel/environment.
"""
