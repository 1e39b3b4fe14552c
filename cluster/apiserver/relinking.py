"""Owns the links of a page that comes through a proxy path: those of its own host lead through that path again.

Simplifications: a page longer than LONGEST goes on as it is, and of a tag only the links change (upstream writes each tag anew).
Source: k8s.io/apimachinery pkg/util/proxy/transport.go.
"""

from __future__ import annotations

import html
import posixpath
import re
from urllib.parse import urlsplit, urlunsplit

LONGEST = 64 * 1024
_LINKS = """a href|applet codebase|area href|audio src|base href|blockquote cite|body background|button formaction|command icon|del cite
embed src|form action|frame longdesc src|head profile|html manifest|iframe longdesc src|img longdesc src usemap|input src usemap formaction
ins cite|link href|object classid codebase data usemap|q cite|script src|source src|video poster src"""
LINKS = {words.split()[0]: frozenset(words.split()[1:]) for words in _LINKS.replace("\n", "|").split("|")}
TAG = re.compile(r"""<!--.*?-->|<([a-zA-Z][a-zA-Z0-9]{0,20})(\s(?:[^>"']|"[^"]*"|'[^']*'){0,2000}+)>""", re.DOTALL)
ATTRIBUTE = re.compile(r"""(\s)([^\s"'<>/=]{1,20})(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""")


def page(text: str, prefix: str, host: str) -> str:
    """A page with its links through the prefix. host: whom it was asked of."""
    if len(text) > LONGEST:
        return text

    def tag(found: re.Match) -> str:
        names = LINKS.get((found[1] or "").lower())
        if not names:
            return found[0]
        return f"<{found[1]}{ATTRIBUTE.sub(lambda each: _attribute(each, names, prefix, host), found[2])}>"

    return TAG.sub(tag, text)


def _attribute(found: re.Match, names: frozenset[str], prefix: str, host: str) -> str:
    if found[2].lower() not in names:
        return found[0]
    value = html.unescape(found[4].strip("\"'"))
    changed = link(value, prefix, host)
    return found[0] if changed == value else f'{found[1]}{found[2]}="{html.escape(changed)}"'


def link(value: str, prefix: str, host: str) -> str:
    """One link. Source: rewriteURL."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return value  # no address: left alone
    if parts.netloc not in ("", host) or not parts.path.startswith("/"):
        return value
    path = parts.path
    if not path.startswith(prefix):
        path = posixpath.normpath(prefix + path) + ("/" if path.endswith("/") else "")
    return urlunsplit(("", "", path, parts.query, parts.fragment))
