"""Sandboxes and their objects in Django's admin, read-only, for visitors on this machine: there is nothing to log in for."""
from __future__ import annotations

import ipaddress
import json

from django.contrib import admin
from django.utils.html import format_html

from .models import Input, Revision, Sandbox
from .store.log import expand


class Site(admin.AdminSite):
    """An admin without users: who sits at this machine may look, nobody may change."""

    site_header = site_title = "Podlife"
    index_title = "What is stored"
    enable_nav_sidebar = False

    def has_permission(self, request):
        try:
            return ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "").is_loopback
        except ValueError:
            return False


site = Site(name="admin")


class ReadOnly(admin.ModelAdmin):
    """Nothing of a run may be changed by hand: its state is a function of its journal."""

    def has_module_permission(self, request):
        return True

    def has_view_permission(self, request, obj=None):
        return True

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Sandbox, site=site)
class SandboxAdmin(ReadOnly):
    list_display = ("name", "mode", "speed", "steps", "now_ms", "revision", "created_at")
    exclude = ("token",)


@admin.register(Revision, site=site)
class RevisionAdmin(ReadOnly):
    list_display = ("revision", "sandbox", "type", "key", "version", "at_ms")
    list_filter = ("sandbox", "type")
    search_fields = ("key",)
    show_full_result_count = False
    fields = ("sandbox", "revision", "key", "type", "create_revision", "version", "at_ms", "object")
    readonly_fields = ("object",)

    @admin.display(description="object")
    def object(self, row):
        return format_html("<pre>{}</pre>", json.dumps(expand(row.value), indent=2, ensure_ascii=False))


@admin.register(Input, site=site)
class InputAdmin(ReadOnly):
    list_display = ("number", "sandbox", "kind", "step", "at_ms")
    list_filter = ("sandbox", "kind")
    fields = ("sandbox", "number", "kind", "step", "at_ms", "content")
    readonly_fields = ("content",)

    @admin.display(description="content")
    def content(self, row):
        return format_html("<pre>{}</pre>", bytes(row.data).decode("utf-8", "replace")[:20_000])
