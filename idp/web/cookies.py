"""Our cookies: `__Host-` on https, HttpOnly, SameSite=Lax, whole site. Plain names on loopback http alone.

They are set and deleted when the answer leaves, and only if the request's work was committed: a cookie
never tells of something that was not stored.
"""

from datetime import timedelta

from flask import Response, after_this_request, g, request

from idp.web.services import services


def read(name: str) -> str | None:
    """Return the value of one of our cookies as this request carried it, or None."""
    return request.cookies.get(_full(name))


def named(prefix: str) -> dict[str, str]:
    """Return the cookies whose name begins with `prefix`, by the rest of their names."""
    full = _full(prefix)
    return {name[len(full) :]: value for name, value in request.cookies.items() if name.startswith(full)}


def keep(name: str, value: str, lifetime: timedelta | None = None, *, stored: bool = True) -> None:
    """Let the browser keep `value`, until it is closed if no lifetime is given.

    `stored`: the value stands for something this request wrote to the database.
    """

    @after_this_request
    def set_cookie(response: Response) -> Response:
        if not stored or g.get("committed"):
            response.set_cookie(
                _full(name),
                value,
                max_age=lifetime,
                path="/",
                secure=_secure(),
                httponly=True,
                samesite="Lax",
            )
        return response


def drop(name: str, *, stored: bool = True) -> None:
    """Let the browser forget a cookie; `stored` as for `keep`, so that an end that failed can be tried again."""

    @after_this_request
    def delete_cookie(response: Response) -> Response:
        if not stored or g.get("committed"):
            response.delete_cookie(_full(name), path="/", secure=_secure(), httponly=True, samesite="Lax")
        return response


def _secure() -> bool:
    return services().secure


def _full(name: str) -> str:
    return f"__Host-{name}" if _secure() else name
