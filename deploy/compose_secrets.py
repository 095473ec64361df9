"""Draws what docker-compose.yml asks for and prints it as an environment file: ``make .env``."""

import secrets

PASSWORDS = (
    "TANDEM_POSTGRES_PASSWORD",
    "TANDEM_NATS_PASSWORD",
    *(
        f"TANDEM_{service}{role}_PASSWORD"
        for service in ("GATEWAY", "PLANNING", "COORDINATION", "REPORTING")
        for role in ("", "_OWNER")
    ),
)
KEYS = ("TANDEM_INTERNAL_KEYS", "TANDEM_CURSOR_KEY")


def environment_file() -> str:
    """Lines NAME=value with fresh secrets. The letter in front keeps the log server from reading a password as a number."""
    drawn = [f"{name}=k{secrets.token_hex(32)}" for name in (*PASSWORDS, *KEYS)]
    # Mail is written to files until a mail server is named, as in smtp://user:password@mail.example.org:587
    return "\n".join([*drawn, "TANDEM_MAIL_URL=outbox:///var/lib/tandem/outbox", ""])


if __name__ == "__main__":
    print(environment_file(), end="")
