"""Django's settings. What differs from one machine to the next comes from the environment, by names with PODLIFE_."""

import os
import secrets

from webui.setup import paths

BASE_DIR = paths.ROOT
DATA_DIR = paths.data_dir()

PODLIFE_VERSION = "0.1.0"
DEBUG = os.environ.get("PODLIFE_DEBUG", "") not in ("", "0")


def _secret_key() -> str:
    """The key of the data folder, made by `manage.py up`; a passing one where nothing has been served yet."""
    try:
        return (DATA_DIR / "secret_key").read_text().strip()
    except OSError:
        return secrets.token_urlsafe(50)


def _names(variable: str) -> list[str]:
    return [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]


SECRET_KEY = os.environ.get("PODLIFE_SECRET_KEY") or _secret_key()

# A page elsewhere on the web must not reach a learner's server by a name of its own (DNS rebinding),
# so only this machine's names are answered, and those that PODLIFE_HOSTS adds.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *_names("PODLIFE_HOSTS")]
CSRF_TRUSTED_ORIGINS = _names("PODLIFE_ORIGINS")

INSTALLED_APPS = [
    "cluster.apps.ClusterConfig",
    "channels",
    "django.contrib.admin.apps.SimpleAdminConfig",  # admin_urls.py finds the pages, when they are asked for
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "webui.headers.content_security_policy",
    "webui.origin.same_origin",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "webui.urls"
ASGI_APPLICATION = "webui.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "podlife.sqlite3",
        "OPTIONS": {
            # A transaction that reads first and writes later is refused at once under the default mode
            # when another has written meanwhile; this one takes its turn at the start.
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
                "PRAGMA cache_size=-16000; PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=67108864;"
                "PRAGMA wal_autocheckpoint=16384;"  # in pages; cluster/worker/checkpoints.py comes before that
            ),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "webui.layer.LocalLayer",
        # A page that does not read misses frames, notices it by their numbers and asks anew.
        "CONFIG": {"capacity": 10_000, "channel_capacity": {"specific.*": 30}},
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s", "datefmt": "%H:%M:%S"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("PODLIFE_LOG", "WARNING").upper()},
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # strangers' doing, answered with 400
    },
}
