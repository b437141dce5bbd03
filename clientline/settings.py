"""All configuration: read from the environment and .env here alone. docs/operators/configuration.md lists it."""

import os
import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from clientline.configuration import POOLERS, Environment, keep_secret, read_database, read_file
from clientline.languages import OFFERED

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.2.0"

env = Environment()
read_file(BASE_DIR / ".env")

DATA_DIR = Path(env("CLIENTLINE_DATA", default=str(BASE_DIR / "var"))).absolute()
HOST = env("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000, least=1, most=65535)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.host_names("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
CELL = env.int("CELL", default=0, most=1023)  # 0: the only installation, or one that knows its number already
CELL_ABOVE = env.int("CELL_ABOVE", default=0, most=2**52)
RATE_LIMIT = env.int("RATE_LIMIT", default=6000)
RATE_LIMIT_BY_ADDRESS = env.int("RATE_LIMIT_BY_ADDRESS", default=1200)
REQUIRE_OPERATOR_SECOND_FACTOR = env.bool("REQUIRE_OPERATOR_SECOND_FACTOR", default=True)
# What guests may ask for on an organization's page, each at least once.
GUEST_VISITS_AHEAD = env.int("GUEST_VISITS_AHEAD", default=3, least=1)
GUEST_CODES_AN_HOUR = env.int("GUEST_CODES_AN_HOUR", default=5, least=1)
GUEST_FORMS_IN_TEN_MINUTES = env.int("GUEST_FORMS_IN_TEN_MINUTES", default=10, least=1)
METRICS_TOKEN = env("METRICS_TOKEN", default="")
LOG_FORMAT = env.choice("LOG_FORMAT", default="text", among=("text", "json"))
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
WEBHOOK_PORTS = env.ports("WEBHOOK_PORTS", default=["443"])
WEBHOOK_NETWORKS = env.networks("WEBHOOK_NETWORKS")


def _configure_embedded_database(data):
    """The private server that the database engine starts when DATABASE_URL is unset."""
    return {"ENGINE": "clientline.postgres.backend", "NAME": "clientline", "USER": "clientline", "EMBEDDED_DATA": data}


DATABASE_URL = env("DATABASE_URL", default="")
EMBEDDED_DATA = None if DATABASE_URL else DATA_DIR
DATABASES = {"default": read_database(DATABASE_URL) if DATABASE_URL else _configure_embedded_database(DATA_DIR)}
# Reports and exports alone are read there, and only while it keeps up: see `organizations.replica`.
DATABASE_REPLICA_URL = env("DATABASE_REPLICA_URL", default="")
DATABASE_REPLICA = read_database(DATABASE_REPLICA_URL, "DATABASE_REPLICA_URL") if DATABASE_REPLICA_URL else {}
POOLER = env.choice("DATABASE_POOLER", default="", among=(*POOLERS, ""))
DATABASES["default"]["POOLER"] = POOLER or DATABASES["default"].get("POOLER", "")
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": True}
# psycopg reads instants in no other style, whatever server, role or shell say; libpq tells it as it connects.
os.environ["PGDATESTYLE"] = "ISO"


def name_program(arguments):
    """What PostgreSQL calls our connections: the audit tells a command's changes from psql's by it."""
    name, *words = arguments
    is_command = Path(name).name == "manage.py" and words and words[0] not in ("up", "runserver")
    return f"manage.py {words[0]}"[:63] if is_command else "clientline"


PROGRAM = name_program(sys.argv)
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("application_name", PROGRAM)


def _choose_secret_key():
    """SECRET_KEY, or for the embedded server one made once and kept where only its owner reads it."""
    if key := env("SECRET_KEY", default=""):
        return key
    if DATABASE_URL:
        raise ImproperlyConfigured("Set SECRET_KEY: it is generated only for the embedded database.")
    return keep_secret(DATA_DIR / "secret_key")


SECRET_KEY = _choose_secret_key()

# Online payment. The simulator moves no money, so it is only a default where the database is embedded, too.
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="")
STRIPE_API_URL = env.url("STRIPE_API_URL", default="https://api.stripe.com")
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", default="")
PAYMENT_PROVIDER = env.choice(
    "PAYMENT_PROVIDER",
    default="stripe" if STRIPE_SECRET_KEY else "simulator" if EMBEDDED_DATA else "",
    among=("stripe", "simulator", ""),
)
if PAYMENT_PROVIDER == "stripe" and not STRIPE_SECRET_KEY:
    raise ImproperlyConfigured("PAYMENT_PROVIDER is stripe, which needs STRIPE_SECRET_KEY: set it, or say simulator.")
