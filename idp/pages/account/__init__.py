"""The citizen's own pages: who they are, how they sign in, where they are signed in, who was told what."""

from idp.pages.account import (
    backup_codes,
    code_app_page,
    email,
    entrance,
    history,
    home,
    name,
    passkeys,
    password,
    services_used,
    sessions,
)

PAGES = (
    backup_codes,
    code_app_page,
    email,
    entrance,
    history,
    home,
    name,
    passkeys,
    password,
    services_used,
    sessions,
)
"""Every module with a blueprint, for the application to mount."""
