"""Pages travel compressed: a third of their length, on lines where that is felt.

What a page repeats of a request could be used to guess, by the compressed length, a secret beside it. The only
such secret, the token of its forms, is masked anew in every answer (`idp.web.csrf`).
"""

import gzip

from flask import Flask, Response, request

LEVEL = 6
SHORTEST = 1_000
"""Bytes below which nothing is gained."""


def install(app: Flask) -> None:
    """Compress the pages of `app` for who can read that."""
    app.after_request(_compress)


def _compress(answer: Response) -> Response:
    if (answer.calculate_content_length() or 0) < SHORTEST or answer.mimetype != "text/html":
        return answer
    if "Content-Encoding" in answer.headers:
        return answer
    answer.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        answer.set_data(gzip.compress(answer.get_data(), LEVEL, mtime=0))
        answer.headers["Content-Encoding"] = "gzip"
    return answer
