"""The Django app of the simulation: its models, admin pages and commands."""

from django.apps import AppConfig


class ClusterConfig(AppConfig):
    name = "cluster"
    verbose_name = "Podlife"
    default_auto_field = "django.db.models.BigAutoField"