if PAYMENT_PROVIDER == "stripe" and not find_spec("stripe"):
    raise ImproperlyConfigured("Stripe's SDK is missing: run .venv/bin/pip install -r requirements-stripe.txt.")
URL_HOST = f"[{HOST}]" if ":" in HOST else HOST
PUBLIC_URL = env.url("PUBLIC_URL", default=f"http://{URL_HOST}:{PORT}")  # where clients' browsers find this server
SIMULATOR_FILE = DATA_DIR / "payment_simulator.sqlite3"

# Mail and text messages to clients. Without a server, messages are kept and shown as what would be sent.
EMAIL_HOST = env("EMAIL_HOST", default="")
EMAIL_PORT = env.int("EMAIL_PORT", default=587, least=1, most=65535)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=EMAIL_PORT == 587)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = 20  # seconds for each step of sending
EMAIL_BACKEND = env("EMAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="clientline@localhost")
if EMAIL_BACKEND and not env("DEFAULT_FROM_EMAIL"):
    raise ImproperlyConfigured("Mail is sent, so DEFAULT_FROM_EMAIL has to say from which address.")
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise ImproperlyConfigured("EMAIL_USE_TLS and EMAIL_USE_SSL are both true: say false to one of them.")
ANYMAIL = env.object("ANYMAIL")
USES_ANYMAIL = EMAIL_BACKEND.startswith("anymail.")
if USES_ANYMAIL and not find_spec("anymail"):
    raise ImproperlyConfigured("django-anymail is missing: run .venv/bin/pip install -r requirements-anymail.txt.")
TWILIO_ACCOUNT = env("TWILIO_ACCOUNT", default="")
TWILIO_TOKEN = env("TWILIO_TOKEN", default="")
TWILIO_API_URL = env.url("TWILIO_API_URL", default="https://api.twilio.com")
SMS_FROM = env("SMS_FROM", default="")
SMS_PROVIDER = env.choice("SMS_PROVIDER", default="twilio" if TWILIO_ACCOUNT else "", among=("twilio", "simulator", ""))
if SMS_PROVIDER == "twilio" and not (TWILIO_ACCOUNT and TWILIO_TOKEN and SMS_FROM):
    raise ImproperlyConfigured("SMS_PROVIDER is twilio, which needs TWILIO_ACCOUNT, TWILIO_TOKEN and SMS_FROM.")
SMS_SIMULATOR_FILE = DATA_DIR / "sms_simulator.jsonl"

INSTALLED_APPS = [
    "clientline.apps.ClientLineConfig",
    "clientline.backoffice.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "procrastinate.contrib.django",
    "organizations",
    "accounts",
    "services",
    "appointments",
    "payments",
    "clientline.reach.apps.ReachConfig",
    "clientline.cells.apps.CellsConfig",
    "clientline.backoffice.apps.BackOfficeConfig",
]

MIDDLEWARE = [
    "clientline.web.languages.LanguageMiddleware",
    "clientline.web.middleware.RequestMiddleware",
    "clientline.web.replays.ReplayMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "clientline.web.middleware.ProgramsMiddleware",
    "clientline.web.middleware.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clientline.web.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.CallerMiddleware",
]

ROOT_URLCONF = "clientline.urls"
WSGI_APPLICATION = "clientline.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "clientline.templatetags.writing"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.authentication.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email", "phone")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Failed sign-ins, by account and by address.
AXES_HANDLER = "accounts.sign_in.FailuresHandler"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_USERNAME_CALLABLE = "accounts.sign_in.name_account"
AXES_CLIENT_IP_CALLABLE = "clientline.web.addresses.find_network"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or an attacker could keep somebody out for good
AXES_SENSITIVE_PARAMETERS = ["username", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""  # clientline.reach names what has jobs

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en-us"
# Pages speak the language of who reads them; `clientline/languages.py` says whose that is.
USE_I18N = True
LANGUAGES = list(OFFERED.items())
FORMAT_MODULE_PATH = "clientline.formats"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
# Whether /admin/look/ is there, with all parts of the pages; `up --demo` has it, too.
SHOWS_LOOK = DEBUG

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = env.bool("SECURE_COOKIES", default=False)
SECURE_REDIRECT_EXEMPT = [r"^(live|ready|metrics|)/?$"]  # asked from inside, past the proxy
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "clientline_session"
SESSION_COOKIE_AGE = 30 * 24 * 3600  # at most; unused, a session ends earlier
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "clientline.web.error_pages.csrf_failed"
# RequestMiddleware sets these headers with all others that every answer has: not twice, and said in one place.
SECURE_CONTENT_TYPE_NOSNIFF = False
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.caller_authentication.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["organizations.permissions.PolicyPermission"],
    "DEFAULT_PARSER_CLASSES": ["clientline.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["clientline.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "clientline.api.renderers.AlwaysJSON",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_PAGINATION_CLASS": "clientline.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["clientline.api.filters.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "clientline.api.schema.ClientLineSchema",
    "EXCEPTION_HANDLER": "clientline.api.problems.handle_problem",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

SPECTACULAR_SETTINGS = {
    "TITLE": "ClientLine",
    "DESCRIPTION": "Appointments and clients of many organizations. Sign in at `/auth/login`, "
    "then send `Authorization: Bearer <token>`.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "DEFAULT_GENERATOR_CLASS": "clientline.api.document.KeptDocument",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "format": "int64", "minimum": 1}},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # Every one is named here. Else a second enum of the same column would rename the first in generated clients.
    "ENUM_NAME_OVERRIDES": {
        "Side": "appointments.models.Side",
        "AppointmentStatus": "appointments.models.Appointment.Status",
        "PaymentStatus": "payments.models.Payment.Status",
        "MessageKind": "clientline.reach.messages.models.Message.Kind",
        "MessageChannel": "clientline.reach.messages.models.Channel",
        "MessageState": "clientline.reach.messages.models.Message.State",
        "TokenScope": "organizations.policy.TOKEN_SCOPES",
        "MovedTogether": "appointments.serializers.MOVED_TOGETHER",
        "ChangeSource": "organizations.models.Audit.Source",
        "ComingVisits": ["keep_local", "keep_instant"],
        "CorrectedStatus": ["completed", "no_show"],
        "DeliveryState": "clientline.reach.webhooks.models.WebhookDelivery.State",
        "EventType": "clientline.reach.webhooks.models.TYPES",
        "FeedDetail": "clientline.reach.calendars.models.Feed.Detail",
        "FileState": ["waiting", "writing", "ready", "failed"],
        "ListName": "clientline.reach.files.lists.LISTS",
        "OfferedLanguage": "clientline.languages.OFFERED",
        "OnConflict": ["fail", "skip"],
        "PaymentMethod": "payments.models.Payment.Method",
        "RecordingStatus": ["pending", "completed"],
        "RefundStatus": "payments.models.Refund.Status",
        "Role": "accounts.models.User.Role",
        "SecondWeek": "appointments.models.SECOND_WEEKS",
        "SignInKind": "accounts.sign_ins.KINDS",
        "WebhookDisabledReason": "clientline.reach.webhooks.models.WebhookEndpoint.Why",
        "Weekday": "appointments.models.Weekday",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "clientline.api.schema.complete_document",
        "clientline.reach.webhooks.document.add_webhooks",
    ],
}

SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # RequestMiddleware sets the headers that these three miss
    "security.W006",
    "security.W022",
    "axes.W002",  # the views answer for a lockout themselves, without axes' middleware
    "security.W005",  # other hosts of the domain are not ours to bind to HTTPS
    "security.W021",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "clientline.web.logs.TextFormatter"},
        "json": {"()": "clientline.web.logs.JSONFormatter"},
    },
    "filters": {"once": {"()": "clientline.web.logs.Once"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.request": {"level": "ERROR", "filters": ["once"]},
        "clientline.requests": {"level": "INFO"},
        "axes": {"level": "ERROR"},  # tells of each failure in several lines
    },
}
