"""Settings of the installation: parsing of variables, no logic.

Every variable is described in .env.example. What weakens security defaults to off.
"""

from contextlib import suppress
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()
env.smart_cast = False
# one that is there and cannot be read is no installation without one
with (
    suppress(FileNotFoundError),
    Path(env.str("ENV_FILE", default=str(BASE_DIR / ".env"))).open() as variables,
):
    environ.Env.read_env(variables)

# --- Core ---------------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY")
FIELD_KEYS = env.list("FIELD_KEYS")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
INSECURE_COOKIES = env.bool("INSECURE_COOKIES", default=False)
TRUSTED_PROXY = env.bool("TRUSTED_PROXY", default=False)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

ROOT_URLCONF = "bizproc_admin.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "template_partials",
    "lucide",
    "bizproc_admin",
]

MIDDLEWARE = [
    "bizproc_admin.middleware.RoomMiddleware",
    "bizproc_admin.middleware.RequestIdMiddleware",
    "bizproc_admin.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "bizproc_admin.middleware.CallsMiddleware",
    "bizproc_admin.middleware.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "bizproc_admin.middleware.PersonalMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bizproc_admin.context_processors.shell",
            ],
        },
    }
]

# --- Database -----------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;"
            "PRAGMA cache_size=-32000;"
        ),
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# opening one takes longer than most of what is asked
DATABASES["default"]["CONN_MAX_AGE"] = 60

# a full cache forgets any of its keys, also the counts of wrong passwords
CACHE = f"filecache://{VAR_DIR / 'cache'}?max_entries=10000"
CACHES = {"default": env.cache("CACHE_URL", default=CACHE)}

# --- Background work ----------------------------------------------------------------------------

CELERY_BROKER_URL = env.str("BROKER_URL")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TASK_DEFAULT_QUEUE = "background"
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "queue"),
        "data_folder_out": str(VAR_DIR / "queue"),
        "control_folder": str(VAR_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}

# --- The portal ---------------------------------------------------------------------------------

# host[:port] that may be called over plain http and at private addresses; the demo sets its own
PORTAL_HOSTS_ALLOWED = env.list("PORTAL_HOSTS_ALLOWED", default=[])
# where the console is reached from the internet: portals call it there
PUBLIC_URL = env.str("PUBLIC_URL", default="")
CALL_VALUES_DAYS = env.float("CALL_VALUES_DAYS", default=90.0)

CONNECT_TIMEOUT = env.float("CONNECT_TIMEOUT", default=5.0)
READ_TIMEOUT = env.float("READ_TIMEOUT", default=65.0)
TOTAL_TIMEOUT = env.float("TOTAL_TIMEOUT", default=75.0)
SIGN_IN_TIMEOUT = env.float("SIGN_IN_TIMEOUT", default=10.0)
COMMAND_LEASE = env.float("COMMAND_LEASE", default=90.0)
SETTLE_TIME = env.float("SETTLE_TIME", default=180.0)
GIVE_UP_TIME = env.float("GIVE_UP_TIME", default=3600.0)
UNDO_TIME = env.float("UNDO_TIME", default=5.0)
HEARTBEAT_INTERVAL = env.float("HEARTBEAT_INTERVAL", default=5.0)
HEARTBEAT_LIMIT = env.float("HEARTBEAT_LIMIT", default=20.0)
DEAF_TIME = env.float("DEAF_TIME", default=30.0)
SWEEP_INTERVAL = env.float("SWEEP_INTERVAL", default=5.0)

PACE_PER_SECOND = env.float("PACE_PER_SECOND", default=1.6)
PACE_BURST = env.int("PACE_BURST", default=40)
GATEWAY_PER_SECOND = env.float("GATEWAY_PER_SECOND", default=4.0)

SYNC_INCREMENTAL = env.float("SYNC_INCREMENTAL", default=30.0)
SYNC_FULL = env.float("SYNC_FULL", default=300.0)
SYNC_SLOW = env.float("SYNC_SLOW", default=900.0)
FOLLOW_INTERVAL = env.float("FOLLOW_INTERVAL", default=30.0)

# --- Sign-in ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "bizproc_admin.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "bizproc_admin.access.allauth_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUSTED_PROXY else 0
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "bizproc-admin"
MFA_TOTP_TOLERANCE = 1
MFA_ADAPTER = "bizproc_admin.access.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "bizproc_admin.forms.second_factor.CodeForm",
    "reauthenticate": "bizproc_admin.forms.second_factor.ConfirmationForm",
    "activate_totp": "bizproc_admin.forms.second_factor.ActivationForm",
}
# administrators with a password of this console must have a second factor
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=True)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- Uploads ------------------------------------------------------------------------------------

# an application action may have a hundred properties, each in several languages
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
FILE_UPLOAD_HANDLERS = ["bizproc_admin.uploads.MemoryUploadHandler"]

# --- Browser security ---------------------------------------------------------------------------

SECURE = not INSECURE_COOKIES
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_AGE = 12 * 3600
IDLE_TIME = env.float("IDLE_TIME", default=8 * 3600.0)
IDLE_TIME_ADMINISTRATOR = env.float("IDLE_TIME_ADMINISTRATOR", default=1800.0)
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "bizproc_admin.views.refusing.csrf_failure"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
# a browser that has a host on its list forgets it only after months: never by default
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY else None
# a call that is led elsewhere is lost, and what it holds has travelled already
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^calls/"]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- Language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

# --- Static files -------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "bizproc_admin.static_files.HashedStaticFilesStorage"},
}

# --- Logging ------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "numbers": {"()": "config.logs.NumberedRequests"},
        "refusals": {"()": "config.logs.QuietRefusals"},
        "secrets": {"()": "bizproc_admin.secrets.fields.MaskSecrets"},
    },
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["numbers", "refusals", "secrets"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "urllib3": {"level": "WARNING"},
        "requests": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}

# whether a command's move that the table does not know stops whoever tries it; else it is logged
ILLEGAL_MOVES_RAISE = False
