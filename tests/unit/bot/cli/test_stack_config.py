"""The settings and environments that `up` gives to the processes."""

from __future__ import annotations

from pathlib import Path

from bot.cli.stack_config import complete_settings, has_sandbox, process_specs, stack_environment
from bot.settings import Settings

NO_FILE = Path("no-such-file.env")
BACKEND = {"AUTH_BACKEND_URL": "https://backend.example", "AUTH_BACKEND_TOKEN": "theirs"}


def read(**environ: str) -> Settings:
    return Settings.read(environ, NO_FILE)


def test_secrets_are_new_for_each_run() -> None:
    one, other = complete_settings(read()), complete_settings(read())
    for name in ("internal_token", "vault_key", "auth_backend_token", "auth_backend_webhook_secret"):
        assert getattr(one, name)
        assert getattr(one, name) != getattr(other, name)


def test_settings_that_were_set_are_kept() -> None:
    chosen = complete_settings(read(RASA_PORT="5005", INTERNAL_TOKEN="i" * 32, **BACKEND))
    assert (chosen.rasa_port, chosen.internal_token) == (5005, "i" * 32)
    assert (chosen.auth_backend_url, chosen.auth_backend_token) == ("https://backend.example", "theirs")


def test_without_a_backend_the_stack_has_a_sandbox_and_points_to_it() -> None:
    settings = complete_settings(read())
    assert settings.auth_backend_url == f"http://127.0.0.1:{settings.sandbox_port}"
    assert has_sandbox(read())
    assert [spec.name for spec in process_specs({}, sandbox=True)] == [
        "sandbox",
        "actions",
        "rasa",
        "gateway",
    ]


def test_with_a_backend_there_is_no_sandbox() -> None:
    assert not has_sandbox(read(**BACKEND))
    # Only that backend knows its secret, so none is generated.
    assert complete_settings(read(**BACKEND)).auth_backend_webhook_secret == ""
    assert [spec.name for spec in process_specs({}, sandbox=False)] == ["actions", "rasa", "gateway"]


def test_the_gateway_accepts_the_environment_that_it_is_given() -> None:
    settings = complete_settings(read(PUBLIC_URL="https://help.example.com", STATE_DIR="/data"))
    env = stack_environment(settings, "m.tar.gz", {"SANDBOX_CONTROLS": "on", "RASA_PORT": "1"})
    assert Settings.read(env, NO_FILE).in_stack() == settings
    assert (env["SANDBOX_CONTROLS"], env["MODEL"]) == ("on", "m.tar.gz")


def test_only_rasa_gets_a_single_thread() -> None:
    threads = {spec.name: spec.env.get("OPENBLAS_NUM_THREADS") for spec in process_specs({}, sandbox=True)}
    assert threads == {"sandbox": None, "actions": None, "rasa": "1", "gateway": None}
    assert "secret" not in repr(process_specs({"INTERNAL_TOKEN": "secret"}, sandbox=True))


def test_each_process_gets_only_the_secrets_that_it_needs() -> None:
    secrets = {
        "VAULT_KEY": "v",
        "DATABASE_URL": "d",
        "AUTH_BACKEND_TOKEN": "b",
        "AUTH_BACKEND_WEBHOOK_SECRET": "w",
        "TELEGRAM_BOT_TOKEN": "t",
        "TWILIO_AUTH_TOKEN": "s",
        "INTERNAL_TOKEN": "i",
    }
    told = {
        spec.name: {name for name in secrets if name in spec.env}
        for spec in process_specs(secrets, sandbox=True)
    }
    assert told == {
        "rasa": {"INTERNAL_TOKEN"},
        "actions": {"INTERNAL_TOKEN", "AUTH_BACKEND_TOKEN"},
        "sandbox": {"INTERNAL_TOKEN", "AUTH_BACKEND_TOKEN", "AUTH_BACKEND_WEBHOOK_SECRET"},
        "gateway": {
            "INTERNAL_TOKEN",
            "VAULT_KEY",
            "DATABASE_URL",
            "AUTH_BACKEND_WEBHOOK_SECRET",
            "TELEGRAM_BOT_TOKEN",
            "TWILIO_AUTH_TOKEN",
        },
    }
