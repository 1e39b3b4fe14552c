"""Sandbox.run: counts resets."""
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cluster", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="sandbox", name="run",
            field=models.PositiveIntegerField(default=0, help_text="How often it was reset: cursors of an earlier run mean nothing now."),
        ),
    ]
